//! The two files of a project that `add` changes, written together.
//!
//! Invariant: a reader sees each file as it was or as it shall be, never half of it, and if one cannot be written the other
//! is as it was.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tempfile::NamedTempFile;

use crate::error::{Error, Result};
use crate::exec::interruptions::INTERRUPTIONS;

/// A file and what was read from it.
#[derive(Debug)]
pub(super) struct Source {
    /// As people are told.
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// The cluster file and the script.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) cluster: Source,
    pub(super) script: Source,
}

impl Pair {
    /// # Errors
    /// The folder is no project.
    pub(super) fn read(project: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = if project == Path::new(".") { PathBuf::from(name) } else { project.join(name) };
            match std::fs::read_to_string(&path) {
                Ok(text) => Ok(Source { path, text }),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::usage(format!(
                    "`{}` is not a tutorial project: it has no `{name}`",
                    project.display()
                ))
                .hint("go to your project: `cd my-project`")
                .hint("or make one: `golem-outbound new my-project`")),
                Err(error) => Err(Error::io("read", &path, error)),
            }
        };
        Ok(Self { cluster: read("golem-cluster.yaml")?, script: read("simple-outbound.py")? })
    }
}

/// What a file shall hold.
#[derive(Debug)]
pub(super) struct Change<'s> {
    pub(super) file: &'s Source,
    pub(super) text: String,
}

impl Change<'_> {
    /// Whether the file holds it already.
    pub(super) fn is_none(&self) -> bool {
        self.file.text == self.text
    }
}

/// A change that only has to be put in place, and the way back.
struct Ready {
    path: PathBuf,
    new: NamedTempFile,
    old: NamedTempFile,
}

/// Writes all changes or none.
///
/// # Errors
/// A file cannot be written, or somebody else changed it since it was read.
pub(super) fn write(changes: &[Change<'_>]) -> Result<()> {
    let changed = || changes.iter().filter(|change| !change.is_none());
    let ready = changed().map(prepare).collect::<Result<Vec<Ready>>>()?;
    for change in changed() {
        unchanged(change.file)?;
    }
    hold_signals()?;
    put(ready)
}

fn put(ready: Vec<Ready>) -> Result<()> {
    let mut ways_back: Vec<(PathBuf, NamedTempFile)> = Vec::new();
    for Ready { path, new, old } in ready {
        if let Err(error) = new.persist(&path) {
            let failure = Error::io("write", &path, error.error);
            return Err(restore(ways_back, failure));
        }
        ways_back.push((path, old));
    }
    Ok(())
}

/// Both texts beside the file, with its mode. A link stays a link: what it points to is replaced.
fn prepare(change: &Change<'_>) -> Result<Ready> {
    let named = &change.file.path;
    let failed = |error| Error::io("write", named, error);
    let path = named.canonicalize().map_err(failed)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let permissions = std::fs::metadata(&path).map_err(failed)?.permissions();
    if permissions.readonly() {
        return Err(failed(std::io::Error::from(std::io::ErrorKind::PermissionDenied)));
    }
    let beside = |text: &str| -> std::io::Result<NamedTempFile> {
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().set_permissions(permissions.clone())?;
        file.as_file().sync_all()?;
        Ok(file)
    };
    Ok(Ready {
        new: beside(&change.text).map_err(failed)?,
        old: beside(&change.file.text).map_err(failed)?,
        path,
    })
}

/// A download takes time, and an editor may have been at work meanwhile.
fn unchanged(file: &Source) -> Result<()> {
    match std::fs::read_to_string(&file.path) {
        Ok(text) if text == file.text => Ok(()),
        Ok(_) => {
            Err(Error::usage(format!("failed to write `{}`: it was changed meanwhile", file.path.display()))
                .hint("type the same command again"))
        }
        Err(error) => Err(Error::io("read", &file.path, error)),
    }
}

/// From here on it takes milliseconds; Ctrl-C shall not fall between the two files.
fn hold_signals() -> Result<()> {
    let came = Arc::new(AtomicBool::new(false));
    for signal in INTERRUPTIONS {
        signal_hook::flag::register(signal, Arc::clone(&came))
            .map_err(|error| Error::internal("failed to hold signals back").caused_by(error))?;
    }
    Ok(())
}

fn restore(ways_back: Vec<(PathBuf, NamedTempFile)>, mut failure: Error) -> Error {
    for (path, old) in ways_back {
        if let Err(error) = old.persist(&path) {
            let kept = error.file.keep().map(|(_, kept)| kept.display().to_string()).unwrap_or_default();
            failure =
                failure.hint(format!("`{}` could not be put back; its old text: `{kept}`", path.display()));
        }
    }
    failure
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn project() -> (tempfile::TempDir, Pair) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("golem-cluster.yaml"), "a\n").unwrap();
        std::fs::write(folder.path().join("real.py"), "b\n").unwrap();
        symlink("real.py", folder.path().join("simple-outbound.py")).unwrap();
        let pair = Pair::read(folder.path()).unwrap();
        (folder, pair)
    }

    fn texts(folder: &tempfile::TempDir) -> [String; 2] {
        ["golem-cluster.yaml", "real.py"]
            .map(|name| std::fs::read_to_string(folder.path().join(name)).unwrap())
    }

    fn changes(pair: &Pair) -> [Change<'_>; 2] {
        [("A\n", &pair.cluster), ("B\n", &pair.script)].map(|(text, file)| Change { file, text: text.into() })
    }

    #[test]
    fn both_are_written_with_their_modes_and_links() {
        let (folder, pair) = project();
        let real = folder.path().join("real.py");
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o755)).unwrap();
        write(&changes(&pair)).unwrap();
        assert_eq!(texts(&folder), ["A\n", "B\n"]);
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o755);
        assert!(folder.path().join("simple-outbound.py").is_symlink());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "nothing is left beside them");
    }

    #[test]
    fn what_was_changed_meanwhile_is_left_alone() {
        let (folder, pair) = project();
        std::fs::write(folder.path().join("real.py"), "mine\n").unwrap();
        let error = write(&changes(&pair)).unwrap_err();
        assert!(error.message().ends_with("it was changed meanwhile"), "{error}");
        assert_eq!(texts(&folder), ["a\n", "mine\n"]);
    }

    #[test]
    fn the_first_is_put_back_when_the_second_cannot_be_written() {
        let (folder, pair) = project();
        let ready: Vec<Ready> = changes(&pair).iter().map(|change| prepare(change).unwrap()).collect();
        // A folder in the script's place cannot be replaced by a file.
        std::fs::remove_file(folder.path().join("real.py")).unwrap();
        std::fs::create_dir(folder.path().join("real.py")).unwrap();
        let error = put(ready).unwrap_err();
        assert!(error.message().contains("real.py") && error.hints().is_empty(), "{error}");
        assert_eq!(std::fs::read_to_string(folder.path().join("golem-cluster.yaml")).unwrap(), "a\n");
    }

    #[test]
    fn a_read_only_file_changes_neither() {
        let (folder, pair) = project();
        let real = folder.path().join("real.py");
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o444)).unwrap();
        assert_eq!(write(&changes(&pair)).unwrap_err().kind().exit_code(), 3);
        assert_eq!(texts(&folder), ["a\n", "b\n"]);
    }
}
