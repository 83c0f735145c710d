//! Free disk space.
//!
//! May import `error`. Where the system is not asked, nothing is told. Invariant: space is asked of the folder that will be written to, or of its nearest parent that
//! exists.

#[cfg(unix)]
#[path = "disk/statvfs.rs"]
mod system;
#[cfg(not(unix))]
#[path = "disk/untold.rs"]
mod system;

use std::path::Path;

use crate::error::{Error, Result};

/// Bytes that an ordinary user may still write at `path`, or none if the system does not tell.
pub fn free(path: &Path) -> Option<u64> {
    let existing = path.ancestors().find(|ancestor| ancestor.exists())?;
    Some(system::left(existing)?.0)
}

/// Whether next to nothing can be written at `path`, in bytes or in files. Programs that start others do not always pass
/// on why those failed: Python's `venv` keeps to itself what its `ensurepip` said.
pub fn is_full(path: &Path) -> bool {
    system::left(path)
        .is_some_and(|(bytes, files)| bytes < 1_000_000 || files.is_some_and(|files| files < 10))
}

/// Whether two places, or their nearest parents that exist, lie on one disk.
pub fn is_shared(one: &Path, other: &Path) -> bool {
    let device = |path: &Path| path.ancestors().find_map(system::device);
    device(one) == device(other)
}

/// Makes sure that `needed` bytes can be written at `path`, before anything is.
///
/// # Errors
/// `Machine`, saying how much there is and how much is needed. Space that cannot be told is no error.
pub fn require(path: &Path, needed: u64, what: &str) -> Result<()> {
    match free(path) {
        Some(free) => enough(free, path, needed, what),
        None => Ok(()),
    }
}

fn enough(free: u64, path: &Path, needed: u64, what: &str) -> Result<()> {
    if free >= needed {
        return Ok(());
    }
    Err(Error::machine(format!(
        "{what} needs {} free in `{}`, and there are {}",
        megabytes(needed),
        path.display(),
        megabytes(free)
    ))
    .hint(format!("free some space or work on another disk: `df -h {}`", path.display())))
}

/// A size for people.
pub fn megabytes(bytes: u64) -> String {
    match bytes / 1_000_000 {
        count @ 10_000.. => format!("{} GB", count / 1000),
        count => format!("{count} MB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_is_told_for_a_folder_that_does_not_exist_yet() {
        assert!(free(Path::new("/no/such/folder/yet")).is_some_and(|bytes| bytes > 0));
    }

    #[test]
    fn too_little_space_is_said_in_figures() {
        let error = enough(120_000_000, Path::new("/p"), 800_000_000, "the environment").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment needs 800 MB free in `/p`, and there are 120 MB\n\
             hint: free some space or work on another disk: `df -h /p`"
        );
        assert_eq!(error.kind().exit_code(), 3);
        assert!(enough(800_000_000, Path::new("/p"), 800_000_000, "it").is_ok());
        assert!(require(Path::new("/"), u64::MAX, "everything").is_err());
    }
}
