//! Pid 1 of a pid namespace: reaps whatever is orphaned, and ends with the one process that it is there for.
//!
//! May import `error`. Invariant: the reaper never reaps children of others: the runtime that waits for its own
//! children is pid 2, and orphans go to pid 1.

use std::ffi::CStr;

use nix::errno::Errno;
use nix::sys::prctl::set_name;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

use crate::error::{Error, Result};

/// Called as pid 1, single-threaded: returns in a child that process lists show as `main`, while this process, shown
/// as `init`, reaps until that child has ended. The kernel kills everything of the namespace when pid 1 ends.
pub fn divide(main: &CStr) -> Result<()> {
    // SAFETY: the process has one thread, so the child may do anything.
    match unsafe { fork() } {
        Ok(ForkResult::Child) => {
            // A name is for people only; the process works without.
            let _ = set_name(main);
            die_with_parent()
        }
        Ok(ForkResult::Parent { child }) => {
            let _ = set_name(c"init");
            let code = reap_until(child);
            // SAFETY: _exit(2) runs nothing of this process; its buffers belong to the child.
            unsafe { nix::libc::_exit(code) }
        }
        Err(errno) => Err(Error::internal(format!("failed to fork the namespace's main process: {errno}"))),
    }
}

/// Asks the kernel for SIGKILL when the parent ends.
pub fn die_with_parent() -> Result<()> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)
        .map_err(|errno| Error::internal(format!("failed to tie a process to its parent: {errno}")))
}

fn reap_until(main: Pid) -> i32 {
    loop {
        match waitpid(None::<Pid>, None) {
            Ok(status) if status.pid() == Some(main) => return exit_code(status),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return 70,
        }
    }
}

/// What an exit code of [`exit_code`] says, for the log of whoever did not expect the end.
pub fn told(code: i32) -> String {
    match Signal::try_from(code - 128) {
        Ok(Signal::SIGKILL) => {
            "killed by SIGKILL; if nobody did it, the machine was out of memory: see `dmesg`".to_owned()
        }
        Ok(signal) => format!("killed by {signal}"),
        Err(_) => format!("it ended with exit code {code}"),
    }
}

/// The shell's exit code: 128 + n for a signal.
pub fn exit_code(status: WaitStatus) -> i32 {
    match status {
        WaitStatus::Exited(_, code) => code,
        WaitStatus::Signaled(_, signal, _) => 128 + signal as i32,
        _ => 70,
    }
}
