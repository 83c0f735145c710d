//! Descriptors that a process is born with.
//!
//! May import `error`.

use std::os::fd::{FromRawFd, OwnedFd};

use crate::error::{Error, Result};

/// Takes over a descriptor that this process was born with.
///
/// # Errors
/// It is not open.
pub fn inherited(descriptor: i32) -> Result<OwnedFd> {
    // SAFETY: our own further processes are started with their descriptors at fixed or named numbers, each is taken over
    // once, at the start of the process, and `fcntl` shows that it is open.
    unsafe {
        if nix::libc::fcntl(descriptor, nix::libc::F_SETFD, nix::libc::FD_CLOEXEC) < 0 {
            return Err(Error::internal(format!("failed to take over descriptor `{descriptor}`: not open")));
        }
        Ok(OwnedFd::from_raw_fd(descriptor))
    }
}
