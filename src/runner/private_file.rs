//! Files that only their owner may read, written whole or not at all.
//!
//! May import `error` and `ownership`. Invariant: whoever is killed while writing leaves the file as it was before.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::ownership::ForOwner;

/// Makes a folder that only its owner may enter.
pub fn make_folder(path: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).for_owner().create(path);
    made.map_err(|error| Error::io("create", path, error))
}

/// Puts `text` in the place of the file, and returns once it is on the disk. One writer at a time.
pub fn write(path: &Path, text: &[u8]) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let written = || {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).for_owner().open(&new)?;
        file.write_all(text)?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    };
    written().map_err(|error| Error::io("write", path, error))
}

/// Opens a file to write on at its end.
#[cfg(unix)]
pub fn append(path: &Path) -> Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).for_owner().open(path).map_err(|error| Error::io("open", path, error))
}

/// Removes a file that may not be there.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path, error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_private_and_never_half_of_one() {
        let folder = tempfile::tempdir().unwrap();
        let private = folder.path().join("a/b");
        make_folder(&private).unwrap();
        let file = private.join("x.json");
        write(&file, b"first").unwrap();
        write(&file, b"2").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&private), mode(&file)), (0o700, 0o600));
        assert_eq!(std::fs::read(&file).unwrap(), b"2");
        assert_eq!(std::fs::read_dir(&private).unwrap().count(), 1);
        remove(&file).unwrap();
        remove(&file).unwrap();
    }
}
