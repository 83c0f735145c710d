//! A walk that is ended in its middle: by Ctrl-C, by `kill`, by a closed terminal, and by a kill that it cannot answer.
//! All in one project, one after the other, so that each also shows that the one before left nothing in its way.

use std::path::Path;

use nix::sys::signal::Signal;

use super::machine::Machine;
use super::project::{Place, Report};
use super::turn;

const TEARDOWN: [(&str, bool); 2] =
    [("ray down golem-cluster.yaml --yes", true), ("ray-on-golem stop --force --kill", true)];

fn outcome(project: &Path, step: &str) -> String {
    let report = Report::of(project);
    let found = report.outcomes().into_iter().find(|(id, _)| *id == step);
    found.unwrap_or_else(|| panic!("no step `{step}`")).1.to_owned()
}

#[test]
fn nothing_is_left_however_a_walk_ends() {
    let _turn = turn();
    let (machine, place) = (Machine::look(), Place::new());
    let project = place.copy_example();
    place.lend_environment(&project);
    let walk_from = |step| place.start(&["run", "--yes", "--content", "mirror", "--from", step], &project);
    let assert_interrupted = |step: &str, teardown: &[(&str, bool)]| {
        machine.assert_nothing_left(&project);
        assert_ne!(outcome(&project, step), "passed");
        assert_eq!(Report::of(&project).teardown(), teardown);
    };

    let walk = {
        let mut walk = walk_from("network-stats");
        walk.until("Gathering stats data");
        walk
    };
    let second = place.command(&["run", "--yes"], &project).output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another walk"), "{second:?}");
    walk.signal_group(Signal::SIGINT);
    walk.end_with(130);
    assert_interrupted("network-stats", &[]);

    let mut walk = walk_from("ray-up");
    walk.until("[1/9]");
    walk.signal(Signal::SIGTERM);
    walk.end_with(130);
    assert_interrupted("ray-up", &TEARDOWN);

    let mut walk = walk_from("ray-up");
    walk.until("[1/9]");
    walk.murder();
    machine.assert_nothing_left_soon(&project);

    let mut walk = walk_from("ray-up");
    walk.until("ray-up: passed");
    walk.until("Fetched IP");
    walk.signal_group(Signal::SIGHUP);
    walk.end_with(130);
    assert_interrupted("ray-submit", &TEARDOWN);

    let mut walk = walk_from("ray-up");
    walk.until("Useful commands:");
    walk.murder();
    machine.assert_nothing_left_soon(&project);
    let status = place.command(&["localnet", "status"], &project).output().unwrap();
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    let state: Vec<&str> = said.split_whitespace().take(2).collect();
    assert_eq!(state, ["localnet", "down"], "{status:?}");
}
