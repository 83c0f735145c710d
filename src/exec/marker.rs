//! What the project's environment was made from, written into it, so that a second call costs nothing and a moved
//! project, another lock or a half-made environment is noticed.
//!
//! May import `error` and `ownership`. Invariant: an environment is current only if its marker says so for this lock, this
//! interpreter and this place; a marker is written first as incomplete and completed last.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::ownership::ForOwner;

/// The tool's own folder in a project.
pub const PRIVATE: &str = ".golem-outbound";
/// The environment's folder in a project, as the docs call it: `source venv/bin/activate`.
pub const VENV: &str = "venv";
/// Where an environment has its programs.
pub const PROGRAMS: &str = if cfg!(windows) { "Scripts" } else { "bin" };
const MARKER: &str = "golem-outbound.json";
const MADE: &str = "environment-made";

/// The marker's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marker {
    /// The SHA-256 of `requirements.lock`, hexadecimal.
    pub lock: String,
    /// The interpreter below the environment.
    pub interpreter: PathBuf,
    /// Where the project was when it was made: scripts in `bin` hold this path.
    pub project: PathBuf,
    /// `uv` or `pip`.
    pub tool: String,
    /// Whether all was installed and verified.
    pub complete: bool,
}

/// What is found in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing to do.
    Current(Marker),
    /// To be made, or made anew; why, unless it is the first time.
    Wanted(Option<String>),
    /// Somebody made it without us; it is not ours to remove.
    Foreign,
}

/// Looks at a project's environment without running anything.
pub fn examine(project: &Path, lock: &str, interpreter: Option<&Path>) -> State {
    let venv = project.join(VENV);
    let wanted = |why: String| State::Wanted(Some(why));
    if venv.symlink_metadata().is_err() {
        let before = project.join(PRIVATE).join(MADE).exists();
        return State::Wanted(before.then(|| "the environment was deleted".to_owned()));
    }
    let Ok(text) = std::fs::read_to_string(venv.join(MARKER)) else { return State::Foreign };
    let Ok(marker) = serde_json::from_str::<Marker>(&text) else {
        return wanted("the environment was made by another version of this program".into());
    };
    let missing =
        ["python", "ray", "ray-on-golem"].into_iter().find(|name| !program_in(&venv, name).exists());
    if marker.project != project {
        wanted(format!("the project was moved here from `{}`", marker.project.display()))
    } else if !marker.complete {
        wanted("the environment was left half made".into())
    } else if marker.lock != lock {
        wanted("`requirements.lock` has changed".into())
    } else if interpreter.is_some_and(|path| path != marker.interpreter) {
        wanted(format!("another Python than `{}` is asked for", marker.interpreter.display()))
    } else if let Some(name) = missing {
        wanted(format!("the environment has no `{PROGRAMS}/{name}` any more"))
    } else {
        State::Current(marker)
    }
}

/// Where an environment has this program, if it has it. On Windows Python has one name, whatever a step calls it.
pub fn program_in(venv: &Path, name: &str) -> PathBuf {
    let name = if cfg!(windows) && name == "python3" { "python" } else { name };
    venv.join(PROGRAMS).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Writes the marker.
///
/// # Errors
/// When the file cannot be written.
pub fn write(project: &Path, marker: &Marker) -> Result<()> {
    let path = project.join(VENV).join(MARKER);
    let text = serde_json::to_string_pretty(marker)
        .map_err(|error| Error::internal(format!("failed to write the environment's marker: {error}")))?;
    std::fs::write(&path, text + "\n").map_err(|error| Error::io("write", &path, error))?;
    if marker.complete {
        let made = private(project)?.join(MADE);
        std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .for_owner()
            .open(&made)
            .and_then(|mut file| writeln!(file, "{}", path.display()))
            .map_err(|error| Error::io("write", &made, error))?;
    }
    Ok(())
}

/// The tool's own folder of the project, made if it is not there: nobody else may look into it.
///
/// # Errors
/// When it cannot be made.
pub fn private(project: &Path) -> Result<PathBuf> {
    let folder = project.join(PRIVATE);
    std::fs::DirBuilder::new()
        .recursive(true)
        .for_owner()
        .create(&folder)
        .map_err(|error| Error::io("create the folder", &folder, error))?;
    Ok(folder)
}

/// The SHA-256 of a file's content, hexadecimal.
pub fn fingerprint(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> (tempfile::TempDir, Marker) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("venv/bin")).unwrap();
        for name in ["python", "ray", "ray-on-golem"] {
            std::fs::write(folder.path().join("venv/bin").join(name), "").unwrap();
        }
        let marker = Marker {
            lock: "1".into(),
            interpreter: "/usr/bin/python3.11".into(),
            project: folder.path().into(),
            tool: "uv".into(),
            complete: true,
        };
        (folder, marker)
    }

    fn why(project: &Path, lock: &str, interpreter: Option<&str>) -> String {
        match examine(project, lock, interpreter.map(Path::new)) {
            State::Wanted(Some(why)) => why,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn what_was_made_here_from_this_is_current() {
        let (folder, marker) = project();
        write(folder.path(), &marker).unwrap();
        assert_eq!(examine(folder.path(), "1", None), State::Current(marker.clone()));
        assert_eq!(examine(folder.path(), "1", Some(&marker.interpreter)), State::Current(marker));
    }

    #[test]
    fn every_difference_is_said() {
        let (folder, marker) = project();
        let path = folder.path();
        write(path, &marker).unwrap();
        assert_eq!(why(path, "2", None), "`requirements.lock` has changed");
        assert_eq!(
            why(path, "1", Some("/usr/bin/python3.9")),
            "another Python than `/usr/bin/python3.11` is asked for"
        );
        std::fs::remove_file(path.join("venv/bin/ray")).unwrap();
        assert_eq!(why(path, "1", None), "the environment has no `bin/ray` any more");
        write(path, &Marker { complete: false, ..marker.clone() }).unwrap();
        assert_eq!(why(path, "1", None), "the environment was left half made");
        write(path, &Marker { project: "/elsewhere".into(), ..marker }).unwrap();
        assert_eq!(why(path, "1", None), "the project was moved here from `/elsewhere`");
        std::fs::remove_dir_all(path.join("venv")).unwrap();
        assert_eq!(why(path, "1", None), "the environment was deleted");
    }

    #[test]
    fn the_first_time_needs_no_reason_and_a_strangers_work_is_his() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(examine(folder.path(), "1", None), State::Wanted(None));
        std::fs::create_dir(folder.path().join("venv")).unwrap();
        assert_eq!(examine(folder.path(), "1", None), State::Foreign);
    }

    #[test]
    fn a_fingerprint_is_a_sha256() {
        assert!(fingerprint(b"").starts_with("e3b0c44298fc1c149afb"));
    }
}
