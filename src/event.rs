//! The one stream that the runner speaks and reports listen to.
//!
//! May import `error`, `diagnostic`, `evidence`. Invariant: a report needs nothing but these events.

use std::time::Duration;

use crate::evidence::{Cause, Evidence, Outcome, Verdict};

/// A hint as shown: what happened, why, and the command to type.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Hint {
    /// Whose doing it is.
    pub cause: Cause,
    /// One sentence why.
    pub why: String,
    /// The command or the edit that mends it.
    pub command: String,
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
    /// The step's command goes on without a word; said about once a second.
    Waited {
        /// Time since the command began.
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
