//! The whitelist in force: the one that `whitelist update` kept, else the embedded snapshot.
//!
//! May import `error`, `ownership` and `outbound`. Invariant: a kept file is written whole or not at all, only its owner may read it, and
//! one that is broken never stands in the way: the snapshot takes its place, and it is said.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::outbound::whitelist::{DomainPattern, SNAPSHOT_COMMIT, SNAPSHOT_DATE, Whitelist};
use crate::ownership::{ForOwner, HOME, close_to_others};

/// The kept file's name in the tool's own folder.
const FILE: &str = "whitelist.json";

/// Where a whitelist comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The day of the list, `2025-10-27`; of a kept one, the day on which it was kept.
    pub date: String,
    /// A commit of upstream, a file, or an address.
    pub from: From,
    /// Why a kept list is not used, in one sentence without a full stop.
    pub problem: Option<String>,
}

/// The kinds of origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum From {
    /// The embedded snapshot, by its commit of `golemfactory/ya-installer-resources`.
    Snapshot(String),
    /// A file or folder of this machine.
    File(String),
    /// The newest list of upstream, by its address.
    Upstream(String),
}

/// As a sentence calls it: `the default whitelist of 2025-10-27 (ya-installer-resources d018134)`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = &self.date;
        match &self.from {
            From::Snapshot(commit) => {
                write!(f, "the default whitelist of {date} (ya-installer-resources {commit})")
            }
            From::File(path) => write!(f, "the whitelist kept on {date} (from `{path}`)"),
            From::Upstream(address) => write!(f, "the whitelist kept on {date} (from {address})"),
        }
    }
}

/// What is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    format: u32,
    date: String,
    origin: From,
    patterns: Vec<DomainPattern>,
}

/// A place for the kept list.
#[derive(Clone, Debug)]
pub struct Store {
    folder: Option<PathBuf>,
}

impl Store {
    /// `$XDG_DATA_HOME/golem-outbound`, or `~/.local/share/golem-outbound`. A relative `XDG_DATA_HOME` does not count,
    /// as its specification wants it.
    pub fn of_user() -> Self {
        let from = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let data = from("XDG_DATA_HOME").or_else(|| from(HOME).map(|home| home.join(".local/share")));
        Self { folder: data.map(|data| data.join("golem-outbound")) }
    }

    /// In this folder, which need not be there yet.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder: Some(folder) }
    }

    /// The file that holds the kept list, whether it is there or not; `None` if this user has no place for data.
    pub fn path(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(FILE))
    }

    /// The list in force, and where it comes from.
    pub fn in_force(&self) -> (Whitelist, Origin) {
        let problem = match self.kept() {
            Ok(Some((whitelist, origin))) => return (whitelist, origin),
            Ok(None) => None,
            Err(problem) => Some(problem),
        };
        let origin =
            Origin { date: SNAPSHOT_DATE.into(), from: From::Snapshot(SNAPSHOT_COMMIT.into()), problem };
        (Whitelist::snapshot(), origin)
    }

    fn kept(&self) -> std::result::Result<Option<(Whitelist, Origin)>, String> {
        let Some(path) = self.path() else { return Ok(None) };
        let broken =
            |cause: String| format!("the kept whitelist `{}` cannot be used: {cause}", path.display());
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(broken(error.to_string())),
        };
        let kept: Kept = serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
        if kept.format != 1 {
            return Err(broken(format!("its format is {}, and this program knows format 1", kept.format)));
        }
        let whitelist = Whitelist::new(kept.patterns).map_err(|error| broken(error.to_string()))?;
        Ok(Some((whitelist, Origin { date: kept.date, from: kept.origin, problem: None })))
    }

    /// Keeps a list in place of the one that was kept before.
    ///
    /// # Errors
    /// There is no place for it, or it cannot be written.
    pub fn keep(&self, whitelist: &Whitelist, date: &str, origin: From) -> Result<PathBuf> {
        let (Some(folder), Some(path)) = (&self.folder, self.path()) else {
            return Err(Error::machine(
                "failed to keep the whitelist: neither HOME nor XDG_DATA_HOME is set",
            )
            .hint("say where: `XDG_DATA_HOME=$PWD/data golem-outbound whitelist update`"));
        };
        let kept = Kept { format: 1, date: date.to_owned(), origin, patterns: whitelist.patterns().to_vec() };
        let text = serde_json::to_string_pretty(&kept)
            .map_err(|error| Error::internal("failed to write the whitelist as JSON").caused_by(error))?;
        let mut folders = std::fs::DirBuilder::new();
        folders
            .recursive(true)
            .for_owner()
            .create(folder)
            .map_err(|error| Error::io("create", folder, error))?;
        close_to_others(folder).map_err(|error| Error::io("close to others", folder, error))?;
        // A temporary file is made with mode 0600, and stays so under its new name.
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(|error| Error::io("write", &path, error))?;
        Ok(path)
    }

    /// Forgets the kept list; whether there was one.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn reset(&self) -> Result<bool> {
        let Some(path) = self.path() else { return Ok(false) };
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("remove", &path, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn list(strict: &str, regex: &str) -> Whitelist {
        Whitelist::from_lists(strict, regex).unwrap()
    }

    #[test]
    fn what_is_kept_is_in_force_until_it_is_reset() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().join("a/golem-outbound"));
        assert_eq!(store.in_force().0, Whitelist::snapshot());
        assert!(!store.reset().unwrap());
        let path = store.keep(&list("a.io", "b"), "2026-01-02", From::File("x.json".into())).unwrap();
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let (whitelist, origin) = store.in_force();
        assert_eq!(whitelist, list("a.io", "b"));
        assert_eq!(origin.to_string(), "the whitelist kept on 2026-01-02 (from `x.json`)");
        assert!(store.reset().unwrap());
        let origin = store.in_force().1;
        assert_eq!(
            origin.to_string(),
            "the default whitelist of 2025-10-27 (ya-installer-resources d018134)"
        );
        assert_eq!(origin.problem, None);
    }

    #[test]
    fn a_broken_kept_list_gives_way_to_the_snapshot_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().to_owned());
        for (text, why) in [
            ("", "EOF while parsing"),
            ("{\"format\":2,\"date\":\"x\",\"origin\":{\"file\":\"x\"},\"patterns\":[]}", "its format is 2"),
            (
                "{\"format\":1,\"date\":\"x\",\"origin\":{\"file\":\"x\"},\"patterns\":[{\"domain\":\"(\",\"match\":\"regex\"}]}",
                "invalid regex",
            ),
        ] {
            std::fs::write(store.path().unwrap(), text).unwrap();
            let (whitelist, origin) = store.in_force();
            assert_eq!(whitelist, Whitelist::snapshot());
            assert!(origin.problem.unwrap().contains(why), "{why}");
        }
    }
}
