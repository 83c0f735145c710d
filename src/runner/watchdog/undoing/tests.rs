//! A teardown over scripted commands: order, tries, what stays owed.

use std::cell::RefCell;
use std::rc::Rc;

use time::OffsetDateTime;

use super::super::super::ledger::{Owed, Walk};
use super::super::super::private_file;
use super::super::record::{Why, path, untold};
use super::*;
use crate::error::Result;
use crate::exec::Invocation;
use crate::network::{Ended, Tick};

/// Fails each of these commands as often as it says.
struct Scripted {
    ran: Rc<RefCell<Vec<String>>>,
    failures: Vec<(&'static str, u32)>,
}

impl CommandRunner for Scripted {
    fn run(&mut self, invocation: &Invocation, watch: &mut dyn FnMut(Tick<'_>) -> Action) -> Result<Ended> {
        let line = invocation.argv[0].to_string_lossy().into_owned();
        self.ran.borrow_mut().push(line.clone());
        let said = "-H=Authorization: Bearer k3y\nhalf a line";
        watch(Tick { chunk: said, output: said, elapsed: Duration::ZERO });
        let left = self.failures.iter_mut().find(|(command, left)| *command == line && *left > 0);
        let exit = left.map_or(Exit::Code(0), |(_, left)| {
            *left -= 1;
            Exit::Code(1)
        });
        Ok(Ended { exit, output: said.into(), elapsed: Duration::ZERO })
    }

    fn interact(&mut self, _: &Invocation, _: &dyn Fn() -> bool) -> Result<Exit> {
        unreachable!("nobody is asked in a teardown")
    }
}

struct Undone {
    ran: Vec<String>,
    pauses: Vec<u64>,
    record: Record,
    log: String,
    project: tempfile::TempDir,
}

fn undo(simulated: bool, failures: Vec<(&'static str, u32)>) -> Undone {
    let project = tempfile::tempdir().unwrap();
    private_file::make_folder(&super::super::folder(project.path())).unwrap();
    let command =
        |name: &str| Command::new(name.into(), &Invocation::new([name], "/", Duration::from_secs(1)));
    let owed = |step: &str, commands: &[&str]| Owed {
        step: step.into(),
        commands: commands.iter().map(|name| command(name)).collect(),
    };
    let walk = Walk {
        network: "localnet".into(),
        simulated,
        cluster_name: "c".into(),
        process: 1,
        begun: String::new(),
        lease_ends: None,
    };
    let ledger = Ledger::new(walk.clone(), vec![owed("up", &["down", "stop"]), owed("submit", &["forget"])]);
    ledger.write(project.path()).unwrap();
    let mut record = Record {
        version: 1,
        walk,
        why: Why::WalkGone,
        noticed: now(),
        finished: None,
        commands: Vec::new(),
        torn_down: false,
        left: Vec::new(),
        log: path(project.path(), OffsetDateTime::UNIX_EPOCH, "log"),
        told: false,
    };
    let ran = Rc::<RefCell<Vec<String>>>::default();
    let (mut pauses, mut log) = (Vec::new(), Vec::new());
    Undoing {
        project: project.path(),
        commands: &mut Scripted { ran: ran.clone(), failures },
        pause: &mut |pause| pauses.push(pause.as_secs()),
        log: &mut log,
    }
    .run(ledger, &mut record);
    let ran = ran.borrow().clone();
    Undone { ran, pauses, record, log: String::from_utf8(log).unwrap(), project }
}

fn tries(record: &Record) -> Vec<(&str, bool, u32)> {
    record.commands.iter().map(|done| (&*done.command, done.ok, done.tries)).collect()
}

#[test]
fn everything_is_undone_newest_step_first_and_recorded() {
    let undone = undo(true, Vec::new());
    assert_eq!(undone.ran, ["forget", "down", "stop"]);
    assert_eq!(undone.pauses, [0u64; 0]);
    assert!(undone.record.torn_down && undone.record.finished.is_some() && undone.record.left.is_empty());
    assert_eq!(Ledger::read(undone.project.path()).unwrap(), None);
    assert_eq!(untold(undone.project.path()).unwrap(), [undone.record]);
}

#[test]
fn a_failing_command_is_tried_again_with_longer_pauses() {
    let undone = undo(false, vec![("down", 5)]);
    assert_eq!(undone.pauses, [5, 10, 20, 40, 60]);
    assert_eq!(tries(&undone.record), [("forget", true, 1), ("down", true, 6), ("stop", true, 1)]);
    assert!(undone.record.torn_down);
}

#[test]
fn the_last_command_of_a_step_can_make_up_for_those_before_it() {
    let undone = undo(true, vec![("down", 9)]);
    assert_eq!(tries(&undone.record), [("forget", true, 1), ("down", false, 3), ("stop", true, 1)]);
    assert!(undone.record.torn_down && undone.record.left.is_empty());
}

#[test]
fn what_could_not_be_undone_is_named_and_the_rest_is_undone() {
    let undone = undo(true, vec![("forget", 9)]);
    assert_eq!(undone.ran, ["forget", "forget", "forget", "down", "stop"]);
    assert!(!undone.record.torn_down);
    assert_eq!(undone.record.left, ["forget"]);
    assert_eq!(Ledger::read(undone.project.path()).unwrap(), None, "the record says what is left");
}

#[test]
fn the_log_has_the_commands_and_no_key() {
    let log = undo(true, Vec::new()).log;
    assert!(log.contains(" $ down\n") && log.contains("half a line\n"), "{log}");
    assert!(log.contains("Bearer [redacted]") && !log.contains("k3y"), "{log}");
}
