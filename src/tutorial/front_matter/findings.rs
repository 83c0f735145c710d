//! What is wrong with a step's front matter, in its author's words.
//!
//! May import `diagnostic` and its siblings. Invariant: every finding has a place and says what to write.

use super::place::{place, place_near, whole_word};
use super::{FrontMatter, already};
use crate::diagnostic::Diagnostic;
use crate::tutorial::check;
use crate::tutorial::suggestion::nearest;

/// What is wrong with front matter of the right shape.
pub(super) fn semantic_findings(yaml: &str, front: &FrontMatter) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let id_is_plain = !front.id.is_empty()
        && front.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !id_is_plain {
        let finding = Diagnostic::error("step-id-malformed", format!("`{}` is not an id", front.id))
            .help("an id has lower-case letters, digits and hyphens only, such as `ray-up`");
        findings.push(place(yaml, "id:", finding));
    }
    if front.run.is_empty() || front.run.iter().any(Vec::is_empty) {
        let finding = Diagnostic::error("step-without-command", format!("step `{}` runs nothing", front.id))
            .help("`run` is a list of commands, each a list of arguments: `- [ray, --version]`");
        findings.push(place(yaml, "run:", finding));
    }
    if front.checks.is_empty() {
        let finding = Diagnostic::error("step-without-check", format!("step `{}` has no check", front.id))
            .help("add at least `checks: [{exit_code: 0}]`; a step that cannot fail teaches nothing");
        findings.push(place(yaml, "id:", finding));
    }
    for name in &front.networks {
        if !NETWORKS.contains(&name.as_str()) {
            let finding = Diagnostic::error("network-unknown", format!("`{name}` is not a network")).help(
                nearest(name, NETWORKS).map_or_else(
                    || format!("the networks are {}", quoted_list(&NETWORKS)),
                    |known| format!("did you mean `{known}`?"),
                ),
            );
            findings.push(place(yaml, name, finding));
        }
    }
    for check in &front.checks {
        if let Some(problem) = check.problem() {
            let finding = Diagnostic::error("check-cannot-fail", problem)
                .help("say what must have been seen; a check that always passes is none");
            findings.push(place(yaml, check.name(), finding));
        }
    }
    findings.extend(already::findings(yaml, front));
    findings
}

/// The networks that a step can name.
const NETWORKS: [&str; 4] = ["local", "localnet", "testnet", "mainnet"];

/// The keys that a message of serde may begin with.
pub(super) const KEYS: [&str; 18] = [
    "id",
    "title",
    "run",
    "needs",
    "timeout",
    "retry",
    "checks",
    "hints",
    "teardown",
    "undoes",
    "networks",
    "leaves",
    "inputs",
    "already",
    "wait_for",
    "interrupt_when",
    "stall_when",
    "symptom",
];

/// What serde and libyaml say, with our words, the place, and a suggestion.
pub(super) fn yaml_finding(yaml: &str, error: &serde_yaml::Error) -> Diagnostic {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let line = error.location().map(|location| location.line());
    let unknown = |kind: &str| message.contains(&format!("unknown {kind} `"));
    if unknown("field") || unknown("variant") {
        let (code, what) = match (unknown("variant"), words.iter().any(|word| check::NAMES.contains(word))) {
            (true, true) => ("check-unknown", "no such check"),
            (true, false) => ("value-unknown", "no such value"),
            _ => ("key-unknown", "no such key"),
        };
        let word = words.first().copied().unwrap_or_default();
        let known = &words[words.len().min(1)..];
        let help = nearest(word, known.iter().copied())
            .map(|near| format!("did you mean `{near}`?"))
            .unwrap_or_else(|| format!("known here: {}", quoted_list(known)));
        let finding = Diagnostic::error(code, format!("{what}: `{word}`")).help(help);
        return place_near(yaml, word, line, finding);
    }
    if let Some(key) = message.split("missing field `").nth(1).and_then(|rest| rest.split('`').next()) {
        let line = line.unwrap_or(1);
        return Diagnostic::error("key-missing", format!("the key `{key}` is missing"))
            .at(line + 1, 1, 1)
            .help(format!("add `{key}: …`"));
    }
    let column = error.location().map_or(1, |location| location.column());
    // serde names the path of the wrong value before a colon: `timeout: …`.
    let key = message.split(':').next().unwrap_or_default();
    let finding = Diagnostic::error("front-matter-malformed", message.clone());
    if let Some(value) = words.first().filter(|value| whole_word(yaml, value).is_some()) {
        // Our own visitors quote the wrong value; serde knows only the start of the map that holds it.
        return place_near(yaml, value, line, finding);
    }
    if KEYS.contains(&key) && line.is_none() {
        return place(yaml, &format!("{key}:"), finding);
    }
    finding.at(line.unwrap_or(1) + 1, column, 1)
}

fn quoted_list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
