//! Where on the disk a secret stands, and what others than its owner may read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// As every private key in PEM begins, and after its kind: `-----BEGIN OPENSSH PRIVATE KEY-----`.
pub const PRIVATE_KEY: &str = "PRIVATE KEY-----";

/// Every file below a folder; links are not followed. One that goes meanwhile is none.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

/// The files below a folder that hold one of these texts, also zipped.
pub fn holders(folder: &Path, secrets: &[&str]) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|path| secrets.iter().any(|secret| holds(path, secret))).collect()
}

fn holds(path: &Path, secret: &str) -> bool {
    let content = if path.extension().is_some_and(|kind| kind == "gz") {
        Command::new("gzip").arg("-dc").arg(path).output().unwrap().stdout
    } else {
        // A file that went meanwhile holds nothing.
        fs::read(path).unwrap_or_default()
    };
    assert!(!secret.is_empty());
    content.windows(secret.len()).any(|piece| piece == secret.as_bytes())
}

/// Folders are 0700 and files 0600 in a localnet's directory. Its `home` is left out: there others' programs write, who
/// choose the modes themselves.
pub fn assert_private(dir: &Path) {
    assert_eq!(mode(dir), 0o700, "`{}`", dir.display());
    // Shown in the sandbox's /etc, where every user of the sandbox has to read them; they are public.
    let public = ["hosts", "resolv.conf"].map(|name| dir.join("etc").join(name));
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let folder = entry.file_type().unwrap().is_dir();
        assert!(!folder || mode(&entry.path()) == 0o700, "`{}`", entry.path().display());
    }
    let own = files(dir).into_iter().filter(|path| !path.starts_with(dir.join("home")));
    for path in own.filter(|path| !public.contains(path)) {
        assert_eq!(mode(&path), 0o600, "`{}`", path.display());
    }
}

/// The permissions of a file or folder.
pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_secret_is_found_in_a_zipped_file_too() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("below")).unwrap();
    let log = folder.path().join("below/webserver.log");
    fs::write(&log, "Bearer s3cret").unwrap();
    assert!(Command::new("gzip").arg(&log).status().unwrap().success());
    assert_eq!(holders(folder.path(), &["s3cret"]), [folder.path().join("below/webserver.log.gz")]);
    assert_eq!(holders(folder.path(), &["other"]), Vec::<PathBuf>::new());
}
