//! Files that one process holds at a time, and one walk of a project at a time.
//!
//! May import `error` and `ownership`. Invariant: what is held is let go of with the process, however that ends.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::error::{Error, Result};
use crate::ownership::ForOwner;

/// A file that is held.
#[derive(Debug)]
pub struct Held(File);

impl Held {
    /// Takes hold of the file, made for its owner alone if it is not there. None if another process has it; then what it holds
    /// is put into `content`.
    ///
    /// # Errors
    /// It cannot be opened or locked.
    pub fn take(path: &Path, content: &mut String) -> Result<Option<Self>> {
        let mut options = OpenOptions::new();
        let opened = options.read(true).write(true).create(true).truncate(false).for_owner().open(path);
        let mut file = opened.map_err(|error| Error::io("open", path, error))?;
        // Only for messages; a lock that cannot be read is still a lock.
        let _ = file.read_to_string(content);
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::io("lock", path, error)),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // A process that is being started may have a copy of the descriptor for a moment.
        let _ = self.0.unlock();
    }
}

/// Held for as long as a walk lasts.
#[derive(Debug)]
pub struct ProjectLock {
    _held: Held,
}

impl ProjectLock {
    /// Takes `.golem-outbound/lock` of the project.
    ///
    /// # Errors
    /// Another walk has it, named with its process id; or the folder cannot be written.
    pub fn take(project: &Path) -> Result<Self> {
        let folder = project.join(".golem-outbound");
        let made = DirBuilder::new().recursive(true).for_owner().create(&folder);
        made.map_err(|error| Error::io("create", &folder, error))?;
        let path = folder.join("lock");
        let mut holder = String::new();
        let Some(mut held) = Held::take(&path, &mut holder)? else {
            return Err(Error::usage(format!(
                "another walk of `{}` is going on, in process {}",
                project.display(),
                if holder.trim().is_empty() { "unknown" } else { holder.trim() },
            ))
            .hint("wait for it to end, or press Ctrl-C in its terminal; it then takes its cluster down"));
        };
        let file = &mut held.0;
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()));
        written.map_err(|error| Error::io("write", &path, error))?;
        Ok(Self { _held: held })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_walk_is_refused_and_the_first_is_named() {
        let project = tempfile::tempdir().unwrap();
        let first = ProjectLock::take(project.path()).unwrap();
        let refused = ProjectLock::take(project.path()).unwrap_err();
        let expected = format!("in process {}", std::process::id());
        assert!(refused.message().ends_with(&expected), "{refused}");
        drop(first);
        ProjectLock::take(project.path()).unwrap();
    }
}
