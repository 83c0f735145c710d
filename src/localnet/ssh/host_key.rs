//! The host key: made once, kept in a private file.
//!
//! Invariant: the key's file is never readable by anyone else, not even while it is being written.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use russh::keys::PrivateKey;
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::Ed25519Keypair;

/// The name that sshd gives it.
const FILE_NAME: &str = "ssh_host_ed25519_key";

/// Reads the host key in `directory`, or makes an Ed25519 key there.
pub fn load_or_create(directory: &Path) -> io::Result<PrivateKey> {
    let path = directory.join(FILE_NAME);
    match fs::read(&path) {
        Ok(text) => PrivateKey::from_openssh(text).map_err(|error| unusable(&path, &error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(directory, &path),
        Err(error) => Err(error),
    }
}

/// Makes a key from 32 bytes of the kernel's randomness and writes it with mode 0600.
fn create(directory: &Path, path: &Path) -> io::Result<PrivateKey> {
    let mut seed = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut seed)?;
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&seed));
    let text = key.to_openssh(LineEnding::LF).map_err(|error| unusable(path, &error))?;
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(key)
}

/// The error of a key that cannot be parsed or written down.
fn unusable(path: &Path, cause: &russh::keys::ssh_key::Error) -> io::Error {
    let message = format!("failed to use the host key `{}`: {cause}", path.display());
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_host_key_is_made_once_and_is_private() {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().join("ssh");
        let first = load_or_create(&home).unwrap();
        let second = load_or_create(&home).unwrap();
        assert_eq!(first.public_key().key_data(), second.public_key().key_data());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&home.join(FILE_NAME)), 0o600);
        assert_eq!(mode(&home), 0o700);
    }

    #[test]
    fn a_broken_host_key_is_an_error_and_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        fs::write(&path, "nonsense").unwrap();
        let error = load_or_create(directory.path()).unwrap_err();
        assert!(error.to_string().starts_with("failed to use the host key"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"nonsense");
    }
}
