//! The closed set of checks: each is a pure function from evidence to a verdict.
//!
//! A new kind of check is one variant here, its name in [`NAMES`], its words and its judgement. Invariant: what
//! cannot be told is inconclusive, never a pass and never the learner's failure.

mod downloads;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};

pub use downloads::{LedgerCheck, NodesOf};

use super::funnel::parse_funnel;
use super::ledger::payload;
use crate::evidence::{Evidence, Exit, LedgerRow, Verdict};

/// What a check asks of the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// The last command of the step returned this code.
    ExitCode(i32),
    /// The output holds this text.
    OutputHas(String),
    /// The output does not hold this text.
    OutputLacks(String),
    /// Downloads: which came back verified, which were refused, and by whom.
    Ledger(LedgerCheck),
    /// A line of the output is exactly this sentence. Where the sentence is empty, because nothing is known of the
    /// texts, every download of the ledger must have arrived instead.
    FinalSentence(String),
    /// `ray up` reported all of its states `[1/n]` … `[n/n]`.
    NodeStates(u64),
    /// At least so many nodes of the cluster are up.
    Nodes(Count),
    /// The counts of network-stats.
    Funnel(FunnelCheck),
    /// No port of the walk is taken.
    PortsFree,
    /// No process of the walk is alive.
    NoProcesses,
}

/// The names of all checks, as authors write them.
pub const NAMES: [&str; 10] = [
    "exit_code",
    "output_has",
    "output_lacks",
    "ledger",
    "final_sentence",
    "node_states",
    "nodes",
    "funnel",
    "ports_free",
    "no_processes",
];

/// What network-stats must have counted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunnelCheck {
    /// Least counts, by the tags that network-stats prints, such as `Negotiated successfully`.
    pub at_least: BTreeMap<String, u64>,
}

/// A number, which an author may also write as the placeholder of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(u64);

impl Count {
    /// The number.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Count;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number, or the placeholder of one")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Count, E> {
                Ok(Count(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Count, E> {
                // Front matter is read twice: as it was written, for places, and filled, for values.
                if text.starts_with("{{") {
                    return Ok(Count(0));
                }
                text.parse().map(Count).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl Check {
    /// The name that authors write.
    pub fn name(&self) -> &'static str {
        let index = match self {
            Self::ExitCode(_) => 0,
            Self::OutputHas(_) => 1,
            Self::OutputLacks(_) => 2,
            Self::Ledger(_) => 3,
            Self::FinalSentence(_) => 4,
            Self::NodeStates(_) => 5,
            Self::Nodes(_) => 6,
            Self::Funnel(_) => 7,
            Self::PortsFree => 8,
            Self::NoProcesses => 9,
        };
        NAMES[index]
    }

    /// Why the check, as written, could never fail.
    pub fn problem(&self) -> Option<String> {
        let empty = match self {
            Self::OutputHas(text) | Self::OutputLacks(text) => text.is_empty(),
            Self::Ledger(ledger) => ledger.fetched.is_empty() && ledger.refused.is_empty(),
            Self::NodeStates(states) => *states == 0,
            Self::Funnel(funnel) => funnel.at_least.is_empty(),
            Self::ExitCode(_)
            | Self::FinalSentence(_)
            | Self::Nodes(_)
            | Self::PortsFree
            | Self::NoProcesses => false,
        };
        empty.then(|| format!("the check `{}` asks for nothing", self.name()))
    }

    /// What the check asks, for people.
    pub fn words(&self) -> String {
        match self {
            Self::ExitCode(code) => format!("the command returns {code}"),
            Self::OutputHas(text) => format!("the output says “{text}”"),
            Self::OutputLacks(text) => format!("the output does not say “{text}”"),
            Self::Ledger(ledger) => ledger.words(),
            Self::FinalSentence(sentence) if sentence.is_empty() => {
                "every text arrived; this project's downloads make no known sentence".into()
            }
            Self::FinalSentence(sentence) => format!("the downloads read “{sentence}”"),
            Self::NodeStates(states) => format!("a node went through all {states} states"),
            Self::Nodes(count) => format!("at least {} nodes are up", count.0),
            Self::Funnel(_) => "the market has a provider that accepts".into(),
            Self::PortsFree => "no port of the walk is taken any more".into(),
            Self::NoProcesses => "no process of the walk is left".into(),
        }
    }

    /// What the evidence says.
    pub fn judge(&self, evidence: &Evidence) -> Verdict {
        match self {
            Self::ExitCode(code) => exit_code(*code, evidence.exit),
            Self::OutputHas(text) => {
                when(evidence.output.contains(text), || (format!("“{text}”"), tail(&evidence.output)))
            }
            Self::OutputLacks(text) => when(!evidence.output.contains(text), || {
                let line = evidence.output.lines().find(|line| line.contains(text)).unwrap_or_default();
                (format!("no “{text}”"), format!("“{}”", line.trim()))
            }),
            Self::Ledger(ledger) => ledger.judge(evidence),
            Self::FinalSentence(sentence) if sentence.is_empty() => every_text(&evidence.ledger),
            Self::FinalSentence(sentence) => final_sentence(sentence, &evidence.output),
            Self::NodeStates(states) => node_states(*states, &evidence.output),
            Self::Nodes(count) => nodes(count.0, evidence.nodes.as_deref()),
            Self::Funnel(funnel) => funnel.judge(&evidence.output),
            Self::PortsFree => ports_free(evidence.busy_ports.as_deref()),
            Self::NoProcesses => match &evidence.processes {
                None => unsure("this network cannot tell which processes are of the walk"),
                Some(alive) => when(alive.is_empty(), || ("none".into(), alive.join(", "))),
            },
        }
    }
}

impl FunnelCheck {
    fn judge(&self, output: &str) -> Verdict {
        let Some(funnel) = parse_funnel(output) else {
            return fail("the counts of network-stats", tail(output));
        };
        if funnel.counts.iter().any(|(tag, count)| tag == "Initial" && *count == 0) {
            // Nothing was heard of the market at all, so nothing is known about the whitelist.
            return unsure(
                "no proposal arrived: the network, the payment network or the subnet, not your yaml",
            );
        }
        for pair in funnel.counts.windows(2) {
            if pair[1].1 > pair[0].1 {
                let found = format!("{}: {}, but {}: {}", pair[0].0, pair[0].1, pair[1].0, pair[1].1);
                return fail("counts that only fall", found);
            }
        }
        for (tag, least) in &self.at_least {
            let count = funnel.counts.iter().find(|(found, _)| found == tag).map(|(_, count)| *count);
            match count {
                None => return fail(&format!("a count of “{tag}”"), "no such line".into()),
                Some(count) if count < *least => {
                    let reason = funnel.rejections.iter().max_by_key(|(_, count)| *count);
                    let because =
                        reason.map(|(reason, _)| format!("; mostly “{reason}”")).unwrap_or_default();
                    return fail(&format!("{tag}: at least {least}"), format!("{tag}: {count}{because}"));
                }
                Some(_) => {}
            }
        }
        Verdict::Pass
    }
}

fn exit_code(code: i32, exit: Exit) -> Verdict {
    let found = match exit {
        Exit::Code(found) if found == code => return Verdict::Pass,
        Exit::Code(found) => format!("exit code {found}"),
        Exit::Signal(signal) => format!("ended by signal {signal}"),
        Exit::TimedOut => "ended by us, because its time was over".into(),
        Exit::Interrupted => return unsure("the command was interrupted"),
    };
    fail(&format!("exit code {code}"), found)
}

fn final_sentence(sentence: &str, output: &str) -> Verdict {
    let lines: Vec<&str> = output.split(['\n', '\r']).map(payload).collect();
    when(lines.contains(&sentence), || {
        let broken = lines.iter().find(|line| is_sentence_with_gaps(line, sentence));
        let found = match broken {
            Some(line) => format!("“{line}”, where `?` stands for a piece that did not come back"),
            None => format!("no such line; the end is {}", tail(output)),
        };
        (format!("the line “{sentence}”"), found)
    })
}

fn every_text(ledger: &[LedgerRow]) -> Verdict {
    let missing = ledger.iter().filter(|row| !row.ok).count();
    when(missing == 0 && !ledger.is_empty(), || {
        let found = match ledger.len() {
            0 => "no download was reported".to_owned(),
            all => format!("{missing} of {all} did not arrive"),
        };
        ("every download to arrive".into(), found)
    })
}

/// Whether the line is the sentence with `?` in place of one or more of its pieces.
fn is_sentence_with_gaps(line: &str, sentence: &str) -> bool {
    let pieces: Vec<String> = line.split('?').map(regex::escape).collect();
    pieces.len() > 1
        && regex::Regex::new(&format!("^{}$", pieces.join(".+")))
            .is_ok_and(|pattern| pattern.is_match(sentence))
}

fn node_states(states: u64, output: &str) -> Verdict {
    let missing: Vec<String> = (1..=states)
        .map(|state| format!("[{state}/{states}]"))
        .filter(|state| !output.contains(state.as_str()))
        .collect();
    when(missing.is_empty(), || {
        (format!("[1/{states}] to [{states}/{states}]"), format!("never reached: {}", missing.join(" ")))
    })
}

fn nodes(least: u64, nodes: Option<&[String]>) -> Verdict {
    let Some(nodes) = nodes else { return unsure("this network cannot tell which nodes are up") };
    when(nodes.len() as u64 >= least, || {
        let names = if nodes.is_empty() { String::new() } else { format!(": {}", nodes.join(", ")) };
        (format!("at least {least}"), format!("{}{names}", nodes.len()))
    })
}

fn ports_free(busy: Option<&[(u16, String)]>) -> Verdict {
    let Some(busy) = busy else { return unsure("this network cannot tell which ports are taken") };
    let taken: Vec<String> = busy.iter().map(|(port, holder)| format!("{port} by {holder}")).collect();
    when(taken.is_empty(), || ("all ports free".into(), format!("taken: {}", taken.join(", "))))
}

fn when(holds: bool, otherwise: impl FnOnce() -> (String, String)) -> Verdict {
    if holds {
        return Verdict::Pass;
    }
    let (expected, found) = otherwise();
    Verdict::Fail { expected, found }
}

fn fail(expected: &str, found: String) -> Verdict {
    Verdict::Fail { expected: expected.to_owned(), found }
}

fn unsure(reason: &str) -> Verdict {
    Verdict::Inconclusive { reason: reason.to_owned() }
}

/// The last line that says something.
fn tail(output: &str) -> String {
    match output.lines().rev().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => format!("“{line}”"),
        None => "no output".into(),
    }
}

#[cfg(test)]
mod tests;
