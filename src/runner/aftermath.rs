//! What became of the walk before, found when the next one starts.
//!
//! May import `error`. Invariant: nothing is started while a watchdog is still at work, and what it did is told once.

use std::path::Path;
use std::time::Duration;

use time::OffsetDateTime;

use super::ledger::Ledger;
use super::private_file;
use super::watchdog::{self, Record, Why};
use crate::error::{Error, Result};

/// How often it is looked whether the watchdog has done.
const LOOK: Duration = Duration::from_millis(100);

/// Waits for a watchdog that is at work, and returns what has not been told yet. A walk of the project must hold its
/// lock, so that no other starts meanwhile.
///
/// # Errors
/// The project's private folder cannot be used.
pub fn settle(project: &Path, narrate: &mut dyn FnMut(&str)) -> Result<Vec<Record>> {
    let mut waiting = false;
    let lock = loop {
        if let Some(lock) = watchdog::lock(project)? {
            break lock;
        }
        if !std::mem::replace(&mut waiting, true) {
            narrate("the watchdog still takes down what the last walk has started; waiting for it");
        }
        std::thread::sleep(LOOK);
    };
    match Ledger::read(project) {
        Ok(None) => {}
        Ok(Some(ledger)) => abandoned(project, ledger)?,
        Err(error) => {
            let (from, to) =
                (Ledger::path(project), watchdog::folder(project).join("unreadable-teardown.json"));
            std::fs::rename(&from, &to).map_err(|error| Error::io("put aside", &from, error))?;
            narrate(&format!("{}; it now is `{}`", error.message(), to.display()));
        }
    }
    drop(lock);
    watchdog::untold(project)
}

/// Nobody was left to do it: a record says so.
fn abandoned(project: &Path, ledger: Ledger) -> Result<()> {
    let now = OffsetDateTime::now_utc();
    let left = ledger.owed.iter().rev().flat_map(|owed| &owed.commands).map(|command| command.shown.clone());
    let record = Record {
        version: 1,
        walk: ledger.walk.clone(),
        why: Why::WatchdogGone,
        noticed: watchdog::now(),
        finished: None,
        commands: Vec::new(),
        torn_down: false,
        left: left.collect(),
        log: watchdog::path(project, now, "log"),
        told: false,
    };
    record.write()?;
    private_file::remove(&Ledger::path(project))
}

#[cfg(test)]
mod tests {
    use super::super::ledger::{Command, Owed, Walk};
    use super::*;
    use crate::exec::Invocation;

    fn settle_quietly(project: &Path) -> (Vec<Record>, Vec<String>) {
        let mut said = Vec::new();
        let told = settle(project, &mut |text| said.push(text.to_owned())).unwrap();
        (told, said)
    }

    #[test]
    fn a_debt_that_nobody_settled_is_told_once_with_what_to_type() {
        let project = tempfile::tempdir().unwrap();
        assert_eq!(settle_quietly(project.path()), (Vec::new(), Vec::new()));
        let walk = Walk {
            network: "mainnet".into(),
            simulated: false,
            cluster_name: "golem-cluster".into(),
            process: 7,
            begun: "2026-01-01T00:00:00Z".into(),
            lease_ends: None,
        };
        let command = |name: &str| Command::new(name.into(), &Invocation::new([name], "/", Duration::ZERO));
        let owed =
            Owed { step: "ray-up".into(), commands: vec![command("ray down"), command("ray-on-golem stop")] };
        Ledger::new(walk, vec![owed]).write(project.path()).unwrap();
        let (told, _) = settle_quietly(project.path());
        let words = told[0].words();
        assert!(words[0].contains("and its watchdog too, or the machine was switched off"), "{words:?}");
        assert_eq!(words[2..4], ["  type: `ray down`", "  type: `ray-on-golem stop`"]);
        assert_eq!(settle_quietly(project.path()), (Vec::new(), Vec::new()));
    }

    #[test]
    fn a_ledger_that_cannot_be_read_is_put_aside() {
        let project = tempfile::tempdir().unwrap();
        private_file::make_folder(&watchdog::folder(project.path())).unwrap();
        std::fs::write(Ledger::path(project.path()), "{\"version\":").unwrap();
        let (told, said) = settle_quietly(project.path());
        assert!(told.is_empty() && said[0].contains("unreadable-teardown.json"), "{said:?}");
        assert!(!Ledger::path(project.path()).exists());
    }

    #[test]
    fn a_watchdog_at_work_is_waited_for() {
        let project = tempfile::tempdir().unwrap();
        let mut at_work = watchdog::lock(project.path()).unwrap();
        assert!(at_work.is_some() && watchdog::lock(project.path()).unwrap().is_none());
        let mut said = Vec::new();
        let mut note = |text: &str| {
            said.push(text.to_owned());
            at_work.take();
        };
        assert_eq!(settle(project.path(), &mut note).unwrap(), []);
        assert_eq!(said, ["the watchdog still takes down what the last walk has started; waiting for it"]);
    }
}
