//! What the watchdog did, on the disk and in words.
//!
//! May import `error`. Invariant: a record is told once, by the next start of a walk in the project.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::super::ledger::Walk;
use super::super::private_file;
use super::folder;
use crate::error::{Error, Result};

/// So many records are kept, and as many logs.
const KEPT: usize = 10;

/// What the watchdog did for one walk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The form of the file.
    pub version: u32,
    /// Whose teardown.
    pub walk: Walk,
    /// Why the walk did not do it.
    pub why: Why,
    /// When the watchdog noticed, as RFC 3339.
    pub noticed: String,
    /// When it was done; none while it works, or if it was killed too.
    pub finished: Option<String>,
    /// What it ran, in order; a command that was tried again stands there once.
    pub commands: Vec<Done>,
    /// Whether every step's last and strongest command ended well.
    pub torn_down: bool,
    /// Commands that nobody has run with success.
    pub left: Vec<String>,
    /// Where their output is.
    pub log: PathBuf,
    /// Whether a walk has told it.
    pub told: bool,
}

/// Why a walk did not take down what it had started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Its process was killed, or ended without having taken everything down.
    WalkGone,
    /// Its lease was over, and it did not end.
    LeaseOver,
    /// The watchdog ended as well, for example with the machine.
    WatchdogGone,
}

impl Why {
    /// For people, behind “the last walk”.
    fn words(self) -> &'static str {
        match self {
            Self::WalkGone => "was killed, or could not take everything down",
            Self::LeaseOver => "did not end with its lease",
            Self::WatchdogGone => "was killed, and its watchdog too, or the machine was switched off",
        }
    }
}

/// A command that the watchdog ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// As people type it.
    pub command: String,
    /// Whether it ended well, at last.
    pub ok: bool,
    /// How it ended, for people.
    pub exit: String,
    /// How often it was tried.
    pub tries: u32,
    /// For how long all tries took, pauses included, in seconds.
    pub seconds: u64,
}

/// A file of the watchdog's folder that is named after a moment.
pub fn path(project: &Path, moment: OffsetDateTime, kind: &str) -> PathBuf {
    let (year, month, day) = moment.to_calendar_date();
    let (hour, minute, second, milli) = moment.to_hms_milli();
    folder(project).join(format!(
        "{year:04}{:02}{day:02}T{hour:02}{minute:02}{second:02}.{milli:03}Z.{kind}",
        u8::from(month)
    ))
}

impl Record {
    /// Where it is kept: beside its log.
    fn path(&self) -> PathBuf {
        self.log.with_extension("json")
    }

    /// Writes it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self) -> Result<()> {
        let path = self.path();
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::internal(format!("failed to write `{}`: {error}", path.display())))?;
        private_file::write(&path, &text)
    }

    /// What there is to tell, as lines without an end; the first one is a sentence.
    pub fn words(&self) -> Vec<String> {
        let network = if self.walk.simulated { "simulated" } else { "real nodes" };
        let mut lines = vec![format!(
            "the last walk on the {} ({network}), begun at {}, {}{}",
            self.walk.network,
            self.walk.begun,
            self.why.words(),
            match (self.why, self.torn_down) {
                (Why::WatchdogGone, _) => "",
                (_, true) => "; the watchdog has taken down what it had started",
                (_, false) => "; the watchdog could not take everything down",
            }
        )];
        for done in &self.commands {
            let tries = if done.tries > 1 { format!(" (tried {} times)", done.tries) } else { String::new() };
            let how = if done.ok { "done" } else { &*done.exit };
            lines.push(format!("  `{}`: {how}{tries}, {}", done.command, seconds(done.seconds)));
        }
        if !self.torn_down && self.walk.simulated {
            lines.push("  a localnet of the walk's own ends with both, so nothing of it is left".into());
        } else if !self.torn_down {
            lines.push(
                "  nodes may still be rented, until their providers see that nobody confirms the bills"
                    .into(),
            );
            lines.extend(self.left.iter().map(|command| format!("  type: `{command}`")));
            lines.push("  then see what was spent: `yagna payment status`".into());
        }
        if !self.commands.is_empty() {
            lines.push(format!("  its log: `{}`", self.log.display()));
        }
        lines
    }
}

fn seconds(seconds: u64) -> String {
    super::super::lease::words(Duration::from_secs(seconds))
}

/// The records that no walk has told yet, oldest first; they count as told from now on. Old files are removed.
///
/// # Errors
/// The folder cannot be read or written.
pub fn untold(project: &Path) -> Result<Vec<Record>> {
    let folder = folder(project);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read", &folder, error)),
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "json")) {
        // A file of another making is not ours to tell.
        let text = std::fs::read(file).unwrap_or_default();
        let Ok(record) = serde_json::from_slice::<Record>(&text) else { continue };
        if !record.told {
            Record { told: true, ..record.clone() }.write()?;
            found.push(record);
        }
    }
    for kind in ["json", "log"] {
        let of_kind: Vec<&PathBuf> =
            files.iter().filter(|file| file.extension().is_some_and(|found| found == kind)).collect();
        for old in of_kind.iter().rev().skip(KEPT) {
            private_file::remove(old)?;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(project: &Path, simulated: bool, torn_down: bool) -> Record {
        let log = path(project, OffsetDateTime::UNIX_EPOCH, "log");
        Record {
            version: 1,
            walk: Walk {
                network: if simulated { "localnet" } else { "mainnet" }.into(),
                simulated,
                cluster_name: "golem-cluster".into(),
                process: 7,
                begun: "2026-01-01T00:00:00Z".into(),
                lease_ends: None,
            },
            why: Why::WalkGone,
            noticed: "2026-01-01T00:01:00Z".into(),
            finished: None,
            commands: vec![Done {
                command: "ray down golem-cluster.yaml --yes".into(),
                ok: torn_down,
                exit: if torn_down { "code 0" } else { "code 1" }.into(),
                tries: if torn_down { 1 } else { 3 },
                seconds: 14,
            }],
            torn_down,
            left: if torn_down { Vec::new() } else { vec!["ray down golem-cluster.yaml --yes".into()] },
            log,
            told: false,
        }
    }

    #[test]
    fn a_record_is_told_once() {
        let project = tempfile::tempdir().unwrap();
        assert_eq!(untold(project.path()).unwrap(), []);
        private_file::make_folder(&folder(project.path())).unwrap();
        std::fs::write(folder(project.path()).join("x.json"), "{").unwrap();
        let record = record(project.path(), true, true);
        record.write().unwrap();
        assert_eq!(untold(project.path()).unwrap(), [record]);
        assert_eq!(untold(project.path()).unwrap(), []);
    }

    #[test]
    fn old_files_are_removed() {
        let project = tempfile::tempdir().unwrap();
        private_file::make_folder(&folder(project.path())).unwrap();
        for second in 0..15 {
            let moment = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(second);
            std::fs::write(path(project.path(), moment, "log"), "").unwrap();
        }
        untold(project.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder(project.path())).unwrap().count(), KEPT);
        assert!(path(project.path(), OffsetDateTime::UNIX_EPOCH + Duration::from_secs(14), "log").exists());
    }

    #[test]
    fn what_was_done_and_what_is_left_to_do_is_said() {
        let project = Path::new("/p");
        assert_eq!(
            record(project, true, true).words(),
            [
                "the last walk on the localnet (simulated), begun at 2026-01-01T00:00:00Z, was killed, or could not take \
                 everything down; the watchdog has taken down what it had started",
                "  `ray down golem-cluster.yaml --yes`: done, 14 s",
                "  its log: `/p/.golem-outbound/watchdog/19700101T000000.000Z.log`",
            ]
        );
        let failed = record(project, false, false).words();
        assert!(failed[1].ends_with("code 1 (tried 3 times), 14 s"), "{failed:?}");
        assert!(failed[2].starts_with("  nodes may still be rented"), "{failed:?}");
        assert_eq!(failed[3], "  type: `ray down golem-cluster.yaml --yes`");
    }
}
