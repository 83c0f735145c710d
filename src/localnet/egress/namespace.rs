//! Work inside another network namespace, and the programs that are run there.
//!
//! May import nothing of the house. Invariant: the calling thread never changes its own namespace.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use nix::sched::{CloneFlags, setns, unshare};

/// A new network namespace, which ends with the last of its descriptors and sockets.
pub fn new() -> io::Result<OwnedFd> {
    std::thread::scope(|scope| {
        let made = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            Ok(File::open("/proc/thread-self/ns/net")?.into())
        });
        made.join().unwrap_or_else(|_| Err(io::Error::other("the thread for a namespace panicked")))
    })
}

/// Runs `work` in the network namespace `netns`, on a thread that ends with it. Sockets and child processes made by
/// `work` belong to that namespace for their whole life, wherever they are used afterwards.
pub fn inside<T: Send>(netns: &OwnedFd, work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        let entered = scope.spawn(move || {
            setns(netns.as_fd(), CloneFlags::CLONE_NEWNET)?;
            work()
        });
        entered.join().unwrap_or_else(|_| Err(io::Error::other("the thread in the namespace panicked")))
    })
}

/// Runs a program of the system's administration with `input` on its stdin, in this thread's namespace. Gives what it
/// said on stdout.
///
/// # Errors
/// `NotFound` if the program is missing; else what it said on stderr.
pub fn administer(program: &str, arguments: &[&str], input: &str) -> io::Result<String> {
    let path = find(program)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("`{program}` is not installed")))?;
    let mut child = Command::new(path)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends before it has read everything says why on stderr; that is the error to show.
        let _ = stdin.write_all(input.as_bytes());
    }
    // Nothing that is run here says more than a pipe holds, so one after the other is enough.
    let (mut told, mut said) = (String::new(), String::new());
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut told)?;
    }
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut said)?;
    }
    let ended_well = match child.wait() {
        Ok(status) => status.success(),
        // The init of a process namespace reaps every child; then its words alone tell how the program ended.
        Err(error) if error.raw_os_error() == Some(nix::libc::ECHILD) => said.is_empty(),
        Err(error) => return Err(error),
    };
    if ended_well { Ok(told) } else { Err(io::Error::other(format!("`{program}` failed: {}", said.trim()))) }
}

/// Finds a program on PATH or where administration's programs live, which an ordinary user's PATH often lacks.
fn find(program: &str) -> Option<PathBuf> {
    let mut paths = std::env::var_os("PATH").unwrap_or_default();
    paths.push(OsString::from(":/usr/local/sbin:/usr/sbin:/sbin"));
    which::which_in(program, Some(paths), "/").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_says_why() {
        assert_eq!(administer("sh", &["-s"], "echo up; exit 0\n").unwrap(), "up\n");
        let error = administer("sh", &["-s"], "echo no such device >&2; exit 2\n").unwrap_err();
        assert_eq!(error.to_string(), "`sh` failed: no such device");
        let error = administer("no-such-program", &[], "").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
