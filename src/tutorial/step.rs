//! One step: what it runs, what it needs, how it is judged, how it is undone.

use std::time::Duration;

use regex::Regex;

use super::catalogue::{Place, known_failure};
use super::check::Check;
use super::expected::Expected;
use crate::event::Hint;
use crate::evidence::Cause;

/// One step of a tutorial, with all placeholders filled.
#[derive(Clone, Debug)]
pub struct Step {
    /// Unique in the tutorial; kebab-case.
    pub id: String,
    /// For people.
    pub title: String,
    /// The file that it was read from, for messages.
    pub file: String,
    /// One-based line of its commands in that file.
    pub line: usize,
    /// Commands as argument vectors, run in order until one does not return 0.
    pub run: Vec<Vec<String>>,
    /// Ids of the steps that must have passed.
    pub needs: Vec<String>,
    /// For each command of the step.
    pub timeout: Duration,
    /// How often the step is tried again when it could not be told whether it passed, or when the network, a provider
    /// or upstream failed; 0 unless declared.
    pub retry: Retry,
    /// At least one.
    pub checks: Vec<Check>,
    /// What known symptoms mean; the first that matches is shown.
    pub hints: Vec<Symptom>,
    /// Commands that undo the step, in the order in which they are to run; registered before the step starts.
    pub teardown: Vec<Vec<String>>,
    /// Ids of steps whose teardown this step has done when it passes.
    pub undoes: Vec<String>,
    /// Names of the networks that have a use for the step; none means all.
    pub networks: Vec<String>,
    /// What the step leaves running or rented, in its author's words; such a step needs a teardown.
    pub leaves: Vec<String>,
    /// Files of the project that the step depends on, besides its own; none written means all. See [`super::progress`].
    pub inputs: Option<Vec<String>>,
    /// How to see that there is nothing to do.
    pub already: Option<Already>,
    /// The SHA-256 of its file, hexadecimal.
    pub fingerprint: String,
    /// What must be true after the commands before the step is judged.
    pub wait_for: Option<WaitFor>,
    /// When the command is to be interrupted, as Ctrl-C would.
    pub interrupt_when: Option<InterruptWhen>,
    /// When the command has come to a standstill, and is interrupted as well.
    pub stall_when: Option<StallWhen>,
    /// Markdown for the reader, without the comments of its author.
    pub prose: String,
    /// What the prose says that the commands will print; for the reader, never for a verdict.
    pub expected: Vec<Expected>,
}

/// How to see, before a step is run, that what it is for is true already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Already {
    /// Commands that look and change nothing, run in order until one does not return 0; there may be none.
    pub run: Vec<Vec<String>>,
    /// What must hold then; at least one. A check that cannot tell means that the step is run.
    pub checks: Vec<Check>,
    /// What is true then, in words: `the environment is current`.
    pub why: String,
}

/// A readiness condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitFor {
    /// What must be true.
    pub condition: Condition,
    /// For how long at most.
    pub timeout: Duration,
}

/// What can be waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// So many nodes of the cluster are up.
    Nodes(u64),
    /// Something listens on this port where the step's commands run.
    Port(u16),
    /// The output of the step's last command has this text; the command is run again until it does.
    Output(String),
    /// This URL answers a request from where the step's commands run, with a status below 400.
    Http(String),
    /// This file exists, seen from the project's folder.
    File(String),
    /// No process of the walk lives and no port of it is taken.
    NothingLeft,
}

impl Condition {
    /// What has to come, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Nodes(wanted) => format!("{wanted} nodes"),
            Self::Port(port) => format!("port {port} to be open"),
            Self::Output(text) => format!("its output to say “{text}”"),
            Self::Http(url) => format!("{url} to answer"),
            Self::File(path) => format!("the file {path}"),
            Self::NothingLeft => "its last processes to end and its ports to be free".to_owned(),
        }
    }
}

/// How often a step is tried again, and after which pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often.
    pub times: u32,
    /// The first pause; each further one is twice as long.
    pub pause: Duration,
}

impl Retry {
    /// The pause before the try of this number, from one.
    pub fn pause_before(&self, number: u32) -> Duration {
        self.pause.saturating_mul(1 << number.saturating_sub(1).min(6))
    }
}

/// A command that would wait for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StallWhen {
    /// Once the output holds this text the clock runs.
    pub after: String,
    /// It stops when the output holds this text, and starts anew when the first comes again.
    pub before: String,
    /// For how long it may run.
    pub limit: Duration,
}

/// The market has had nothing new to offer for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterruptWhen {
    /// For how long the market must have been idle.
    pub market_idle: Duration,
    /// Only once the output holds this text; idleness before it does not count.
    pub after: String,
    /// Once the output holds this text the command has failed. If it lives on for as long, it is interrupted as well.
    pub failed: Option<String>,
}

/// A known symptom and what it means.
#[derive(Clone, Debug)]
pub struct Symptom {
    /// Looked for in the output of the step.
    pub symptom: Regex,
    /// Lines that its author has seen or declares, for whoever proves the tutorial.
    pub samples: Vec<String>,
    /// What the reader is told.
    pub hint: Hint,
}

impl Step {
    /// What the first matching symptom means: one of the step's own, else one of the built-in catalogue.
    pub fn hint(&self, text: &str) -> Option<&Hint> {
        let own = self.hints.iter().find(|hint| hint.symptom.is_match(text)).map(|hint| &hint.hint);
        own.or_else(|| known_failure(text, &self.place()).map(|known| &known.hint))
    }

    /// What the catalogue may go by.
    fn place(&self) -> Place {
        let programs = self.run.iter().filter_map(|argv| argv.first().cloned()).collect();
        Place { step: Some(self.id.clone()), programs: Some(programs) }
    }

    /// Whether the network of this name has a use for the step.
    pub fn is_for(&self, network: &str) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|name| name == network)
    }

    /// Whether it leaves something behind that the end of each walk takes away.
    pub fn lives_as_long_as_the_walk(&self) -> bool {
        !self.teardown.is_empty()
    }

    /// The commands as a person would type them, joined by ` && `.
    pub fn command_line(&self) -> String {
        self.run.iter().map(|argv| command_line(argv)).collect::<Vec<_>>().join(" && ")
    }
}

/// An argument vector as a person would type it in a shell.
pub fn command_line(argv: &[String]) -> String {
    argv.iter().map(|argument| quoted(argument)).collect::<Vec<_>>().join(" ")
}

fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,~".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

/// Whether a failure of this cause says nothing about what the learner did or wrote.
pub fn is_beyond_the_learner(cause: Cause) -> bool {
    matches!(cause, Cause::Network | Cause::Provider | Cause::Upstream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_can_be_typed() {
        let argv = ["ray", "submit", "a b.yaml", "it's", "https://ipfs.io/?x=1", ""].map(String::from);
        assert_eq!(command_line(&argv), r"ray submit 'a b.yaml' 'it'\''s' 'https://ipfs.io/?x=1' ''");
    }
}
