//! `.golem-outbound/teardown.json`: what a walk still has to take down, for whoever has to do it in its place.
//!
//! May import `error`, `exec` and `network`. Invariant: a step is entered before it starts and leaves when its teardown is
//! done, so that the file is complete at every moment; without a debt there is no file.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::private_file;
use crate::error::{Error, Result};
use crate::exec::Invocation;
use crate::network::PROGRAM;

/// The form of the file.
const VERSION: u32 = 1;

/// What a walk still has to take down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    version: u32,
    /// Which walk.
    pub walk: Walk,
    /// Steps with their teardown, in the order in which they were started.
    pub owed: Vec<Owed>,
}

/// A walk, as those who come after it have to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Walk {
    /// The network's name.
    pub network: String,
    /// Whether it is emulated.
    pub simulated: bool,
    /// Ray's name of the cluster.
    pub cluster_name: String,
    /// Its process.
    pub process: u32,
    /// When the first of what it owes was started, as RFC 3339.
    pub begun: String,
    /// When its lease ends, as RFC 3339 by the clock of that time; none without a lease.
    pub lease_ends: Option<String>,
}

/// What one step owes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owed {
    /// The step's id.
    pub step: String,
    /// Its teardown, in order; the last one is the strongest.
    pub commands: Vec<Command>,
}

/// A teardown command: as people type it, and as it is run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// As people type it.
    pub shown: String,
    argv: Vec<Word>,
    folder: Word,
    env: Vec<(Word, Word)>,
    env_remove: Vec<Word>,
    timeout_s: u64,
    keep_daemons: bool,
}

/// A word of a command line: text, or bytes that are no UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    Bytes(Vec<u8>),
}

#[cfg(unix)]
mod bytes {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::{OsStrExt, OsStringExt};

    pub(super) fn of(word: &OsStr) -> Vec<u8> {
        word.as_bytes().to_vec()
    }

    pub(super) fn word(bytes: Vec<u8>) -> OsString {
        OsString::from_vec(bytes)
    }
}

/// Words are no bytes there; one that is no text is kept as near to it as can be.
#[cfg(not(unix))]
mod bytes {
    use std::ffi::{OsStr, OsString};

    pub(super) fn of(word: &OsStr) -> Vec<u8> {
        word.to_string_lossy().into_owned().into_bytes()
    }

    pub(super) fn word(bytes: Vec<u8>) -> OsString {
        String::from_utf8_lossy(&bytes).into_owned().into()
    }
}

impl From<&OsStr> for Word {
    fn from(word: &OsStr) -> Self {
        word.to_str().map_or_else(|| Self::Bytes(bytes::of(word)), |text| Self::Text(text.into()))
    }
}

impl From<&Word> for OsString {
    fn from(word: &Word) -> Self {
        match word {
            Word::Text(text) => text.into(),
            Word::Bytes(bytes) => bytes::word(bytes.clone()),
        }
    }
}

impl Command {
    /// A command that can be run from any process of this machine and user.
    pub fn new(shown: String, invocation: &Invocation) -> Self {
        let word = |word: &OsString| Word::from(word.as_os_str());
        Self {
            shown,
            argv: invocation.argv.iter().map(word).collect(),
            folder: invocation.cwd.as_os_str().into(),
            env: invocation.env.iter().map(|(key, value)| (word(key), word(value))).collect(),
            env_remove: invocation.env_remove.iter().map(word).collect(),
            timeout_s: invocation.timeout.as_secs(),
            keep_daemons: invocation.keep_daemons,
        }
    }

    /// Whether it is one of this program's own commands.
    pub fn is_ours(&self) -> bool {
        self.shown.split(' ').next() == Some(PROGRAM)
    }

    /// How it is run.
    pub fn invocation(&self) -> Invocation {
        Invocation {
            argv: self.argv.iter().map(OsString::from).collect(),
            cwd: PathBuf::from(OsString::from(&self.folder)),
            env: self.env.iter().map(|(key, value)| (key.into(), value.into())).collect(),
            env_remove: self.env_remove.iter().map(OsString::from).collect(),
            timeout: Duration::from_secs(self.timeout_s),
            keep_daemons: self.keep_daemons,
        }
    }
}

impl Ledger {
    /// What this walk owes.
    pub fn new(walk: Walk, owed: Vec<Owed>) -> Self {
        Self { version: VERSION, walk, owed }
    }

    /// Where a project has it.
    pub fn path(project: &Path) -> PathBuf {
        project.join(".golem-outbound/teardown.json")
    }

    /// Reads it; none if nothing is owed.
    ///
    /// # Errors
    /// It cannot be read, or another version of this program has written it.
    pub fn read(project: &Path) -> Result<Option<Self>> {
        let path = Self::path(project);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", &path, error)),
        };
        let ledger: Self = serde_json::from_slice(&text)
            .map_err(|error| Error::usage(format!("failed to read `{}`: {error}", path.display())))?;
        if ledger.version != VERSION {
            let shown = path.display();
            return Err(Error::usage(format!("failed to read `{shown}`: its version is {}", ledger.version)));
        }
        Ok((!ledger.owed.is_empty()).then_some(ledger))
    }

    /// Writes it; without a debt the file is removed.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, project: &Path) -> Result<()> {
        let path = Self::path(project);
        if self.owed.is_empty() {
            return private_file::remove(&path);
        }
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::internal(format!("failed to write `{}`: {error}", path.display())))?;
        private_file::write(&path, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let odd = bytes::word(vec![b'/', 0xff]);
        let mut invocation = Invocation::new([OsString::from("ray"), odd], "/p", Duration::from_secs(120));
        invocation.env_remove = vec!["PYTHONHOME".into()];
        let invocation = invocation.env("PATH", "/p/venv/bin:/bin");
        let command = Command::new("ray down golem-cluster.yaml --yes".into(), &invocation);
        assert_eq!(command.invocation(), invocation);
        let walk = Walk {
            network: "localnet".into(),
            simulated: true,
            cluster_name: "golem-cluster".into(),
            process: 7,
            begun: "2026-01-01T00:00:00Z".into(),
            lease_ends: None,
        };
        Ledger::new(walk, vec![Owed { step: "ray-up".into(), commands: vec![command] }])
    }

    #[test]
    fn what_is_owed_is_read_as_it_was_written() {
        let project = tempfile::tempdir().unwrap();
        private_file::make_folder(&project.path().join(".golem-outbound")).unwrap();
        assert_eq!(Ledger::read(project.path()).unwrap(), None);
        let mut ledger = ledger();
        ledger.write(project.path()).unwrap();
        assert_eq!(Ledger::read(project.path()).unwrap(), Some(ledger.clone()));
        ledger.owed.clear();
        ledger.write(project.path()).unwrap();
        assert!(!Ledger::path(project.path()).exists());
    }

    #[test]
    fn a_ledger_that_is_cut_or_of_another_version_is_an_error_and_no_crash() {
        let project = tempfile::tempdir().unwrap();
        private_file::make_folder(&project.path().join(".golem-outbound")).unwrap();
        let text = serde_json::to_string(&ledger()).unwrap();
        let cut = &text[..text.len() / 2];
        for (text, why) in
            [(cut, "EOF"), (&text.replace("\"version\":1", "\"version\":9"), "its version is 9")]
        {
            std::fs::write(Ledger::path(project.path()), text).unwrap();
            let error = Ledger::read(project.path()).unwrap_err();
            assert!(error.message().contains(why), "{error}");
        }
    }
}
