//! `localnet up | exec | status | down` with somebody else's cluster file and program, without a project.

use std::fs;
use std::process::Output;

use nix::sys::signal::Signal;
use regex::Regex;
use serde_json::Value;

use super::machine::Machine;
use super::project::Place;
use super::turn;
use crate::docs::commands_marked;

const CLUSTER: &str = include_str!("../fixtures/somebody-elses-cluster.yaml");
const PROGRAM: &str = include_str!("../fixtures/where-am-i.py");

/// A folder with the cluster file, a variant that asks for a foreign host, one with an unknown image, and a program.
struct Elsewhere {
    place: Place,
}

impl Elsewhere {
    fn new() -> Self {
        let elsewhere = Self { place: Place::new() };
        elsewhere.place.lend_environment(&elsewhere.place.path(""));
        let changed = |from, to| {
            assert!(CLUSTER.contains(from));
            CLUSTER.replace(from, to)
        };
        for (name, text) in [
            ("my-cluster.yaml", CLUSTER.to_owned()),
            ("foreign.yaml", changed("https://pypi.dev.golem.network", "https://example.com")),
            ("unknown-image.yaml", changed("0.13.0-py3.10.13", "9.9.9-py3.10.13")),
            ("my-program.py", PROGRAM.to_owned()),
            ("words.txt", "brought along\n".to_owned()),
        ] {
            fs::write(elsewhere.place.path(name), text).unwrap();
        }
        elsewhere
    }

    fn localnet(&self, verb: &str, rest: &[&str]) -> Output {
        let arguments = [&["localnet", verb], rest].concat();
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

    /// Runs one of the pages' commands in the folder, with its words taken apart as a shell does; what it said.
    fn typed(&self, command: &str) -> String {
        let words = command.split('\'').enumerate().flat_map(|(index, part)| {
            if index % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }
        });
        let words: Vec<&str> = words.collect();
        assert_eq!(words[0], "golem-outbound");
        let output = self.place.command(&words[1..], &self.place.path("")).output().unwrap();
        let said =
            console::strip_ansi_codes(&String::from_utf8_lossy(&[output.stdout, output.stderr].concat()))
                .into_owned();
        assert_eq!(output.status.code(), Some(0), "`{command}`: {said}");
        said
    }

    fn status(&self) -> Value {
        serde_json::from_slice(&self.localnet("status", &["--format", "json"]).stdout).unwrap()
    }

    /// The funnel of `network-stats`, which is interrupted as a person does it, once the market has fallen silent.
    fn negotiated(&self, file: &str) -> u64 {
        let command = ["ray-on-golem", "network-stats", file, "--duration", "1"];
        let arguments = [&["localnet", "exec", "--"], &command[..]].concat();
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

/// The commands for a cluster file of one's own, which the README and the localnet's page show alike.
fn documented() -> Vec<String> {
    let shown = commands_marked("run: in a localnet");
    assert_eq!(shown.len(), 2, "README and docs/localnet.md");
    assert_eq!(shown[0], shown[1]);
    shown[0].clone()
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
    let [up, ray_up, submit, ray_down, down] = &documented()[..] else { panic!("five commands") };
    elsewhere.typed(&format!("{up} --content mirror"));
    assert_eq!(elsewhere.status()["network"], "simulated");

    // Two providers at most let anybody go anywhere; the others have a whitelist, and this host is not on it.
    assert!(elsewhere.negotiated("foreign.yaml") <= 2);
    let refused = elsewhere.exec(1, &["ray", "up", "unknown-image.yaml", "--yes"]);
    let expected = "Image tag `golem/ray-on-golem:9.9.9-py3.10.13-ray2.9.3` does not exist";
    assert!(refused.contains(expected), "{refused}");

    elsewhere.typed(ray_up);
    let said = elsewhere.typed(&format!("{submit} 'an argument'"));
    let here = addresses("HERE", &said);
    assert_eq!(here.len(), 2, "{said}");
    assert!(here.iter().all(|address| address.starts_with("192.168.")), "{said}");
    assert_eq!(said.matches("brought along set up an argument").count(), 2, "{said}");
    let said = elsewhere.exec(0, &["ray", "exec", "my-cluster.yaml", "echo HEAD $NODE_IP"]);
    assert_eq!(addresses("HEAD", &said), here[..1], "{said}");
    assert_alive(&elsewhere, 2);
    machine.assert_no_new_listener();

    let said = elsewhere.typed(ray_down);
    assert!(said.contains("No nodes remaining."), "{said}");
    assert_alive(&elsewhere, 0);
    let gaps = elsewhere.status()["market"]["unknown_routes"].clone();
    assert_eq!(gaps, Value::Array(Vec::new()), "yagna's API lacks a route");
    elsewhere.typed(down);
    machine.assert_nothing_left(&elsewhere.place.path(""));
}

fn assert_alive(elsewhere: &Elsewhere, count: usize) {
    let status = elsewhere.status();
    let activities = status["market"]["activities"].as_array().unwrap().clone();
    let alive = activities.iter().filter(|activity| activity["alive"] == true).count();
    assert_eq!(alive, count, "{activities:#?}");
}
