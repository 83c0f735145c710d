//! The folder beside the target that a project is made in, and the ones that a kill left behind.
//!
//! May import `error`. Invariant: a workshop is locked as long as its maker lives, so that only abandoned ones are removed.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::error::{Error, Result};

const PREFIX: &str = ".golem-outbound-new-";
/// Between its making and its locking a workshop looks abandoned; for so long it is given the benefit of the doubt.
const YOUTH: Duration = Duration::from_secs(5);
/// Nobody takes longer. By this alone it is told where a folder cannot be opened and locked.
const AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder that goes with this value, and whose lock the system takes back however we end.
pub struct Workshop {
    /// The folder.
    pub folder: TempDir,
    _lock: Option<File>,
}

impl Workshop {
    /// Makes one, after removing those that nobody works in any more.
    pub fn open_in(parent: &Path) -> Result<Self> {
        clean(parent);
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(parent)
            .map_err(|cause| Error::io("create a folder in", parent, cause))?;
        let lock = cfg!(unix).then(|| hold(folder.path())).transpose()?;
        Ok(Self { folder, _lock: lock })
    }
}

fn hold(folder: &Path) -> Result<File> {
    let lock = File::open(folder).map_err(|cause| Error::io("open", folder, cause))?;
    lock.lock().map_err(|cause| Error::io("lock", folder, cause))?;
    Ok(lock)
}

/// Whatever cannot be removed here is somebody else's, and none of our business.
fn clean(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        if ours && abandoned(&entry.path()).unwrap_or(false) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn abandoned(folder: &Path) -> std::io::Result<bool> {
    if !cfg!(unix) {
        return Ok(fs::metadata(folder)?.modified()?.elapsed().is_ok_and(|age| age > AGE));
    }
    let opened = File::open(folder)?;
    let young = opened.metadata()?.modified()?.elapsed().is_ok_and(|age| age < YOUTH);
    Ok(!young && opened.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    fn age(folder: &Path) {
        File::open(folder).unwrap().set_modified(SystemTime::now() - 2 * YOUTH).unwrap();
    }

    #[test]
    fn what_a_kill_left_behind_goes_with_the_next_project() {
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join(".golem-outbound-new-abc");
        fs::create_dir_all(left.join("out/x")).unwrap();
        age(&left);
        drop(Workshop::open_in(parent.path()).unwrap());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_workshop_in_use_and_a_young_one_stay() {
        let parent = tempfile::tempdir().unwrap();
        let used = Workshop::open_in(parent.path()).unwrap();
        age(used.folder.path());
        let young = parent.path().join(".golem-outbound-new-young");
        fs::create_dir(&young).unwrap();
        let _next = Workshop::open_in(parent.path()).unwrap();
        assert!(used.folder.path().exists() && young.exists());
    }
}
