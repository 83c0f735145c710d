//! One walk of a project at a time.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// Held for as long as a walk lasts; the kernel lets go of it with the process, however that ends.
#[derive(Debug)]
pub struct ProjectLock {
    _file: nix::fcntl::Flock<File>,
}

impl ProjectLock {
    /// Takes `.golem-outbound/lock` of the project.
    ///
    /// # Errors
    /// Another walk has it, named with its process id; or the folder cannot be written.
    pub fn take(project: &Path) -> Result<Self> {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

        let folder = project.join(".golem-outbound");
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|error| Error::io("create", &folder, error))?;
        let path = folder.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| Error::io("open", &path, error))?;
        let mut holder = String::new();
        // Only for the message; a lock that cannot be read is still a lock.
        let _ = file.read_to_string(&mut holder);
        match nix::fcntl::Flock::lock(file, nix::fcntl::FlockArg::LockExclusiveNonblock) {
            Ok(mut file) => {
                let written = file
                    .set_len(0)
                    .and_then(|()| file.rewind())
                    .and_then(|()| write!(file, "{}", std::process::id()));
                written.map_err(|error| Error::io("write", &path, error))?;
                Ok(Self { _file: file })
            }
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => Err(Error::usage(format!(
                "another walk of `{}` is going on, in process {}",
                project.display(),
                if holder.trim().is_empty() { "unknown" } else { holder.trim() },
            ))
            .hint("wait for it to end, or press Ctrl-C in its terminal; it then takes its cluster down")),
            Err((_, errno)) => Err(Error::io("lock", &path, errno.into())),
        }
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
