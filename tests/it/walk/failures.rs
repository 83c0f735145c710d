//! Failures that newcomers meet, produced with the real tools, and the hint that each of them gets.
//!
//! `environment.rs` shows how a Python that is too new is refused before pip is asked.

mod by_hand;
mod python;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::machine::Machine;
use super::project::{Place, Report};
use super::turns;

const UP: &str = "[ray, up, --log-style, pretty, golem-cluster.yaml, --yes]";
const DOWN: &str = "[ray, down, golem-cluster.yaml, --yes]";
const QUESTION: &str = "for more words: ";
const PASSES: &str = "checks:\n  - exit_code: 0\n";
const STOP: &str = "teardown:\n  - [ray-on-golem, stop, --force, --kill]\n";

/// A module that Python runs first: see there.
const HASTY_CLOCK: &str = include_str!("../fixtures/hasty-clock.py");

/// A market without anybody who lets nodes go everywhere. ray-on-golem waits for two in the subnet that it prefers.
fn careful_market() -> String {
    let provider = |(name, subnet): (&str, &str)| {
        format!(
            "  - {{name: {name}, subnet: {subnet}, cpu_threads: 4, mem_gib: 8, storage_gib: 60, prices: {{start: 0, \
             cpu_hour: 0.02, env_hour: 0.03}}, rules: {{enabled: true, everyone: whitelist}}}}\n"
        )
    };
    let preferred = "ray-on-golem-heads";
    let providers = [("hare", preferred), ("mole", preferred), ("stork", "public")].map(provider);
    format!("providers:\n{}", providers.concat())
}

/// A project whose tutorial is one step at a time.
pub(super) struct Failing {
    pub(super) place: Place,
    pub(super) project: PathBuf,
}

impl Failing {
    pub(super) fn new() -> Self {
        let place = Place::new();
        let project = place.copy_example();
        place.lend_environment(&project);
        for entry in fs::read_dir(project.join("tutorial")).unwrap().flatten() {
            fs::remove_file(entry.path()).unwrap();
        }
        Self { place, project }
    }

    pub(super) fn localnet(&self, arguments: &[&str]) {
        let arguments = [&["localnet"], arguments].concat();
        self.place.start(&arguments, &self.project).end_with(0);
    }

    /// Starts a localnet in which this goes wrong.
    fn localnet_with(&self, faults: &str) {
        self.place_file("faults.yaml", faults);
        self.localnet(&["up", "--content", "mirror", "--providers", "faults.yaml"]);
    }

    pub(super) fn place_file(&self, name: &str, text: &str) {
        fs::write(self.project.join(name), text).unwrap();
    }

    pub(super) fn cluster_file(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.project.join("golem-cluster.yaml")).unwrap();
        assert!(text.contains(from), "no `{from}` in it");
        self.place_file("golem-cluster.yaml", &text.replace(from, to));
    }

    pub(super) fn step(&self, number: usize, id: &str, run: &str, more: &str) {
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

/// Two localnets at a time: one waits for a market while the other starts a cluster.
#[test]
fn a_newcomers_failures_get_their_hints() {
    let _turn = turns(2);
    let machine = Machine::look();
    let (without, by_hand, on_node) = (Failing::new(), Failing::new(), Failing::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            without_a_node(&without);
            by_hand::with_a_cluster_of_somebodys_own(&by_hand);
        });
        scope.spawn(|| on_a_node(&on_node));
    });
    for failing in [without, by_hand, on_node] {
        machine.assert_nothing_left(&failing.place.path(""));
    }
}

fn without_a_node(failing: &Failing) {
    // The localnet's own processes, seen from inside; all others end with them.
    failing.place_file(
        "end.sh",
        "for process in /proc/[1-9]*; do\n\
         case \"$(tr '\\0' ' ' < $process/cmdline)\" in\n\
         \"golem-outbound __localnet supervisor\"*) kill -KILL \"${process#/proc/}\" ;;\n\
         esac\n\
         done\n\
         sleep 60\n",
    );
    let more = format!("{STOP}retry: {{times: 2, pause: 1s}}\n");
    assert_eq!(failing.failure("[sh, end.sh]", &more, 4), "localnet-gone");

    failing.localnet_with(&careful_market());

    // The real yagna that ray-on-golem brings, not the emulated one.
    let real_yagna = "[venv/bin/yagna, payment, fund, --network, hoodi]";
    assert_eq!(failing.failure(real_yagna, "", 4), "yagna-without-network");

    // Without the environment in PATH.
    let not_activated = "[env, PATH=/usr/bin:/bin, venv/bin/ray, up, golem-cluster.yaml, --yes]";
    assert_eq!(failing.failure(not_activated, "", 3), "program-missing");

    failing.cluster_file("- \"https://ipfs.io\"", "- \"https://www.ipfs.io\"");
    let stats = "[ray-on-golem, network-stats, golem-cluster.yaml, --duration, \"1\"]";
    let nobody = "interrupt_when: {market_idle: 2s, after: Gathering stats data, failed: Traceback}\n\
                  checks:\n  - funnel: {at_least: {Negotiated successfully: 1}}\n";
    assert_eq!(failing.failure_on("localnet", stats, nobody, 1), "whitelist-refuses");

    // The tutorial has 55 s. ray-on-golem compares offers for 10 s before it asks anybody.
    let stall = "stall_when: {after: \"[1/9] Getting an agreement\", before: \"[2/9]\", for: 15s}\n";
    let hint = failing.failure(UP, &format!("{stall}{STOP}"), 1);
    assert_eq!(hint, "whitelist-refuses", "the market of the localnet told why it stands still");
    failing.localnet(&["down"]);

    failing.localnet_with(
        "faults:\n  wallet_empty: true\n  faucet_silent: true\n  urls:\n\
         \x20   - {url: 'https://ipfs.io/ipfs/*', status: 504, retry_after: 0}\n",
    );
    let unset = "env, -u, YAGNA_PATH, PATH=/usr/bin:/bin";
    let no_yagna =
        format!("[{unset}, venv/bin/ray-on-golem, network-stats, golem-cluster.yaml, --duration, \"1\"]");
    assert_eq!(failing.failure(&no_yagna, "", 3), "program-missing");

    let overloaded = "[python3, simple-outbound.py, \"https://ipfs.io/ipfs/x\"]";
    assert_eq!(failing.failure(overloaded, "", 4), "gateway-throttles");

    // ray-on-golem asks for five minutes, which is its own constant.
    fs::create_dir(failing.project.join("hasty")).unwrap();
    failing.place_file("hasty/sitecustomize.py", HASTY_CLOCK);
    let hasty =
        UP.replacen('[', &format!("[env, PYTHONPATH={}, ", failing.project.join("hasty").display()), 1);
    assert_eq!(failing.failure(&hasty, STOP, 4), "faucet-silent");

    failing.cluster_file("payment_network: \"holesky\"", "payment_network: \"polygon\"");
    assert_eq!(failing.failure(UP, STOP, 1), "wallet-empty");
    failing.localnet(&["down"]);
}

/// One cluster for all; the reader skips each step that did not pass.
fn on_a_node(failing: &Failing) {
    failing.place_file(
        "faults.yaml",
        "faults:\n  unresolved_names: [registry.npmjs.org]\n  urls:\n\
         \x20   - {url: 'https://ipfs.io/ipfs/*', status: 429, retry_after: 0}\n\
         \x20   - {url: 'https://dl.dropboxusercontent.com/*', page: true}\n",
    );
    let declared = "- \"https://ipfs.io\"\n          - \"https://dl.dropboxusercontent.com\"";
    failing.cluster_file("- \"https://ipfs.io\"", declared);
    failing.cluster_file("min_workers: 1", "min_workers: 0");
    let submit = |rest: &str| format!("[ray, submit, golem-cluster.yaml, simple-outbound.py, {rest}]");
    // Of a process that has just ended nothing can be told.
    let crash = format!(
        "[venv/bin/python, -c, \"import psutil; [it.kill() for it in psutil.process_iter(['cmdline']) if 'webserver' in \
         (it.info['cmdline'] or []) and '{}' in str(it.info['cmdline'])]\"]\n  - {DOWN}",
        failing.project.display()
    );
    let nothing = format!("wait_for: {{nothing_left: true, timeout: 1s}}\n{PASSES}  - no_processes\n");
    let owes = format!("teardown:\n  - {DOWN}\n  - [ray-on-golem, stop, --force, --kill]\n");
    let steps = [
        ("no-cluster", submit("\"https://ipfs.io/\""), &*format!("{STOP}{PASSES}"), Some("head-not-found")),
        ("ray-up", UP.into(), &*format!("{owes}{PASSES}"), None),
        ("names", submit("\"https://registry.npmjs.org/\""), PASSES, Some("no-name-resolution")),
        ("undeclared", submit("\"http://ipfs.io/\""), PASSES, Some("connection-cut")),
        (
            "page",
            submit("\"https://dl.dropboxusercontent.com/scl/fi/x/a.csv\""),
            PASSES,
            Some("dropbox-page"),
        ),
        ("throttled", submit("\"https://ipfs.io/ipfs/x\""), PASSES, Some("gateway-throttles")),
        ("arguments", submit("-n, \"20\""), PASSES, Some("script-arguments-taken")),
        ("crash", crash, &*nothing, Some("nodes-left-behind")),
    ];
    for (index, (id, run, more, _)) in steps.iter().enumerate() {
        failing.step(index, id, run, more);
    }
    let walk = ["run", "--trust", "--plain", "--content", "mirror", "--providers", "faults.yaml"];
    let mut walk = failing.place.start_on_terminal(&walk, &failing.project, 200);
    for (id, .., hint) in &steps {
        walk.until(QUESTION);
        walk.type_in("r\n");
        if hint.is_some() {
            walk.until(QUESTION);
            walk.type_in("s\n");
        } else {
            walk.until(&format!("{id}: passed"));
        }
    }
    let said = walk.end_with(1);
    let found: Vec<_> = failing.hints().iter().map(|hint| hint["id"].as_str().unwrap().to_owned()).collect();
    let expected: Vec<_> = steps.iter().filter_map(|(.., hint)| *hint).collect();
    assert_eq!(found, expected, "{said}");
    let outcome = |id| match id {
        "ray-up" => "passed",
        // A gateway that throttles is nobody's failure.
        "throttled" => "inconclusive",
        _ => "failed",
    };
    let expected: Vec<_> = steps.iter().map(|(id, ..)| (*id, outcome(*id))).collect();
    assert_eq!(Report::of(&failing.project).outcomes(), expected);
}
