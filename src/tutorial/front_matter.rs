//! One Markdown file to one step: YAML front matter between two `---` lines, then prose.
//!
//! Only this file of the room reads YAML. Invariant: an unknown key or check, or a value of the wrong shape, is a
//! finding at its place, never ignored.

use std::time::Duration;

use regex::Regex;
use serde::Deserialize;
use serde_yaml::with::singleton_map_recursive;

use super::check::{Check, Count};
use super::placeholders::{Values, fill, list};
use super::step::{Condition, InterruptWhen, Step, Symptom, WaitFor};
use super::suggestion::nearest;
use super::{check, duration};
use crate::diagnostic::Diagnostic;
use crate::event::Hint;
use crate::evidence::Cause;

/// How long a command may take when its step does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(120);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    id: String,
    title: String,
    run: Vec<Vec<String>>,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default = "default_timeout", deserialize_with = "duration::deserialize")]
    timeout: Duration,
    #[serde(default)]
    retry: u32,
    #[serde(default, with = "singleton_map_recursive")]
    checks: Vec<Check>,
    #[serde(default)]
    hints: Vec<HintEntry>,
    #[serde(default)]
    teardown: Vec<Vec<String>>,
    #[serde(default)]
    undoes: Vec<String>,
    #[serde(default)]
    networks: Vec<String>,
    #[serde(default)]
    wait_for: Option<WaitForEntry>,
    #[serde(default)]
    interrupt_when: Option<InterruptWhenEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HintEntry {
    symptom: String,
    cause: Cause,
    why: String,
    command: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaitForEntry {
    #[serde(default)]
    nodes: Option<Count>,
    #[serde(default)]
    nothing_left: bool,
    #[serde(deserialize_with = "duration::deserialize")]
    timeout: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InterruptWhenEntry {
    #[serde(deserialize_with = "duration::deserialize")]
    market_idle: Duration,
    after: String,
    failed: Option<String>,
}

fn default_timeout() -> Duration {
    DEFAULT_TIMEOUT
}

/// Reads one step file.
///
/// # Errors
/// What cannot be used, at its place in the file.
pub fn parse(file: &str, text: &str, values: &Values) -> Result<Step, Vec<Diagnostic>> {
    let (yaml, prose, prose_line) = split(text).map_err(|finding| vec![finding])?;
    let as_written: FrontMatter =
        serde_yaml::from_str(yaml).map_err(|error| vec![yaml_finding(yaml, &error)])?;
    let mut findings = semantic_findings(yaml, &as_written);
    if let Err(finding) = fill(yaml, values) {
        findings.push(moved(finding, 1));
    }
    let prose = match fill(prose, values) {
        Ok(prose) => prose,
        Err(finding) => {
            findings.push(moved(finding, prose_line));
            String::new()
        }
    };
    if !findings.is_empty() {
        return Err(findings);
    }
    let filled = filled(yaml, values).map_err(|finding| vec![finding])?;
    // A list that came out empty may have left a check with nothing to ask for.
    let findings = semantic_findings(yaml, &filled);
    if !findings.is_empty() {
        return Err(findings);
    }
    step(file, yaml, filled, prose).map_err(|finding| vec![finding])
}

/// The front matter, the prose, and the number of lines before the prose.
fn split(text: &str) -> Result<(&str, &str, usize), Diagnostic> {
    let missing = |message: &str, line| {
        Diagnostic::error("front-matter-missing", message)
            .at(line, 1, 3)
            .help("a step file begins with `---`, then keys such as `id:` and `run:`, then `---`, then prose")
    };
    let rest =
        text.strip_prefix("---\n").ok_or_else(|| missing("the file does not begin with front matter", 1))?;
    let end = rest
        .match_indices("---\n")
        .map(|(at, _)| at)
        .find(|at| *at == 0 || rest.as_bytes()[at - 1] == b'\n')
        .ok_or_else(|| missing("the front matter does not end", 1))?;
    let (yaml, prose) = (&rest[..end], &rest[end + 4..]);
    Ok((yaml, prose, yaml.lines().count() + 2))
}

/// The front matter with every placeholder filled; a list item that is only the placeholder of a list becomes
/// as many items.
fn filled(yaml: &str, values: &Values) -> Result<FrontMatter, Diagnostic> {
    let mut value: serde_yaml::Value =
        serde_yaml::from_str(yaml).map_err(|error| yaml_finding(yaml, &error))?;
    fill_value(&mut value, values)?;
    serde_yaml::from_value(value).map_err(|error| yaml_finding(yaml, &error))
}

fn fill_value(value: &mut serde_yaml::Value, values: &Values) -> Result<(), Diagnostic> {
    match value {
        serde_yaml::Value::String(text) => *text = fill(text, values)?,
        serde_yaml::Value::Sequence(items) => {
            let mut filled = Vec::with_capacity(items.len());
            for mut item in std::mem::take(items) {
                if let Some(list) = item.as_str().and_then(|text| list(text, values)) {
                    filled.extend(list.iter().cloned().map(serde_yaml::Value::String));
                } else {
                    fill_value(&mut item, values)?;
                    filled.push(item);
                }
            }
            *items = filled;
        }
        serde_yaml::Value::Mapping(mapping) => {
            for (_, item) in mapping.iter_mut() {
                fill_value(item, values)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn step(file: &str, yaml: &str, front: FrontMatter, prose: String) -> Result<Step, Diagnostic> {
    let mut hints = Vec::new();
    for HintEntry { symptom, cause, why, command } in front.hints {
        let regex = Regex::new(&symptom).map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default();
            place(yaml, &symptom, Diagnostic::error("symptom-malformed", format!("`{symptom}`: {reason}")))
                .help("a symptom is a regular expression; escape `[`, `(`, `.` and the like with `\\`")
        })?;
        hints.push(Symptom { symptom: regex, hint: Hint { cause, why, command } });
    }
    let wait_for = front.wait_for.as_ref().map(condition).transpose();
    let wait_for = wait_for.map_err(|what| {
        let finding = Diagnostic::error("wait-for-unclear", what).help(
            "write `wait_for: {nodes: 2, timeout: 5m}` or `wait_for: {nothing_left: true, timeout: 15s}`",
        );
        place(yaml, "wait_for", finding)
    })?;
    Ok(Step {
        id: front.id,
        title: front.title,
        file: file.to_owned(),
        run: front.run,
        needs: front.needs,
        timeout: front.timeout,
        retry: front.retry,
        checks: front.checks,
        hints,
        teardown: front.teardown,
        undoes: front.undoes,
        networks: front.networks,
        wait_for,
        interrupt_when: front.interrupt_when.map(|InterruptWhenEntry { market_idle, after, failed }| {
            InterruptWhen { market_idle, after, failed }
        }),
        prose: prose.trim().to_owned(),
    })
}

fn semantic_findings(yaml: &str, front: &FrontMatter) -> Vec<Diagnostic> {
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
    findings
}

/// The networks that a step can name.
const NETWORKS: [&str; 4] = ["local", "localnet", "testnet", "mainnet"];

const KEYS: [&str; 14] = [
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
    "wait_for",
    "interrupt_when",
    "symptom",
];

/// The one condition that an entry names; the error is what is wrong with it.
fn condition(entry: &WaitForEntry) -> Result<WaitFor, &'static str> {
    let condition = match (entry.nodes, entry.nothing_left) {
        (Some(nodes), false) => Condition::Nodes(nodes.number()),
        (None, true) => Condition::NothingLeft,
        (None, false) => return Err("`wait_for` says not what to wait for"),
        (Some(_), true) => return Err("`wait_for` names two conditions"),
    };
    Ok(WaitFor { condition, timeout: entry.timeout })
}

/// What serde and libyaml say, with our words, the place, and a suggestion.
fn yaml_finding(yaml: &str, error: &serde_yaml::Error) -> Diagnostic {
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

/// Puts a finding at the first occurrence of a text in the front matter.
fn place(yaml: &str, text: &str, finding: Diagnostic) -> Diagnostic {
    place_near(yaml, text, None, finding)
}

/// Puts a finding at the occurrence of a word that is nearest to a line (one-based, in the front matter).
fn place_near(yaml: &str, word: &str, near: Option<usize>, finding: Diagnostic) -> Diagnostic {
    let found = yaml
        .lines()
        .enumerate()
        .filter_map(|(index, line)| whole_word(line, word).map(|at| (index + 1, at, line)))
        .min_by_key(|(line, _, _)| near.map_or(*line, |near| line.abs_diff(near)));
    match found {
        // The line of the opening `---` comes before the front matter.
        Some((line, at, source)) => {
            finding.at(line + 1, source[..at].chars().count() + 1, word.trim_end_matches(':').chars().count())
        }
        None => finding.at(near.unwrap_or(1) + 1, 1, 1),
    }
}

/// Where the word stands in the line by itself.
fn whole_word(line: &str, word: &str) -> Option<usize> {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    line.match_indices(word).map(|(at, _)| at).find(|at| {
        !line[..*at].chars().next_back().is_some_and(part)
            && !line[at + word.len()..].chars().next().is_some_and(part)
    })
}

fn moved(mut finding: Diagnostic, lines: usize) -> Diagnostic {
    if let Some(span) = &mut finding.span {
        span.line += lines;
    }
    finding
}

/// Where a text stands in a whole step file, for findings about several files.
pub fn place_in_file(text: &str, word: &str, finding: Diagnostic) -> Diagnostic {
    match split(text) {
        Ok((yaml, _, _)) => place(yaml, word, finding),
        Err(_) => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../docs/tutorial-files.md");

    #[test]
    fn the_page_for_authors_names_every_key_and_every_check() {
        let keys = KEYS.iter().filter(|key| **key != "symptom");
        for key in keys {
            assert!(PAGE.contains(&format!("\n| `{key}` |")), "key {key}");
        }
        for name in check::NAMES {
            assert!(PAGE.contains(&format!("\n| `{name}")), "check {name}");
        }
    }

    #[test]
    fn the_example_of_the_page_is_a_step() {
        let (_, rest) = PAGE.split_once("```markdown\n").unwrap();
        let (example, _) = rest.split_once("```\n").unwrap();
        let values = Values::from([
            ("cluster_name".to_owned(), "c".into()),
            ("final_sentence".to_owned(), "".into()),
            ("urls".to_owned(), vec!["https://ipfs.io/".to_owned()].into()),
        ]);
        assert_eq!(parse("01-fetch.md", example, &values).unwrap().checks.len(), 3);
    }
}
