//! `localnet up | exec | status | down` with somebody else's cluster file and program, without a project.

use std::fs;
use std::process::Output;

use nix::sys::signal::Signal;
use regex::Regex;
use serde_json::Value;

use super::machine::Machine;
use super::project::Place;
use super::turn;

const CLUSTER: &str = include_str!("../fixtures/somebody-elses-cluster.yaml");
const PROGRAM: &str = include_str!("../fixtures/where-am-i.py");

/// A folder with the cluster file, a variant that asks for a foreign host, one with an unknown image, and a program.
struct Elsewhere {
    place: Place,
}

impl Elsewhere {
    fn new() -> Self {
        let elsewhere = Self { place: Place::new() };
        let changed = |from, to| {
            assert!(CLUSTER.contains(from));
            CLUSTER.replace(from, to)
        };
        for (name, text) in [
            ("cluster.yaml", CLUSTER.to_owned()),
            ("foreign.yaml", changed("https://pypi.dev.golem.network", "https://example.com")),
            ("unknown-image.yaml", changed("0.13.0-py3.10.13", "9.9.9-py3.10.13")),
            ("where-am-i.py", PROGRAM.to_owned()),
            ("words.txt", "brought along\n".to_owned()),
        ] {
            fs::write(elsewhere.place.path(name), text).unwrap();
        }
        elsewhere
    }

    fn localnet(&self, verb: &str, rest: &[&str]) -> Output {
        let dir = self.place.path("net");
        let arguments = [&["localnet", verb, "--dir", dir.to_str().unwrap()], rest].concat();
        self.place.command(&arguments, &self.place.path("")).output().unwrap()
    }

    /// Both streams of a command in the localnet that has to end with this code.
    fn exec(&self, code: i32, command: &[&str]) -> String {
        let output = self.localnet("exec", &[&["--"], command].concat());
        let said =
            console::strip_ansi_codes(&String::from_utf8_lossy(&[output.stdout, output.stderr].concat()))
                .into_owned();
        assert_eq!(output.status.code(), Some(code), "{command:?}: {said}");
        said
    }

    fn status(&self) -> Value {
        serde_json::from_slice(&self.localnet("status", &["--format", "json"]).stdout).unwrap()
    }

    /// The funnel of `network-stats`, which is interrupted as a person does it, once the market has fallen silent.
    fn negotiated(&self, file: &str) -> u64 {
        let dir = self.place.path("net");
        let command = ["ray-on-golem", "network-stats", file, "--duration", "1"];
        let arguments = [&["localnet", "exec", "--dir", dir.to_str().unwrap(), "--"], &command[..]].concat();
        let mut stats = self.place.start(&arguments, &self.place.path(""));
        stats.until("Gathering stats data");
        let is_silent = |status: Value| {
            let market = &status["market"];
            !market["demands"].as_array().unwrap().is_empty()
                && market["market_idle_for_ms"].as_u64() > Some(4000)
        };
        while !is_silent(self.status()) {}
        stats.signal(Signal::SIGINT);
        let said = stats.end_with(0);
        let count = Regex::new(r"Negotiated successfully: (\d+)").unwrap();
        count.captures(&said).unwrap_or_else(|| panic!("no funnel: {said}"))[1].parse().unwrap()
    }
}

/// Addresses behind a word at the beginning of a line.
fn addresses(word: &str, said: &str) -> Vec<String> {
    let lines = said.lines().filter_map(|line| line.trim().strip_prefix(word));
    lines.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

#[test]
fn somebody_elses_cluster_and_program_work_too() {
    let _turn = turn();
    let (machine, elsewhere) = (Machine::look(), Elsewhere::new());
    let environment = crate::python_env::environment().to_str().unwrap();
    let up = elsewhere.localnet("up", &["--content", "mirror", "--venv", environment]);
    assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
    assert_eq!(elsewhere.status()["network"], "simulated");

    // Two providers at most let anybody go anywhere; the others have a whitelist, and this host is not on it.
    assert!(elsewhere.negotiated("foreign.yaml") <= 2);
    let refused = elsewhere.exec(1, &["ray", "up", "unknown-image.yaml", "--yes"]);
    let expected = "Image tag `golem/ray-on-golem:9.9.9-py3.10.13-ray2.9.3` does not exist";
    assert!(refused.contains(expected), "{refused}");

    elsewhere.exec(0, &["ray", "up", "cluster.yaml", "--yes"]);
    let said = elsewhere.exec(0, &["ray", "submit", "cluster.yaml", "where-am-i.py", "an argument"]);
    let here = addresses("HERE", &said);
    assert_eq!(here.len(), 2, "{said}");
    assert!(here.iter().all(|address| address.starts_with("192.168.")), "{said}");
    assert_eq!(said.matches("brought along set up an argument").count(), 2, "{said}");
    let said = elsewhere.exec(0, &["ray", "exec", "cluster.yaml", "echo HEAD $NODE_IP"]);
    assert_eq!(addresses("HEAD", &said), here[..1], "{said}");
    assert_alive(&elsewhere, 2);
    machine.assert_no_new_listener();

    let said = elsewhere.exec(0, &["ray", "down", "cluster.yaml", "--yes"]);
    assert!(said.contains("No nodes remaining."), "{said}");
    assert_alive(&elsewhere, 0);
    let gaps = elsewhere.status()["market"]["unknown_routes"].clone();
    assert_eq!(gaps, Value::Array(Vec::new()), "yagna's API lacks a route");
    assert!(elsewhere.localnet("down", &[]).status.success());
    machine.assert_nothing_left(&elsewhere.place.path(""));
}

fn assert_alive(elsewhere: &Elsewhere, count: usize) {
    let status = elsewhere.status();
    let activities = status["market"]["activities"].as_array().unwrap().clone();
    let alive = activities.iter().filter(|activity| activity["alive"] == true).count();
    assert_eq!(alive, count, "{activities:#?}");
}
