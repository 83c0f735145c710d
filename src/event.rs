//! The one stream that the runner speaks and reports listen to.
//!
//! May import `error`, `diagnostic`, `evidence`. Invariant: a report needs nothing but these events.

use std::time::Duration;

use crate::evidence::{Cause, Evidence, Outcome, Verdict};

/// A hint: whose doing a failure is, and a ladder of rungs that leads to its mending.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
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

/// What happens in a walk, in order.
#[derive(Clone, Debug)]
pub enum Event {
    /// The walk begins.
    WalkStarted {
        /// The project's name.
        project: String,
        /// The network's name: `localnet`, `testnet`, …
        network: String,
        /// Whether the network is emulated; then every report says `simulated`.
        simulated: bool,
        /// `(id, title)` of every step of the plan.
        steps: Vec<(String, String)>,
    },
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
        what: String,
        /// Time since the waiting began, for a command since it was started.
        elapsed: Duration,
    },
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
        elapsed: Duration,
    },
    /// The walk is over.
    WalkFinished {
        /// Wall-clock time.
        elapsed: Duration,
    },
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
