//! What is left of modes where a new file has the access list of its folder.
//!
//! May import nothing of the house. Invariant: nothing is refused for a mode that there is not.

use std::fs::{DirBuilder, Metadata, OpenOptions, Permissions};
use std::path::Path;

use super::{ForOwner, Runnable};

impl ForOwner for OpenOptions {
    fn for_owner(&mut self) -> &mut Self {
        self
    }
}

impl ForOwner for DirBuilder {
    fn for_owner(&mut self) -> &mut Self {
        self
    }
}

impl Runnable for OpenOptions {
    fn runnable(&mut self, _: bool) -> &mut Self {
        self
    }
}

/// None: a new file has what its folder gives it.
pub fn of_new_file(_: bool) -> Option<Permissions> {
    None
}

/// Nothing to do: the folder lies in one of the user's own.
///
/// # Errors
/// Never.
pub fn close_to_others(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// No file is marked as one.
pub fn is_executable(_: &Metadata) -> bool {
    false
}

/// Cannot be told; the localnet's nodes, whom it concerns, are not here.
pub fn is_reachable_by_others(_: &Metadata) -> bool {
    true
}

/// Cannot be told from the metadata.
pub fn is_writable_by_others(_: &Metadata) -> bool {
    false
}

/// Cannot be told from the metadata.
pub fn is_ours(_: &Metadata) -> bool {
    true
}

/// Nothing to do: owners are not changed.
pub fn keep_owner(_: &Path, _: &Metadata) {}

/// There is no such user.
pub fn we_are_root() -> bool {
    false
}
