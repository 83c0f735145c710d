//! What a localnet is made from, and where it keeps its files.
//!
//! May import `error`. Invariant: the supervisor learns everything from one private file, so nothing of it shows in a
//! process list.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::localnet::ContentMode;
use crate::localnet::mirror::Content;

/// What to start.
#[derive(Clone, Debug, Default)]
pub struct UpConfig {
    /// The private directory for state, logs and keys; created with mode 0700.
    pub dir: PathBuf,
    /// The project, if there is one; it stays visible in the sandbox.
    pub project: Option<PathBuf>,
    /// The virtual environment with ray-on-golem, see [`crate::localnet::find_venv`].
    pub venv: Option<PathBuf>,
    /// Providers in place of the built-in ones.
    pub providers: Option<PathBuf>,
    /// Faults in addition to the providers' file's, as `--fault` has them.
    pub faults: Vec<String>,
    /// Where downloads come from.
    pub content: ContentMode,
    /// Whether the localnet ends with the calling process.
    pub lifeline: bool,
}

/// What the keeper and the supervisor read from `D/sandbox.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SandboxConfig {
    /// The localnet's directory.
    pub dir: PathBuf,
    /// The project, if there is one.
    pub project: Option<PathBuf>,
    /// The virtual environment with ray-on-golem.
    pub venv: PathBuf,
    /// Providers in place of the built-in ones.
    pub providers: Option<PathBuf>,
    /// Faults in addition to the providers' file's.
    #[serde(default)]
    pub faults: Vec<String>,
    /// Where downloads come from; never `auto`, which is decided before the sandbox is made.
    pub content: ContentMode,
    /// This program's file.
    pub program: PathBuf,
    /// The working directory of `up`, kept visible.
    pub working_dir: PathBuf,
}

impl SandboxConfig {
    /// Reads it from the localnet's directory.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join("sandbox.json");
        let text = fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
        serde_json::from_slice(&text)
            .map_err(|e| Error::internal(format!("failed to read `{}`: {e}", path.display())).caused_by(e))
    }

    /// Writes it to the localnet's directory.
    pub fn write(&self) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|e| Error::internal(format!("failed to write `sandbox.json`: {e}")))?;
        write_private(&self.dir.join("sandbox.json"), &text)
    }

    /// Where downloads come from, decided.
    pub fn content(&self) -> Content {
        match self.content {
            ContentMode::Live => Content::Live,
            ContentMode::Mirror | ContentMode::Auto => Content::Mirror,
        }
    }

    /// The bundle of certificate authorities that nodes and the requestor's commands trust.
    pub fn ca_bundle(&self) -> PathBuf {
        self.dir.join("ca").join("ca-bundle.pem")
    }
}

/// Creates a directory that only its owner may enter.
pub fn create_private_dir(path: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|e| Error::io("create directory", path, e))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
        .map_err(|e| Error::io("protect directory", path, e))
}

/// Opens an empty file that only its owner may read, also if it was there before.
pub fn create_private(path: &Path) -> Result<fs::File> {
    let create = || {
        let mut options = fs::OpenOptions::new();
        // Appending, so that a log that was emptied goes on at its beginning.
        options.write(true).create(true).truncate(true).mode(0o600).custom_flags(nix::libc::O_APPEND);
        let file = options.open(path)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        Ok(file)
    };
    create().map_err(|e| Error::io("create", path, e))
}

/// Writes a file that only its owner may read, whole or not at all.
pub fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let write = || {
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        std::io::Write::write_all(&mut file, content)?;
        fs::rename(&new, path)
    };
    write().map_err(|e| Error::io("write", path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_directories_are_private() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("x/y");
        create_private_dir(&dir).unwrap();
        write_private(&dir.join("key"), b"secret").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&dir.join("key"))), (0o700, 0o600));
        assert_eq!(fs::read(dir.join("key")).unwrap(), b"secret");
        fs::write(dir.join("log"), "old").unwrap();
        fs::set_permissions(dir.join("log"), fs::Permissions::from_mode(0o644)).unwrap();
        create_private(&dir.join("log")).unwrap();
        assert_eq!((mode(&dir.join("log")), fs::read(dir.join("log")).unwrap()), (0o600, Vec::new()));
    }
}
