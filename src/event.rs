//! The one stream that the runner speaks and reports listen to.
//!
//! May import `error`, `diagnostic`, `evidence`. Invariant: a report needs nothing but these events; they can be
//! written down and read back, and nothing is lost on the way.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::evidence::{Cause, Evidence, Outcome, Verdict, seconds};

/// A hint: whose doing a failure is, and a ladder of rungs that leads to its mending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// The known failure that it is about, as `golem-outbound hint ID` takes it; empty for a step's own hint.
    pub id: String,
    /// Whose doing it is.
    pub cause: Cause,
    /// A question, or where to look; empty if its author wrote none.
    pub nudge: String,
    /// One sentence why.
    pub why: String,
    /// What lies behind that, in a few sentences; may be empty.
    pub explanation: String,
    /// The command or the edit that mends it.
    pub command: String,
}

/// How much a reader wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// A question or a pointer, for a reader who likes to find out.
    Nudge,
    /// Why it happens.
    Explanation,
    /// What to type.
    Solution,
}

impl Hint {
    /// A hint with no more than why and what to type.
    pub fn new(cause: Cause, why: impl Into<String>, command: impl Into<String>) -> Self {
        Self {
            id: String::new(),
            cause,
            nudge: String::new(),
            why: why.into(),
            explanation: String::new(),
            command: command.into(),
        }
    }

    /// The rungs that say something, lowest first; the last one is the solution.
    pub fn rungs(&self) -> Vec<(Rung, String)> {
        let explanation = format!("{} {}", self.why, self.explanation).trim().to_owned();
        let rungs = [
            (Rung::Nudge, self.nudge.clone()),
            (Rung::Explanation, explanation),
            (Rung::Solution, self.command.clone()),
        ];
        rungs.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }

    /// The rung of this number, from one; none above the solution.
    pub fn rung(&self, number: usize) -> Option<(Rung, String)> {
        self.rungs().into_iter().nth(number.checked_sub(1)?)
    }
}

/// A step of the plan as it is known before the walk begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Step id.
    pub id: String,
    /// Step title.
    pub title: String,
    /// The file that it was read from, relative to the project's folder.
    pub file: String,
    /// One-based line of its commands in that file.
    pub line: usize,
}

/// What is known of a walk before it begins and tells its readers what they look at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// When the walk began: RFC 3339, UTC.
    pub started: String,
    /// The text of golem-cluster.yaml, without secrets.
    pub cluster_file: String,
    /// The manifest that ray-on-golem sends for the cluster file, by node type where they differ; none without
    /// `outbound_urls`.
    pub manifest: Option<serde_json::Value>,
}

/// The version of something that takes part in a walk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Of what: `golem-outbound`, `ray-on-golem`, `ray`, `python`, `whitelist`.
    pub of: String,
    /// Which one; for the whitelist its date.
    pub is: String,
}

/// How a walk came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// All steps had their turn, or one did not pass.
    Complete,
    /// The reader ended it.
    Quit,
    /// A signal or the end of the lease ended it.
    Interrupted,
    /// The tool itself could not go on.
    Broken,
}

/// What happens in a walk, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The walk begins.
    WalkStarted {
        /// The project's name.
        project: String,
        /// The network's name: `localnet`, `testnet`, …
        network: String,
        /// Whether the network is emulated; then every report says `simulated`.
        simulated: bool,
        /// Where downloads come from, if not simply from the Internet.
        content: Option<String>,
        /// Every step of the plan.
        steps: Vec<PlannedStep>,
        /// What its readers look at.
        about: Box<About>,
    },
    /// The versions of what takes part, as far as they are known by now. Told again when a step has changed them.
    Versions(Vec<Version>),
    /// The tool is busy with something that takes more than a second, for example starting the localnet.
    Narrated(String),
    /// A step begins: its prose (Markdown) and the command as typed by a person, if it has one.
    StepStarted {
        /// Step id.
        id: String,
        /// Step title.
        title: String,
        /// One-based position.
        number: usize,
        /// Number of steps.
        count: usize,
        /// The file that it was read from, relative to the project's folder.
        file: String,
        /// One-based line of its commands in that file.
        line: usize,
        /// Rendered Markdown.
        prose: String,
        /// The command line for people.
        command: String,
    },
    /// Live output of the step's command, whole or partial lines, ANSI codes kept.
    Output(String),
    /// Something is waited for: a command that goes on without a word, a condition, the next try. Said about once a
    /// second.
    Waited {
        /// What is waited for, in words; empty for a command of which nothing more is known.
        #[serde(default)]
        what: String,
        /// Time since the waiting began, for a command since it was started.
        #[serde(with = "seconds")]
        elapsed: Duration,
    },
    /// The step is tried once more; what was checked and hinted at so far no longer counts.
    TriedAgain,
    /// A check was judged.
    Checked {
        /// What the check asks, in words.
        check: String,
        /// What it says.
        verdict: Verdict,
    },
    /// A hint for the failure just seen.
    Hinted(Hint),
    /// A step is over.
    StepFinished {
        /// Step id.
        id: String,
        /// What it came to.
        outcome: Outcome,
        /// Why it was skipped or not reached, else empty.
        reason: String,
        /// Wall-clock time.
        #[serde(with = "seconds")]
        elapsed: Duration,
        /// What was observed, if anything ran.
        evidence: Option<Box<Evidence>>,
    },
    /// A teardown command was run.
    TornDown {
        /// The command line for people.
        command: String,
        /// Whether it ended well.
        ok: bool,
        /// Wall-clock time.
        #[serde(with = "seconds")]
        elapsed: Duration,
    },
    /// The walk is over.
    WalkFinished {
        /// Wall-clock time.
        #[serde(with = "seconds")]
        elapsed: Duration,
        /// How it came to its end.
        ending: Ending,
        /// With which code the program ends; `docs/exit-codes.md`.
        exit_code: u8,
    },
}

/// An event, and when in its walk it happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Time since the walk began.
    #[serde(with = "seconds")]
    pub at: Duration,
    /// What happened.
    pub event: Event,
}

/// Something that listens to events.
pub trait Sink {
    /// Takes one event.
    fn event(&mut self, event: &Event);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_leads_from_a_question_to_the_solution() {
        let hint = Hint {
            nudge: "Which host?".into(),
            explanation: "More.".into(),
            ..Hint::new(Cause::You, "Why.", "`x`")
        };
        let text = |number| hint.rung(number).map(|(_, text)| text);
        assert_eq!((text(0), text(1)), (None, Some("Which host?".into())));
        assert_eq!((text(2), text(3), text(4)), (Some("Why. More.".into()), Some("`x`".into()), None));
    }

    #[test]
    fn a_rung_without_words_is_left_out() {
        let rungs = Hint::new(Cause::You, "Why.", "`x`").rungs();
        assert_eq!(rungs, [(Rung::Explanation, "Why.".to_owned()), (Rung::Solution, "`x`".to_owned())]);
    }
}
