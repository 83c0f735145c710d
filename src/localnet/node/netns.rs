//! Work in another network namespace, done by a thread that goes there and ends.
//!
//! May import `error`. Invariant: no thread of the runtime ever changes its namespace.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sched::{CloneFlags, setns, unshare};

use crate::error::{Error, Result};
use crate::localnet::sandbox::os_error;

/// A new network namespace; it lives as long as the descriptor.
pub fn create() -> Result<OwnedFd> {
    in_thread(|| {
        unshare(CloneFlags::CLONE_NEWNET)
            .map_err(|errno| os_error("unshare", "a network namespace", errno))?;
        open(Path::new("/proc/thread-self/ns/net"))
    })
}

/// The network namespace of a process: `/proc/PID/ns/net`.
pub fn open(path: &Path) -> Result<OwnedFd> {
    std::fs::File::open(path).map(OwnedFd::from).map_err(|e| Error::io("open", path, e))
}

/// Calls `work` in the namespace. Sockets made there stay there; so do child processes. Blocks.
pub fn within<T: Send>(namespace: &OwnedFd, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    in_thread(|| {
        setns(namespace.as_fd(), CloneFlags::CLONE_NEWNET)
            .map_err(|errno| os_error("enter", "a network namespace", errno))?;
        work()
    })
}

fn in_thread<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("netns".into()).spawn_scoped(scope, work);
        let thread = thread.map_err(|e| Error::internal(format!("failed to start a thread: {e}")))?;
        thread.join().unwrap_or_else(|_| Err(Error::internal("a thread in a network namespace panicked")))
    })
}

/// Runs `ip` in the caller's network namespace.
pub fn ip(arguments: &[&str]) -> Result<()> {
    let shown = || format!("ip {}", arguments.join(" "));
    let output = Command::new("ip").args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|e| Error::io("run", shown(), e))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::machine(format!("failed to run `{}`: {}", shown(), said.trim())))
}
