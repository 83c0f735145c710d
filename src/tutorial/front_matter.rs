//! One Markdown file to one step: YAML front matter between two `---` lines, then prose.
//!
//! Only this file of the room reads YAML. Invariant: an unknown key or check, or a value of the wrong shape, is a
//! finding at its place, never ignored.

mod already;
mod findings;
mod place;

use std::time::Duration;

use regex::Regex;
use serde::Deserialize;
use serde_yaml::with::singleton_map_recursive;

use self::already::AlreadyEntry;
use self::findings::{semantic_findings, yaml_finding};
use self::place::place;
use super::check::{Check, Count};
use super::duration;
use super::expected::{self, Expected};
use super::placeholders::{Values, fill, list};
use super::progress::fingerprint;
use super::step::{Condition, InterruptWhen, Retry, StallWhen, Step, Symptom, WaitFor};
use crate::diagnostic::Diagnostic;
use crate::event::Hint;
use crate::evidence::Cause;

/// How long a command may take when its step does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(120);

/// How long the first pause before another try is when a step does not say.
const DEFAULT_PAUSE: Duration = Duration::from_secs(10);

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
    retry: RetryEntry,
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
    leaves: Vec<String>,
    #[serde(default)]
    inputs: Option<Vec<String>>,
    #[serde(default)]
    already: Option<AlreadyEntry>,
    #[serde(default)]
    wait_for: Option<WaitForEntry>,
    #[serde(default)]
    interrupt_when: Option<InterruptWhenEntry>,
    #[serde(default)]
    stall_when: Option<StallWhenEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HintEntry {
    symptom: String,
    cause: Cause,
    #[serde(default)]
    nudge: String,
    why: String,
    #[serde(default)]
    explanation: String,
    command: String,
    #[serde(default)]
    samples: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaitForEntry {
    #[serde(default)]
    nodes: Option<Count>,
    #[serde(default)]
    nothing_left: bool,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default)]
    output: Option<String>,
    #[serde(default)]
    http: Option<String>,
    #[serde(default)]
    file: Option<String>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StallWhenEntry {
    after: String,
    before: String,
    #[serde(rename = "for", deserialize_with = "duration::deserialize")]
    limit: Duration,
}

/// `retry: 2`, or with the first pause.
#[derive(Deserialize)]
#[serde(untagged, expecting = "`retry` is a number, or `{times: 2, pause: 10s}`")]
enum RetryEntry {
    Times(u32),
    #[serde(rename_all = "snake_case")]
    WithPause(RetryWithPause),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RetryWithPause {
    times: u32,
    #[serde(deserialize_with = "duration::deserialize")]
    pause: Duration,
}

impl Default for RetryEntry {
    fn default() -> Self {
        Self::Times(0)
    }
}

impl From<RetryEntry> for Retry {
    fn from(entry: RetryEntry) -> Self {
        match entry {
            RetryEntry::Times(times) => Self { times, pause: DEFAULT_PAUSE },
            RetryEntry::WithPause(RetryWithPause { times, pause }) => Self { times, pause },
        }
    }
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
    let mut step = step(file, yaml, filled, prose).map_err(|finding| vec![finding])?;
    step.fingerprint = fingerprint(text);
    Ok(step)
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
    for HintEntry { symptom, cause, nudge, why, explanation, command, samples } in front.hints {
        let regex = Regex::new(&symptom).map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default();
            place(yaml, &symptom, Diagnostic::error("symptom-malformed", format!("`{symptom}`: {reason}")))
                .help("a symptom is a regular expression; escape `[`, `(`, `.` and the like with `\\`")
        })?;
        let hint = Hint { id: String::new(), cause, nudge, why, explanation, command };
        hints.push(Symptom { symptom: regex, samples, hint });
    }
    let wait_for = front.wait_for.as_ref().map(condition).transpose();
    let wait_for = wait_for.map_err(|what| {
        let finding = Diagnostic::error("wait-for-unclear", what).help(
            "write one of nodes, nothing_left, port, output, http and file, such as `wait_for: {port: 8265, timeout: 1m}`",
        );
        place(yaml, "wait_for", finding)
    })?;
    Ok(Step {
        id: front.id,
        title: front.title,
        file: file.to_owned(),
        line: line_of_commands(yaml),
        run: front.run,
        needs: front.needs,
        timeout: front.timeout,
        retry: front.retry.into(),
        checks: front.checks,
        hints,
        teardown: front.teardown,
        undoes: front.undoes,
        networks: front.networks,
        leaves: front.leaves,
        inputs: front.inputs,
        already: front.already.map(AlreadyEntry::already),
        fingerprint: String::new(),
        wait_for,
        interrupt_when: front.interrupt_when.map(|InterruptWhenEntry { market_idle, after, failed }| {
            InterruptWhen { market_idle, after, failed }
        }),
        expected: Expected::all(&prose),
        prose: expected::shown(&prose),
        stall_when: front.stall_when.map(|StallWhenEntry { after, before, limit }| StallWhen {
            after,
            before,
            limit,
        }),
    })
}

/// The line of `run` in the file, whose first line is the opening `---`.
fn line_of_commands(yaml: &str) -> usize {
    yaml.lines().position(|line| line.starts_with("run:")).map_or(1, |index| index + 2)
}

/// The one condition that an entry names; the error is what is wrong with it.
fn condition(entry: &WaitForEntry) -> Result<WaitFor, &'static str> {
    let conditions = [
        entry.nodes.map(|nodes| Condition::Nodes(nodes.number())),
        entry.nothing_left.then_some(Condition::NothingLeft),
        entry.port.map(Condition::Port),
        entry.output.clone().map(Condition::Output),
        entry.http.clone().map(Condition::Http),
        entry.file.clone().map(Condition::File),
    ];
    let mut named = conditions.into_iter().flatten();
    let condition = named.next().ok_or("`wait_for` says not what to wait for")?;
    if named.next().is_some() {
        return Err("`wait_for` names two conditions");
    }
    Ok(WaitFor { condition, timeout: entry.timeout })
}

fn moved(mut finding: Diagnostic, lines: usize) -> Diagnostic {
    if let Some(span) = &mut finding.span {
        span.line += lines;
    }
    finding
}

/// Where the prose of a step file begins, in bytes; at its end if it has none.
pub fn prose_start(text: &str) -> usize {
    split(text).map_or(text.len(), |(_, prose, _)| text.len() - prose.len())
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
    use super::findings::KEYS;
    use super::*;
    use crate::tutorial::check;

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
