//! Who may log in: one user, with a key of `authorized_keys`.
//!
//! Invariant: only a line without options counts. Options restrict a key, and a restriction that is not understood
//! must not be dropped.

use std::fs;
use std::path::Path;

use russh::keys::ssh_key::AuthorizedKeys;
use russh::keys::{Algorithm, HashAlg, PublicKey};

/// Whether `key`, used with `algorithm`, opens the door to the owner of `authorized_keys`.
///
/// The file is read anew each time, as sshd does: ray-on-golem writes it after the node has started.
pub fn is_authorized(authorized_keys: &Path, key: &PublicKey, algorithm: &Algorithm) -> bool {
    if !is_accepted(algorithm) {
        return false;
    }
    match fs::read_to_string(authorized_keys) {
        Ok(text) => contains(&text, key),
        Err(error) => {
            tracing::warn!("failed to read `{}`: {error}", authorized_keys.display());
            false
        }
    }
}

/// Ed25519, and RSA with SHA-2; never RSA with SHA-1.
fn is_accepted(algorithm: &Algorithm) -> bool {
    matches!(algorithm, Algorithm::Ed25519 | Algorithm::Rsa { hash: Some(HashAlg::Sha512 | HashAlg::Sha256) })
}

/// Whether a line of the file is this key. Comments differ between the file and the wire, so the key's data is
/// compared and not the whole.
fn contains(authorized_keys: &str, key: &PublicKey) -> bool {
    AuthorizedKeys::new(authorized_keys)
        .flatten()
        .any(|entry| entry.config_opts().is_empty() && entry.public_key().key_data() == key.key_data())
}

#[cfg(test)]
mod tests {
    use russh::keys::ssh_key::private::Ed25519Keypair;

    use super::*;

    fn key(seed: u8) -> PublicKey {
        russh::keys::PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32])).public_key().clone()
    }

    fn line(seed: u8) -> String {
        key(seed).to_openssh().unwrap()
    }

    #[test]
    fn a_listed_key_is_found_whatever_its_comment() {
        let file = format!("# keys\n\n{} somebody@somewhere\n{}\n", line(1), line(2));
        assert!(contains(&file, &key(1)));
        assert!(contains(&file, &key(2)));
        assert!(!contains(&file, &key(3)));
    }

    #[test]
    fn a_broken_line_does_not_hide_the_next() {
        assert!(contains(&format!("ssh-ed25519 AAAA\n{}\n", line(1)), &key(1)));
    }

    #[test]
    fn a_key_with_options_is_refused() {
        assert!(!contains(&format!("command=\"date\" {}\n", line(1)), &key(1)));
    }

    #[test]
    fn sha1_is_refused() {
        assert!(!is_accepted(&Algorithm::Rsa { hash: None }));
        assert!(is_accepted(&Algorithm::Rsa { hash: Some(HashAlg::Sha512) }));
    }

    #[test]
    fn without_a_file_nobody_enters() {
        let directory = tempfile::tempdir().unwrap();
        assert!(!is_authorized(&directory.path().join("none"), &key(1), &Algorithm::Ed25519));
    }
}
