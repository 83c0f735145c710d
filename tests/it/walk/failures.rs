//! Failures that newcomers meet, produced with the real tools, and the hint that each of them gets.
//!
//! Two are not here: a faucet that gives nothing needs five minutes of ray-on-golem's own, and how `environment` refuses
//! a Python that is too new is in `environment.rs`.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::machine::Machine;
use super::project::Place;
use super::turn;

const PASSES: &str = "checks:\n  - exit_code: 0\n";
const STOP: &str = "teardown:\n  - [ray-on-golem, stop, --force, --kill]\n";

/// A market without anybody who lets nodes go everywhere.
const CAREFUL: &str = "providers:
  - name: careful-hare
    subnet: public
    cpu_threads: 4
    mem_gib: 8
    storage_gib: 60
    prices: {start: 0, cpu_hour: 0.02, env_hour: 0.03}
    rules: {enabled: true, everyone: whitelist}
";

/// A project whose tutorial is one step at a time.
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

    /// Starts a localnet in which this goes wrong.
    fn localnet_with(&self, faults: &str) {
        self.place_file("faults.yaml", faults);
        self.localnet(&["up", "--content", "mirror", "--providers", "faults.yaml"]);
    }

    fn place_file(&self, name: &str, text: &str) {
        fs::write(self.project.join(name), text).unwrap();
    }

    fn cluster_file(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.project.join("golem-cluster.yaml")).unwrap();
        assert!(text.contains(from), "no `{from}` in it");
        self.place_file("golem-cluster.yaml", &text.replace(from, to));
    }

    fn step(&self, number: usize, id: &str, run: &str, more: &str) {
        let step = format!("---\nid: {id}\ntitle: T\nrun:\n  - {run}\ntimeout: 3m\n{more}---\n");
        self.place_file(&format!("tutorial/{number:02}-{id}.md"), &step);
    }

    /// Walks a tutorial of this one command; the exit code has to be this one. The known failure that was found.
    fn failure(&self, run: &str, more: &str, code: i32) -> String {
        self.failure_on("localnet", run, &format!("{more}{PASSES}"), code)
    }

    fn failure_on(&self, network: &str, run: &str, more: &str, code: i32) -> String {
        self.step(1, "failing", run, more);
        let walk = ["run", "failing", "--network", network, "--yes", "--trust"];
        let said = self.place.start(&walk, &self.project).end_with(code);
        let hint = &self.hints()[0];
        let shown = hint["why"].as_str().unwrap().split_whitespace().next().unwrap();
        assert!(said.contains(shown), "the walk itself did not show the hint:\n{said}");
        hint["id"].as_str().unwrap().to_owned()
    }

    /// The hint of each step that got one in the last walk.
    fn hints(&self) -> Vec<Value> {
        let report = fs::read_to_string(self.project.join(".golem-outbound/last-run.json")).unwrap();
        let report: Value = serde_json::from_str(&report).unwrap();
        let steps = report["steps"].as_array().unwrap().iter();
        steps.filter_map(|step| step["hints"].as_array().unwrap().last().cloned()).collect()
    }
}

#[test]
fn a_newcomers_failures_get_their_hints() {
    let _turn = turn();
    let (machine, failing) = (Machine::look(), Failing::new());
    failing.localnet_with(CAREFUL);

    // The real yagna that ray-on-golem brings, not the emulated one.
    let real_yagna = "[venv/bin/yagna, payment, fund, --network, hoodi]";
    assert_eq!(failing.failure(real_yagna, "", 4), "yagna-without-network");

    // Without the environment in PATH.
    let not_activated = "[env, PATH=/usr/bin:/bin, venv/bin/ray, up, golem-cluster.yaml, --yes]";
    assert_eq!(failing.failure(not_activated, "", 3), "program-missing");

    let submit = "[ray, submit, golem-cluster.yaml, simple-outbound.py]";
    assert_eq!(failing.failure(submit, STOP, 1), "head-not-found");

    failing.cluster_file("- \"https://ipfs.io\"", "- \"https://www.ipfs.io\"");
    let stats = "[ray-on-golem, network-stats, golem-cluster.yaml, --duration, \"1\"]";
    let nobody = "interrupt_when: {market_idle: 4s, after: Gathering stats data, failed: Traceback}\n\
                  checks:\n  - funnel: {at_least: {Negotiated successfully: 1}}\n";
    assert_eq!(failing.failure_on("localnet", stats, nobody, 1), "whitelist-refuses");

    let up = "[ray, up, --log-style, pretty, golem-cluster.yaml, --yes]";
    let stall = "stall_when: {after: \"[1/9] Getting an agreement\", before: \"[2/9]\", for: 5s}\n";
    let hint = failing.failure(up, &format!("{stall}{STOP}"), 1);
    assert_eq!(hint, "whitelist-refuses", "the market of the localnet told why it stands still");

    failing.localnet(&["down"]);
    machine.assert_nothing_left(&failing.place.path(""));
}

#[test]
fn an_empty_wallet_gets_its_hint() {
    let _turn = turn();
    let (machine, failing) = (Machine::look(), Failing::new());
    failing.localnet_with("faults: {wallet_empty: true}\n");
    failing.cluster_file("payment_network: \"holesky\"", "payment_network: \"polygon\"");
    let up = "[ray, up, --log-style, pretty, golem-cluster.yaml, --yes]";
    assert_eq!(failing.failure(up, STOP, 1), "wallet-empty");
    failing.localnet(&["down"]);
    machine.assert_nothing_left(&failing.place.path(""));
}

/// One cluster for all; the reader skips each step that did not pass.
#[test]
fn what_fails_on_a_node_gets_its_hint() {
    let _turn = turn();
    let (machine, failing) = (Machine::look(), Failing::new());
    failing.place_file(
        "faults.yaml",
        "faults:\n  unresolved_names: [registry.npmjs.org]\n  urls:\n\
         \x20   - {url: 'https://ipfs.io/ipfs/*', status: 429, retry_after: 0}\n\
         \x20   - {url: 'https://dl.dropboxusercontent.com/*', page: true}\n",
    );
    let declared = "- \"https://ipfs.io\"\n          - \"https://dl.dropboxusercontent.com\"";
    failing.cluster_file("- \"https://ipfs.io\"", declared);
    failing.cluster_file("min_workers: 1", "min_workers: 0");
    let up = "[ray, up, --log-style, pretty, golem-cluster.yaml, --yes]";
    let owes =
        "teardown:\n  - [ray, down, golem-cluster.yaml, --yes]\n  - [ray-on-golem, stop, --force, --kill]\n";
    failing.step(1, "ray-up", up, &format!("{owes}{PASSES}"));
    let submit = |rest: &str| format!("[ray, submit, golem-cluster.yaml, simple-outbound.py, {rest}]");
    let failures = [
        ("names", submit("\"https://registry.npmjs.org/\""), "no-name-resolution", "failed"),
        ("undeclared", submit("\"http://ipfs.io/\""), "connection-cut", "failed"),
        ("dropbox", submit("\"https://dl.dropboxusercontent.com/scl/fi/x/a.csv\""), "dropbox-page", "failed"),
        ("throttled", submit("\"https://ipfs.io/ipfs/x\""), "gateway-throttles", "inconclusive"),
        ("arguments", submit("-n, \"20\""), "script-arguments-taken", "failed"),
    ];
    let mut walk_arguments = vec!["run", "--trust", "--content", "mirror", "--providers", "faults.yaml"];
    for (index, (id, run, ..)) in failures.iter().enumerate() {
        failing.step(index + 2, id, run, &format!("needs: [ray-up]\n{PASSES}"));
    }
    walk_arguments.push("--plain");
    let mut walk = failing.place.start_on_terminal(&walk_arguments, &failing.project, 200);
    let question = "for more words: ";
    walk.until(question);
    walk.type_in("r\n");
    walk.until("ray-up: passed");
    for (id, ..) in &failures {
        walk.until(question);
        walk.type_in("r\n");
        walk.until(&format!("{id}: "));
        walk.until(question);
        walk.type_in("s\n");
    }
    let (_, said) = walk.end();
    let found: Vec<_> = failing.hints().iter().map(|hint| hint["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(found, failures.each_ref().map(|(_, _, hint, _)| *hint), "{said}");
    machine.assert_nothing_left(&failing.place.path(""));
}
