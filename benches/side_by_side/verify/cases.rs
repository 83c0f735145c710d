//! Labelled outputs: recorded ones of a walk on the localnet, and what else such a step may print.
//!
//! A label says whether the step has done what its page says it does: `run-local`, `ray-submit`: every URL of the script
//! fetched and verified (on nodes of the cluster), and the sentence whole; `network-stats`: a provider that agrees;
//! `ray-up`: a head that went through its nine states, Ray on it, the workers up; `blocked-url`: the foreign host refused
//! without an answer, the allowed one fetched; `ray-down`: nothing left. The order of downloads, times, addresses, ids,
//! colours, warnings and repeated attempts say nothing about that.

#[path = "bad.rs"]
mod bad;
#[path = "good.rs"]
mod good;

/// An output with its label.
#[derive(Clone, Debug)]
pub struct Case {
    pub step: &'static str,
    pub is_good: bool,
    /// What is special about it, and so the reason for the label.
    pub why: String,
    pub exit: i32,
    pub output: String,
    /// What the network tells when the step is over.
    pub nodes: Vec<String>,
    pub busy_ports: Vec<(u16, String)>,
    pub processes: Vec<String>,
}

pub const STEPS: [&str; 6] =
    ["run-local", "network-stats", "ray-up", "ray-submit", "blocked-url", "ray-down"];

/// What the step printed in a walk that went well.
pub fn recorded(step: &str) -> &'static str {
    match step {
        "run-local" => include_str!("../outputs/run-local.txt"),
        "network-stats" => include_str!("../outputs/network-stats.txt"),
        "ray-up" => include_str!("../outputs/ray-up.txt"),
        "ray-submit" => include_str!("../outputs/ray-submit.txt"),
        "blocked-url" => include_str!("../outputs/blocked-url.txt"),
        _ => include_str!("../outputs/ray-down.txt"),
    }
}

/// The recorded one.
fn base(step: &'static str) -> Case {
    let nodes = match step {
        "ray-up" | "ray-submit" | "blocked-url" => vec!["192.168.0.3".to_owned(), "192.168.0.4".to_owned()],
        _ => Vec::new(),
    };
    Case {
        step,
        is_good: true,
        why: "as recorded".to_owned(),
        exit: i32::from(step == "blocked-url"),
        output: recorded(step).to_owned(),
        nodes,
        busy_ports: Vec::new(),
        processes: Vec::new(),
    }
}

impl Case {
    fn good(step: &'static str, why: &str, change: impl FnOnce(&str) -> String) -> Self {
        let case = base(step);
        let output = change(&case.output);
        Self { why: why.to_owned(), output, ..case }
    }

    fn bad(step: &'static str, why: impl Into<String>, change: impl FnOnce(&str) -> String) -> Self {
        Self { is_good: false, why: why.into(), ..Self::good(step, "", change) }
    }

    fn exit(self, exit: i32) -> Self {
        Self { exit, ..self }
    }

    fn nodes(self, nodes: &[&str]) -> Self {
        Self { nodes: nodes.iter().map(|node| (*node).to_owned()).collect(), ..self }
    }
}

/// Replaces, and insists that there was something to be replaced.
fn swap(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no `{from}`");
    text.replace(from, to)
}

/// The lines that are kept or changed.
fn lines(text: &str, line: impl FnMut(&str) -> Option<String>) -> String {
    text.split_inclusive('\n').filter_map(line).collect()
}

/// Puts a line behind the first one that has this text.
fn after(text: &str, place: &str, what: &str) -> String {
    assert!(text.contains(place), "no `{place}`");
    let mut is_due = true;
    lines(text, |line| {
        let found = is_due && line.contains(place);
        is_due &= !found;
        Some(if found { format!("{line}{what}\n") } else { line.to_owned() })
    })
}

/// The text up to this part of it.
fn cut(text: &str, percent: usize) -> String {
    let mut end = text.len() * percent / 100;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let mut all: Vec<Case> = STEPS.iter().map(|step| base(step)).collect();
    all.extend(good::cases());
    all.extend(bad::cases());
    all
}
