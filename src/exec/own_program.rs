//! This program's file, which its own further processes are started from.
//!
//! May import `error`. Invariant: after an upgrade it is the new file at the old place.

use std::path::PathBuf;

use crate::error::{Error, Result};

/// What the kernel writes behind the path of a program whose file was replaced, as an upgrade does.
const REPLACED: &str = " (deleted)";

/// This program's file; after an upgrade, the new one at its place.
pub fn own_program() -> Result<PathBuf> {
    let program = std::env::current_exe().map_err(|e| Error::io("find", "this program", e))?;
    Ok(in_place_of(program))
}

/// This program as it runs, also when its file was replaced or removed meanwhile: on Linux by the kernel's link, elsewhere by
/// its path.
///
/// # Errors
/// Its path cannot be told.
pub fn own_image() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

fn in_place_of(program: PathBuf) -> PathBuf {
    if program.is_file() {
        return program;
    }
    let successor = program.to_str().and_then(|path| path.strip_suffix(REPLACED)).map(PathBuf::from);
    successor.filter(|path| path.is_file()).unwrap_or(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_an_upgrade_the_new_program_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let (program, gone) = (folder.path().join("program"), folder.path().join("program (deleted)"));
        assert_eq!(in_place_of(gone.clone()), gone, "nothing took its place");
        std::fs::write(&program, "").unwrap();
        assert_eq!(in_place_of(gone.clone()), program);
        assert_eq!(in_place_of(program.clone()), program);
        std::fs::write(&gone, "").unwrap();
        assert_eq!(in_place_of(gone.clone()), gone, "a strange name, but its own");
    }

    /// The kernel's own words: the words above are what it really says.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_marks_a_replaced_program_so() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().canonicalize().unwrap().join("program");
        std::fs::copy("/bin/sleep", &program).unwrap();
        let mut sleeping = std::process::Command::new(&program).arg("600").spawn().unwrap();
        std::fs::remove_file(&program).unwrap();
        let said = std::fs::read_link(format!("/proc/{}/exe", sleeping.id())).unwrap();
        sleeping.kill().unwrap();
        sleeping.wait().unwrap();
        std::fs::write(&program, "").unwrap();
        assert_eq!(in_place_of(said), program);
    }
}
