//! The sandbox: the requestor's machine of the localnet, as namespaces under one user namespace.
//!
//! May import `error`. Invariant: whatever is mounted, bound or started here lives in namespaces alone, and ends with
//! the sandbox's init; nothing of it is ever seen by the machine.

pub mod config;
mod end;
pub mod enter;
pub mod environment;
pub mod init;
pub mod inspect;
pub mod keeper;
pub mod lifecycle;
pub mod lifeline;
pub mod logs;
pub mod mounts;
pub mod namespaces;
pub mod ray_nodes;
pub mod start;
pub mod state;
pub mod status;
pub mod support;

use std::path::Path;

use crate::error::Error;

pub use crate::exec::inherited::inherited;

/// The program's own image, also when its file was replaced or is hidden by a mount.
pub const OWN_IMAGE: &str = "/proc/self/exe";

/// An error of a system call, in the house's words.
pub fn os_error(doing: &str, object: impl AsRef<Path>, errno: nix::errno::Errno) -> Error {
    Error::io(doing, object, errno.into())
}
