//! A walk that is ended in its middle: by Ctrl-C on its terminal, by `kill`, by its terminal's end, and by a kill that it
//! cannot answer. All in one project, one after the other, so that each also shows that the one before left nothing in its way;
//! and the last goes on where the one before it was killed.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::machine::Machine;
use super::project::{Place, Report};
use super::pty::CTRL_C;
use super::running::Running;
use super::{turn, watchdog};
use crate::secrets::{self, PRIVATE_KEY};

const TEARDOWN: [(&str, bool); 2] =
    [("ray down golem-cluster.yaml --yes", true), ("ray-on-golem stop --force --kill", true)];

fn outcome(project: &Path, step: &str) -> String {
    let report = Report::of(project);
    let found = report.outcomes().into_iter().find(|(id, _)| *id == step);
    found.unwrap_or_else(|| panic!("no step `{step}`")).1.to_owned()
}

/// The app-keys of the walk's yagna, as ray-on-golem gets them.
fn app_keys(place: &Place, project: &Path) -> Vec<String> {
    let list = "\"$YAGNA_PATH\" app-key list --json";
    let listed = place.command(&["localnet", "exec", "--", "sh", "-c", list], project).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let keys: Vec<String> =
        listed.as_array().unwrap().iter().map(|listed| listed["key"].as_str().unwrap().to_owned()).collect();
    assert!(!keys.is_empty(), "ray-on-golem makes an app-key");
    keys
}

/// These keys, and any private one.
fn secrets_beside(keys: &[String]) -> Vec<&str> {
    keys.iter().map(String::as_str).chain([PRIVATE_KEY]).collect()
}

/// While the cluster is up: nowhere on the disk and not on the screen, though ray-on-golem has logged ssh's command lines.
fn assert_no_key_is_told(project: &Path, keys: &[String], walk: &Running) {
    let localnet = project.join(".golem-outbound/localnet");
    let log = fs::read_to_string(localnet.join("ray-on-golem/webserver_debug.log")).unwrap();
    assert!(log.contains("Bearer [redacted]"), "{log}");
    assert_eq!(secrets::holders(project, &secrets_beside(keys)), Vec::<PathBuf>::new());
    assert!(keys.iter().all(|key| !walk.seen().contains(key) && !walk.stderr().contains(key)));
    secrets::assert_private(&localnet);
}

/// By the watchdog, with the real `ray down`, in a localnet that outlived the walk for that; and then nothing is left.
fn assert_taken_down(machine: &Machine, project: &Path, count: usize) {
    watchdog::wait(project);
    machine.assert_nothing_left_soon(project);
    let records = watchdog::records(project);
    assert_eq!(records.len(), count);
    let record = &records[count - 1];
    assert_eq!((&record["why"], &record["torn_down"]), (&"walk-gone".into(), &true.into()), "{record:#}");
    let done: Vec<(&str, bool)> = watchdog::commands(record);
    assert_eq!(done, TEARDOWN, "{record:#}");
    let log = fs::read_to_string(record["log"].as_str().unwrap()).unwrap();
    assert!(log.contains("No nodes remaining."), "{log}");
    secrets::assert_private(&project.join(".golem-outbound/watchdog"));
}

#[test]
fn nothing_is_left_however_a_walk_ends() {
    let _turn = turn();
    let (machine, place) = (Machine::look(), Place::new());
    let project = place.copy_example();
    place.lend_environment(&project);
    let from = |step| ["run", "--yes", "--content", "mirror", "--from", step];
    let walk_from = |step| place.start(&from(step), &project);
    let walk_on_terminal_from = |step| place.start_on_terminal(&from(step), &project, 80);
    let assert_interrupted = |step: &str, teardown: &[(&str, bool)]| {
        machine.assert_nothing_left(&project);
        assert_ne!(outcome(&project, step), "passed");
        assert_eq!(Report::of(&project).teardown(), teardown);
    };

    let mut walk = walk_on_terminal_from("network-stats");
    walk.until("Gathering stats data");
    let second = place.command(&["run", "--yes"], &project).output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another walk"), "{second:?}");
    walk.type_in(CTRL_C);
    walk.end_with(130);
    assert_interrupted("network-stats", &[]);

    let mut walk = walk_on_terminal_from("ray-up");
    walk.until("[1/9]");
    walk.type_in(CTRL_C);
    let shown = walk.end_with(130);
    assert!(shown.contains("ray-up: ") && shown.contains("interrupted"), "{shown}");
    assert_interrupted("ray-up", &TEARDOWN);

    let mut walk = walk_from("ray-up");
    walk.until("[1/9]");
    walk.murder();
    assert_taken_down(&machine, &project, 1);

    let mut walk = walk_on_terminal_from("ray-up");
    walk.until("`ray down golem-cluster.yaml --yes`: done");
    walk.until("ray-up: passed");
    walk.until("Fetched IP");
    walk.close_terminal();
    walk.end_with(130);
    assert_interrupted("ray-submit", &TEARDOWN);

    let going_on = ["run", "--yes", "--content", "mirror"];
    let mut walk = place.start(&going_on, &project);
    walk.until("Useful commands:");
    let keys = app_keys(&place, &project);
    assert_no_key_is_told(&project, &keys, &walk);
    walk.murder();
    assert_taken_down(&machine, &project, 2);
    assert_eq!(secrets::holders(&project, &secrets_beside(&keys)), Vec::<PathBuf>::new());
    let status = place.command(&["localnet", "status"], &project).output().unwrap();
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert_eq!(status.split_whitespace().take(2).collect::<Vec<_>>(), ["localnet", "down"], "{status}");

    let shown = place.start(&going_on, &project).end_with(0);
    let why = "6 of 10 steps done; the walk goes on at `ray-up`: it was begun and did not come to its end";
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(why), "{shown}");
    let report = Report::of(&project);
    let outcomes: Vec<&str> = report.outcomes().into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(outcomes, [["skipped"; 6].as_slice(), &["passed"; 4]].concat(), "{shown}");
    machine.assert_nothing_left(&project);
}

/// Nothing has been started yet, so this takes no time; what is left of it is the report.
#[test]
fn a_question_is_answered_by_ctrl_c_by_quit_by_kill_and_by_the_end_of_the_terminal() {
    let place = Place::new();
    let project = place.copy_example();
    let asked = || {
        let mut walk = place.start_on_terminal(&["run", "--again", "--content", "mirror"], &project, 40);
        walk.until("[?]: ");
        walk
    };
    for keys in [CTRL_C, "q\n"] {
        let mut walk = asked();
        walk.type_in(keys);
        walk.end_with(130);
        assert_eq!(outcome(&project, "prerequisites"), "notreached");
    }
    let mut walk = asked();
    walk.close_terminal();
    walk.end_with(130);
    let walk = asked();
    walk.signal(Signal::SIGTERM);
    walk.end_with(130);
    let mut walk = asked();
    walk.type_in("what?\n");
    walk.until("[?]: ");
    walk.type_in("s\n");
    let shown = walk.end_with(4);
    assert!(
        shown.contains("prerequisites: skipped") && shown.contains("environment: not reached"),
        "{shown}"
    );
}
