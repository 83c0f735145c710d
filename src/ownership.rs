//! Whose a file is, and what others may do with it.
//!
//! May import nothing of the house. The one place that knows of a file's mode, which only Unix has: elsewhere a new file has
//! the access list of its folder, and whatever is asked here about others is answered by that they do nothing. Invariant: on
//! Unix, what is made for its owner is so from its first moment.

#[cfg(unix)]
#[path = "ownership/by_mode.rs"]
mod system;
#[cfg(not(unix))]
#[path = "ownership/by_folder.rs"]
mod system;

pub use system::{
    close_to_others, is_executable, is_ours, is_reachable_by_others, is_writable_by_others, keep_owner,
    of_new_file, we_are_root,
};

/// The variable that names the folder of this process's user.
pub const HOME: &str = if cfg!(windows) { "USERPROFILE" } else { "HOME" };

/// What is about to be made will be readable, writable and enterable by its owner alone.
pub trait ForOwner {
    /// Files get mode 0600, folders 0700. What is there already keeps its mode.
    fn for_owner(&mut self) -> &mut Self;
}

/// A file that is about to be made.
pub trait Runnable {
    /// Whether it may be run; the process's umask takes from the mode what it takes from every new file.
    fn runnable(&mut self, is_runnable: bool) -> &mut Self;
}
