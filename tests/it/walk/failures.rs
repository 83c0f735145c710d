//! Failures that newcomers meet, produced with the real tools, and the hint that each of them gets.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::machine::Machine;
use super::project::Place;
use super::turn;

/// A project whose tutorial is one step at a time, in one localnet.
struct Failing {
    place: Place,
    project: PathBuf,
}

impl Failing {
    fn new() -> Self {
        let place = Place::new();
        let project = place.copy_example();
        place.lend_environment(&project);
        for entry in fs::read_dir(project.join("tutorial")).unwrap().flatten() {
            fs::remove_file(entry.path()).unwrap();
        }
        Self { place, project }
    }

    fn localnet(&self, arguments: &[&str]) {
        let arguments = [&["localnet"], arguments].concat();
        self.place.start(&arguments, &self.project).end_with(0);
    }

    /// Walks a tutorial of this one command; the exit code has to be this one. The known failure that was found.
    fn failure(&self, run: &str, more: &str, code: i32) -> String {
        let step = format!(
            "---\nid: failing\ntitle: T\nrun:\n  - {run}\nnetworks: [localnet]\ntimeout: 4m\n{more}checks:\n  - exit_code: 0\n---\n"
        );
        fs::write(self.project.join("tutorial/01-failing.md"), step).unwrap();
        self.place.start(&["run", "failing", "--yes"], &self.project).end_with(code);
        found(&self.project)
    }
}

/// The id of the last hint of the last walk.
fn found(project: &Path) -> String {
    let report = fs::read_to_string(project.join(".golem-outbound/last-run.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let hints = report["steps"][0]["hints"].as_array().unwrap();
    hints.last().unwrap_or_else(|| panic!("no hint: {report:#}"))["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_newcomers_failures_get_their_hints() {
    let _turn = turn();
    let (machine, failing) = (Machine::look(), Failing::new());
    failing.localnet(&["up", "--content", "mirror"]);

    // The real yagna that ray-on-golem brings, not the emulated one.
    let real_yagna = "[venv/bin/yagna, payment, fund, --network, hoodi]";
    assert_eq!(failing.failure(real_yagna, "", 4), "yagna-without-network");

    // Without the environment in PATH.
    let not_activated = "[env, PATH=/usr/bin:/bin, venv/bin/ray, up, golem-cluster.yaml, --yes]";
    assert_eq!(failing.failure(not_activated, "", 3), "program-missing");

    let submit = "[ray, submit, golem-cluster.yaml, simple-outbound.py]";
    let stop = "teardown:\n  - [ray-on-golem, stop, --force, --kill]\n";
    assert_eq!(failing.failure(submit, stop, 1), "head-not-found");

    failing.localnet(&["down"]);
    machine.assert_nothing_left(&failing.place.path(""));
}
