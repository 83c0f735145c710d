//! Lifelines: a pipe whose writing end is held by a process; whoever watches the reading end ends with it.
//!
//! May import nothing of the house. Invariant: a lifeline carries no bytes; its end is the message.

use std::io::Read;
use std::os::fd::OwnedFd;

/// Ends this process at once when the lifeline's holder is gone. A thread, so that it works whatever the rest does.
pub fn watch(lifeline: OwnedFd) -> std::io::Result<()> {
    std::thread::Builder::new().name("lifeline".into()).spawn(move || {
        wait(lifeline);
        // SAFETY: _exit(2) ends the process without running anything of it; what it holds lives in namespaces that
        // the kernel takes down.
        unsafe { nix::libc::_exit(0) }
    })?;
    Ok(())
}

fn wait(lifeline: OwnedFd) {
    let mut pipe = std::fs::File::from(lifeline);
    let mut ignored = [0; 64];
    while !matches!(pipe.read(&mut ignored), Ok(0)) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_with_the_holder() {
        let (read, write) = nix::unistd::pipe().unwrap();
        let watcher = std::thread::spawn(move || wait(read));
        nix::unistd::write(&write, b"bytes do not end it").unwrap();
        assert!(!watcher.is_finished());
        drop(write);
        watcher.join().unwrap();
    }
}
