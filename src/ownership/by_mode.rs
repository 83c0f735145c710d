//! Modes and owners, as Unix has them.
//!
//! May import nothing of the house. Invariant: `Metadata` is asked, never a path that may be another file by then.

use std::fs::{DirBuilder, Metadata, OpenOptions, Permissions, set_permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;

use super::{ForOwner, Runnable};

impl ForOwner for OpenOptions {
    fn for_owner(&mut self) -> &mut Self {
        self.mode(0o600)
    }
}

impl ForOwner for DirBuilder {
    fn for_owner(&mut self) -> &mut Self {
        self.mode(0o700)
    }
}

impl Runnable for OpenOptions {
    fn runnable(&mut self, is_runnable: bool) -> &mut Self {
        self.mode(if is_runnable { 0o777 } else { 0o666 })
    }
}

/// What a new file beside others may be, for those who make it under another name first; none where it has no mode.
pub fn of_new_file(for_owner: bool) -> Option<Permissions> {
    Some(Permissions::from_mode(if for_owner { 0o600 } else { 0o666 }))
}

/// Lets nobody else enter a folder that is there.
///
/// # Errors
/// It is not ours.
pub fn close_to_others(folder: &Path) -> std::io::Result<()> {
    set_permissions(folder, Permissions::from_mode(0o700))
}

/// Whether its owner may run it.
pub fn is_executable(file: &Metadata) -> bool {
    file.mode() & 0o100 != 0
}

/// Whether every user may enter or run it.
pub fn is_reachable_by_others(place: &Metadata) -> bool {
    place.mode() & 0o001 != 0
}

/// Whether its group or others may write it.
pub fn is_writable_by_others(file: &Metadata) -> bool {
    file.mode() & 0o022 != 0
}

/// Whether it belongs to the user of this process.
pub fn is_ours(file: &Metadata) -> bool {
    file.uid() == nix::unistd::geteuid().as_raw()
}

/// Gives a new file to the owner of the one whose place it takes. Only root can; for everybody else the owner is the same
/// already.
pub fn keep_owner(new: &Path, old: &Metadata) {
    let _ = chown(new, Some(old.uid()), Some(old.gid()));
}

/// Whether this process may do what it likes.
pub fn we_are_root() -> bool {
    nix::unistd::geteuid().is_root()
}
