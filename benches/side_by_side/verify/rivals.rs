//! Other ways to tell whether an output is as expected, each from one recorded output as its author has it.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use golem_outbound::tutorial::normalise;
use regex::Regex;

use super::cases::{Case, recorded};

/// A way of judging.
pub struct Rival {
    pub name: &'static str,
    pub holds: fn(&Case) -> bool,
}

pub const RIVALS: [Rival; 8] = [
    Rival { name: "similarity, Jaro-Winkler 0.8", holds: |case| similarity(case) >= 0.8 },
    Rival { name: "similarity, Jaro-Winkler 0.9", holds: |case| similarity(case) >= 0.9 },
    Rival { name: "similarity, Jaro-Winkler 0.95", holds: |case| similarity(case) >= 0.95 },
    Rival { name: "exact", holds: |case| plain(&case.output) == plain(recorded(case.step)) },
    Rival {
        name: "exact, but for times, ids and addresses",
        holds: |case| normalise(&case.output) == normalise(recorded(case.step)),
    },
    Rival { name: "one regex for each step", holds: |case| regex(case.step).is_match(&plain(&case.output)) },
    Rival { name: "elision of times, ids and addresses", holds: elided },
    Rival {
        name: "elision of all but the last line that counts",
        holds: |case| gist(case.step).is_match(&plain(&case.output)),
    },
];

/// Without colours and carriage returns, which every tool takes out.
fn plain(text: &str) -> String {
    console::strip_ansi_codes(text).replace('\r', "").trim().to_owned()
}

fn similarity(case: &Case) -> f64 {
    strsim::jaro_winkler(&plain(&case.output), &plain(recorded(case.step)))
}

/// What an author with one regex would choose: the line that says that the step has done its work.
fn regex(step: &str) -> Regex {
    let pattern = match step {
        "network-stats" => r"Negotiated successfully: [1-9]\d*",
        "ray-up" => r"\[9/9\] Activity ready on provider: .*[\s\S]*Useful commands:",
        "blocked-url" => r#"DOWNLOAD \{"url": "https://example.com/", "ok": false"#,
        "ray-down" => "No nodes remaining",
        _ => "Ray on Golem rocks!",
    };
    compiled(pattern)
}

/// `...` for whatever differs from walk to walk, as in a doctest.
fn elided(case: &Case) -> bool {
    let marked = normalise(recorded(case.step));
    let pieces: Vec<String> = compiled(
        r"<(?:time|session|id|address|hash|key|node|port|uptime|process|duration|provider|project)>",
    )
    .split(marked.trim())
    .map(regex::escape)
    .collect();
    let found: Vec<String> = plain(&case.output)
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    compiled(&format!("^{}$", pieces.join(r"[\s\S]*?"))).is_match(&found.join("\n"))
}

/// `...`, the line that counts, `...`.
fn gist(step: &str) -> Regex {
    let line = match step {
        "network-stats" => r"Negotiated successfully: \d+",
        "ray-up" => "Useful commands:",
        "blocked-url" => r#"DOWNLOAD \{"url": "https://ipfs.io/[\s\S]*"#,
        "ray-down" => r"Shutdown completed\.",
        _ => r"Ray on Golem rocks!",
    };
    compiled(&format!(r"(?m)^{line}$"))
}

/// Compiled once, as a tool that judges one step does.
fn compiled(pattern: &str) -> Regex {
    static KNOWN: LazyLock<Mutex<BTreeMap<String, Regex>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().expect("nobody panics with it");
    known.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).expect("a pattern")).clone()
}
