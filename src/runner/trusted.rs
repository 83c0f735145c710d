//! Which tutorials the user has agreed to run: remembered by what they would run, not by where they are.
//!
//! May import `error`, `ownership` and `exec`. Invariant: the file is written whole or not at all and only its owner may read or write it;
//! one that somebody else could have written counts for nothing.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::exec::marker::fingerprint;
use crate::ownership::{ForOwner, HOME, is_ours, is_writable_by_others};

const FILE: &str = "trusted.json";
const FORMAT: u32 = 1;
/// The oldest are forgotten.
const MOST: usize = 50;

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    format: u32,
    tutorials: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The SHA-256 of the lines.
    hash: String,
    /// Where it was when it was agreed to, to say what has changed.
    folder: PathBuf,
    /// What was agreed to, as it was shown.
    lines: Vec<String>,
}

/// What the user has agreed to run.
pub struct Trusted {
    path: Option<PathBuf>,
    kept: Kept,
    problem: Option<String>,
}

impl Trusted {
    /// `$XDG_STATE_HOME/golem-outbound/trusted.json`, or the same below `~/.local/state`. A relative `XDG_STATE_HOME` does not
    /// count, as its specification wants it.
    pub fn of_user() -> Self {
        let from = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state = from("XDG_STATE_HOME").or_else(|| from(HOME).map(|home| home.join(".local/state")));
        match state {
            Some(state) => Self::at(&state.join("golem-outbound")),
            None => Self { path: None, kept: Kept::default(), problem: None },
        }
    }

    /// In this folder, which need not be there yet.
    pub fn at(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let (kept, problem) = match read(&path) {
            Ok(kept) => (kept, None),
            Err(problem) => {
                (Kept::default(), Some(format!("`{}` counts for nothing: {problem}", path.display())))
            }
        };
        Self { path: Some(path), kept, problem }
    }

    /// Why what was kept is not used, if so.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Whether exactly this was agreed to, wherever it was.
    pub fn knows(&self, lines: &[String]) -> bool {
        let hash = hash(lines);
        self.kept.tutorials.iter().any(|entry| entry.hash == hash && entry.lines == lines)
    }

    /// What was last agreed to in this folder.
    pub fn last(&self, folder: &Path) -> Option<&[String]> {
        let entry = self.kept.tutorials.iter().rev().find(|entry| entry.folder == folder)?;
        Some(&entry.lines)
    }

    /// Remembers; whether there is a place to.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn remember(&mut self, folder: &Path, lines: &[String]) -> Result<bool> {
        let Some(path) = self.path.clone() else { return Ok(false) };
        self.kept.format = FORMAT;
        self.kept.tutorials.push(Entry {
            hash: hash(lines),
            folder: folder.to_owned(),
            lines: lines.to_vec(),
        });
        let surplus = self.kept.tutorials.len().saturating_sub(MOST);
        self.kept.tutorials.drain(..surplus);
        write(&path, &self.kept).map_err(|error| Error::io("write", &path, error))?;
        Ok(true)
    }
}

fn hash(lines: &[String]) -> String {
    fingerprint(lines.join("\n").as_bytes())
}

fn read(path: &Path) -> std::result::Result<Kept, String> {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Kept::default()),
        Err(error) => return Err(error.to_string()),
    };
    if !metadata.is_file() || !is_ours(&metadata) {
        return Err("it is not a file of yours".into());
    }
    if is_writable_by_others(&metadata) {
        return Err("others may write it".into());
    }
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let kept: Kept = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if kept.format != FORMAT {
        return Err(format!("its format is {}, and this program knows format {FORMAT}", kept.format));
    }
    Ok(kept)
}

/// By way of a temporary file, which is private from the start.
fn write(path: &Path, kept: &Kept) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    std::fs::DirBuilder::new().recursive(true).for_owner().create(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&mut file, kept)?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(ToOwned::to_owned).collect()
    }

    #[test]
    fn what_was_agreed_to_is_known_wherever_it_is_and_a_change_is_not() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("state/golem-outbound");
        let told = lines("a: echo 1\nb: echo 2");
        let mut trusted = Trusted::at(&folder);
        assert!(!trusted.knows(&told));
        assert!(trusted.remember(Path::new("/one"), &told).unwrap());
        let again = Trusted::at(&folder);
        assert!(again.knows(&told) && !again.knows(&told[..1]) && again.problem().is_none());
        assert_eq!(again.last(Path::new("/one")), Some(&told[..]));
        assert_eq!(again.last(Path::new("/two")), None);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join(FILE))), (0o700, 0o600));
    }

    #[test]
    fn what_is_damaged_newer_or_open_to_others_counts_for_nothing_and_gives_way() {
        let home = tempfile::tempdir().unwrap();
        let (path, told) = (home.path().join(FILE), lines("a: echo 1"));
        Trusted::at(home.path()).remember(Path::new("/one"), &told).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        for text in [&whole[..whole.len() / 2], &whole.replace("\"format\": 1", "\"format\": 2"), ""] {
            std::fs::write(&path, text).unwrap();
            let mut trusted = Trusted::at(home.path());
            assert!(trusted.problem().is_some() && !trusted.knows(&told), "{text}");
            trusted.remember(Path::new("/one"), &told).unwrap();
            assert!(Trusted::at(home.path()).knows(&told));
        }
        set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        assert!(Trusted::at(home.path()).problem().unwrap().ends_with("others may write it"));
    }

    #[test]
    fn only_so_many_are_kept() {
        let home = tempfile::tempdir().unwrap();
        let mut trusted = Trusted::at(home.path());
        for number in 0..=MOST {
            trusted.remember(Path::new("/one"), &[number.to_string()]).unwrap();
        }
        assert!(!trusted.knows(&["0".to_owned()]) && trusted.knows(&["1".to_owned()]));
    }
}
