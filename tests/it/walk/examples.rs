//! The programs of `examples/programs`, typed as their page shows: two clusters on one localnet, beside each other.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use regex::Regex;
use serde_json::Value;

use super::machine::Machine;
use super::project::Place;
use super::running::Running;
use super::turn;
use crate::docs::blocks;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/programs");

/// The first cluster's head and worker. The second cluster's head has the first address, too, in a VPN of its own.
const NODES: [&str; 2] = ["192.168.0.3", "192.168.0.4"];

/// What only a defect, or a machine that is busy with something else, needs.
const PATIENCE: Duration = Duration::from_secs(240);

/// A copy of the folder, and what was typed in it.
struct Programs {
    place: Place,
    typed: Mutex<Vec<String>>,
}

impl Programs {
    fn new() -> Self {
        let programs = Self { place: Place::new(), typed: Mutex::default() };
        let copied = Command::new("cp").arg("-r").arg(FOLDER).arg(programs.folder()).status().unwrap();
        assert!(copied.success());
        programs.place.lend_environment(&programs.folder());
        programs
    }

    fn folder(&self) -> PathBuf {
        self.place.path("programs")
    }

    /// A command line of the page, which is taken for typed; with its words as a shell takes them apart.
    fn command(&self, line: &str) -> Command {
        self.typed.lock().unwrap().push(line.to_owned());
        let (line, input) = line.split_once(" < ").map_or((line, None), |(line, file)| (line, Some(file)));
        let words = line.split('\'').enumerate().flat_map(|(index, part)| {
            if index % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }
        });
        let words: Vec<&str> = words.collect();
        let mut command = self.place.command(&words[1..], &self.folder());
        command.stdin(
            input.map_or_else(Stdio::null, |file| File::open(self.folder().join(file)).unwrap().into()),
        );
        command
    }

    /// What a command that has to end with 0 said, on both streams.
    fn run(&self, line: &str) -> String {
        let output = self.command(line).output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let said = console::strip_ansi_codes(&said).into_owned();
        assert_eq!(output.status.code(), Some(0), "`{line}`: {said}");
        said
    }

    fn exec(&self, line: &str) -> String {
        self.run(&format!("golem-outbound localnet exec -- {line}"))
    }

    /// What the localnet says of the market.
    fn market(&self) -> Value {
        let output = self.place.command(&["localnet", "status", "--format", "json"], &self.folder()).output();
        let status: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        status["market"].clone()
    }

    /// Nodes of both clusters that run.
    fn running_nodes(&self) -> usize {
        let market = self.market();
        let activities = market["activities"].as_array().unwrap();
        activities.iter().filter(|activity| activity["alive"] == true).count()
    }

    /// Asks until it is so.
    fn eventually(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < deadline, "{what}: {:#}", self.market());
            thread::sleep(Duration::from_millis(500));
        }
    }
}

impl Drop for Programs {
    /// A test that fails leaves no localnet.
    fn drop(&mut self) {
        let _ = self.place.command(&["localnet", "down"], &self.folder()).output();
    }
}

/// Every match of a pattern at the beginning of a line: the first group, and the others.
fn rows(pattern: &str, said: &str) -> BTreeMap<String, Vec<String>> {
    let pattern = Regex::new(&format!("(?m)^{pattern}")).unwrap();
    let row = |row: regex::Captures| {
        let mut groups = row.iter().skip(1).map(|group| group.unwrap().as_str().to_owned());
        (groups.next().unwrap(), groups.collect())
    };
    pattern.captures_iter(said).map(row).collect()
}

/// What is expected of both nodes of the first cluster.
fn of_both(row: &[&str]) -> BTreeMap<String, Vec<String>> {
    let row: Vec<String> = row.iter().map(|&text| text.to_owned()).collect();
    NODES.map(|node| (node.to_owned(), row.clone())).into()
}

#[test]
fn the_cluster_files_of_the_programs_can_be_used() {
    for file in ["golem-cluster.yaml", "growing-cluster.yaml"] {
        let mut check = Command::new(env!("CARGO_BIN_EXE_golem-outbound"));
        let output =
            check.args(["check", "--format", "json"]).arg(format!("{FOLDER}/{file}")).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{file}: {output:?}");
    }
}

#[test]
fn every_program_of_the_examples_does_what_its_page_says() {
    let _turn = turn();
    let (machine, programs) = (Machine::look(), Programs::new());
    programs.run("golem-outbound localnet up --content mirror");
    assert!(programs.exec("ray-on-golem start").contains("Starting webserver done"));
    both_clusters_come_up(&programs);
    thread::scope(|scope| {
        let growing =
            scope.spawn(|| programs.exec("ray submit growing-cluster.yaml simple-task.py -- --count 400"));
        every_node_reaches_the_internet(&programs);
        an_actor_remembers(&programs);
        files_go_there_and_come_back(&programs);
        commands_run_on_the_head(&programs);
        the_dashboard_is_reached_by_http(&programs);
        ray_on_golem_tells_and_keeps_reputations(&programs);
        assert_work_was_shared(&growing.join().unwrap());
    });
    the_second_cluster_shrinks_to_its_head(&programs);
    assert_eq!(programs.market()["unknown_routes"], Value::Array(Vec::new()), "yagna's API lacks a route");
    everything_ends(&programs);
    machine.assert_nothing_left(&programs.place.path(""));
    assert_page_was_typed(&programs.typed.lock().unwrap());
}

fn both_clusters_come_up(programs: &Programs) {
    thread::scope(|scope| {
        let second = scope.spawn(|| programs.exec("ray up growing-cluster.yaml --yes"));
        let said = programs.exec("ray up golem-cluster.yaml --yes");
        assert!(said.contains("Not starting the webserver, as it's already running"), "{said}");
        assert!(said.contains("Looking in indexes: https://pypi.dev.golem.network/simple"), "{said}");
        assert!(said.contains("Successfully installed golem-outbound-greeting-1.0+simulated"), "{said}");
        let said = second.join().unwrap();
        assert!(said.contains("Starting webserver on http://127.0.0.1:4579..."), "{said}");
    });
    let market = programs.market();
    let alive = market["activities"].as_array().unwrap().iter().filter(|node| node["alive"] == true);
    let heads: Vec<&Value> = alive.filter(|node| node["vpn_ip"] == NODES[0]).collect();
    assert_eq!(heads.len(), 2, "one head each: {market:#}");
    assert_ne!(heads[0]["vpn"], heads[1]["vpn"], "each cluster has a VPN of its own");
    let worker = Regex::new(r"(?s)Active:\s+1 ray.head.default\s+1 ray.worker.default\s").unwrap();
    programs.eventually("the first cluster's worker comes", || {
        worker.is_match(&programs.exec("ray exec golem-cluster.yaml 'ray status'"))
    });
}

fn every_node_reaches_the_internet(programs: &Programs) {
    let result = r"(192\.168\.\S+): (\d+) of (\d+) good, connections: (\d+),";
    let said = programs.exec("ray submit golem-cluster.yaml outbound-tester.py");
    assert_eq!(rows(result, &said), of_both(&["24", "24", "1"]), "{said}");
    let said =
        programs.exec("ray submit golem-cluster.yaml outbound-tester.py -- --requests 12 --no-keep-alive");
    assert_eq!(rows(result, &said), of_both(&["12", "12", "12"]), "{said}");
}

fn an_actor_remembers(programs: &Programs) {
    let said = programs.exec("ray submit golem-cluster.yaml actor.py");
    assert_eq!(rows(r" +(192\.168\.\S+) wrote (\d+) times", &said), of_both(&["10"]), "{said}");
    assert!(said.contains("total 110, expected 110"), "{said}");
}

fn files_go_there_and_come_back(programs: &Programs) {
    let said = programs.exec("ray submit golem-cluster.yaml letters.py");
    assert_eq!(rows(r"(192\.168\.\S+): \d+ words in (\d+) letters", &said), of_both(&["2"]), "{said}");
    programs.exec("ray rsync-down golem-cluster.yaml /root/replies/ ./replies/");
    let report = fs::read_to_string(programs.folder().join("replies/words.json")).unwrap();
    let words = |name: &str| {
        let letter = fs::read_to_string(programs.folder().join("letters").join(name)).unwrap();
        letter.split_whitespace().count()
    };
    let expected = serde_json::json!({"first.txt": words("first.txt"), "second.txt": words("second.txt")});
    let expected = serde_json::json!({(NODES[0]): expected, (NODES[1]): expected});
    assert_eq!(serde_json::from_str::<Value>(&report).unwrap(), expected);
}

fn commands_run_on_the_head(programs: &Programs) {
    programs.exec("ray rsync-up golem-cluster.yaml visit.sh /root/visit.sh");
    let said = programs.exec("ray exec golem-cluster.yaml 'cat /root/visit.sh'").replace('\r', "");
    let script = fs::read_to_string(programs.folder().join("visit.sh")).unwrap();
    assert!(said.contains(&script), "{said}");
    let said = programs.exec("ray attach golem-cluster.yaml < visit.sh");
    assert!(said.contains("visiting 192.168.0.3 as root"), "{said}");
    assert!(said.contains("first.txt  second.txt"), "{said}");
}

fn the_dashboard_is_reached_by_http(programs: &Programs) {
    let tunnel = programs.command("golem-outbound localnet exec -- ray dashboard golem-cluster.yaml");
    let _tunnel = Running::start(tunnel, programs.place.path("dashboard-stderr"));
    let ask = "golem-outbound localnet exec -- curl http://127.0.0.1:8265/api/version";
    let mut answer = Vec::new();
    programs.eventually("the dashboard answers", || {
        let output = programs.command(ask).output().unwrap();
        answer = output.stdout;
        output.status.success()
    });
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["ray_version"], "2.9.3");
}

fn ray_on_golem_tells_and_keeps_reputations(programs: &Programs) {
    let said = programs.exec("ray-on-golem status");
    assert!(said.contains("http://127.0.0.1:4578") && said.contains("Running"), "{said}");
    let said = programs.exec("ray-on-golem status --port 4579");
    assert!(said.contains("/tmp/ray-on-golem-growing") && said.contains("Running"), "{said}");

    let providers = programs.market()["providers"].as_array().unwrap().clone();
    let said = programs.exec("ray-on-golem reputation list --network holesky");
    assert!(said.contains(&format!("{} nodes found.", providers.len())), "{said}");
    let blocked = providers[0]["id"].as_str().unwrap();
    programs.exec(&format!("ray-on-golem reputation block --network holesky {blocked}"));
    let said = programs.exec("ray-on-golem reputation list --network holesky --blacklist");
    assert!(said.contains(blocked) && said.contains("1 nodes found."), "{said}");
}

/// By Ray's autoscaler, which rents workers for tasks that wait.
fn assert_work_was_shared(said: &str) {
    let done = rows(r" +(192\.168\.\S+): (\d+)\s*$", said);
    let tasks = done.values().map(|row| row[0].parse::<u32>().unwrap());
    assert_eq!(tasks.sum::<u32>(), 400, "{said}");
    assert!(done.len() > 1, "no worker came: {said}");
}

fn the_second_cluster_shrinks_to_its_head(programs: &Programs) {
    programs.eventually("idle workers are given back", || programs.running_nodes() == NODES.len() + 1);
    // Those that are left are the first cluster's, whose worker has to stay, and one head.
    let said = programs.exec("ray submit golem-cluster.yaml greeting.py");
    let greeted = rows(r"Hello, (192\.168\.\d+\.\d+), from a package that pip installed\.", &said);
    assert_eq!(greeted, of_both(&[]), "{said}");
    let said = programs.exec("ray exec growing-cluster.yaml 'ray status'");
    assert!(said.contains("1 ray.head.default"), "{said}");
}

fn everything_ends(programs: &Programs) {
    thread::scope(|scope| {
        let second = scope.spawn(|| programs.exec("ray down growing-cluster.yaml --yes"));
        let first = programs.exec("ray down golem-cluster.yaml --yes");
        for said in [first, second.join().unwrap()] {
            assert!(said.contains("No nodes remaining."), "{said}");
        }
    });
    assert_eq!(programs.running_nodes(), 0);
    let second = "ray-on-golem stop --port 4579 --datadir /tmp/ray-on-golem-growing";
    for stop in [second, "ray-on-golem stop"] {
        let said = programs.exec(stop);
        assert!(said.contains("Shutdown completed."), "{said}");
    }
    programs.run("golem-outbound localnet down");
}

/// The page shows nothing that is not typed here.
fn assert_page_was_typed(typed: &[String]) {
    let page = fs::read_to_string(format!("{FOLDER}/README.md")).unwrap();
    let shown: Vec<String> = blocks(&page)
        .iter()
        .flat_map(|block| block.commands().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert!(shown.len() > 20, "{shown:?}");
    for command in shown {
        assert!(typed.contains(&command), "nobody typed `{command}`");
    }
}
