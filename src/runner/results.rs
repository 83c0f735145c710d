//! What the steps of a walk came to, and what the walk comes to.
//!
//! May import `error`, `event`, `evidence`, `tutorial`. Invariant: a walk is green only if a step was run in it and every step that was run passed.

use crate::error::ErrorKind;
use crate::evidence::{Cause, Outcome};
use crate::tutorial::Step;

pub use crate::event::Ending;

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepResult {
    /// Step id.
    pub id: String,
    /// What it came to.
    pub outcome: Outcome,
    /// Whose doing a failure is, where a symptom tells.
    pub cause: Option<Cause>,
    /// Whether steps that need it can be run: it passed, now or before, or was true already, and was not undone since.
    pub holds: bool,
}

impl StepResult {
    /// Whether it tells more than that the step is not run now.
    pub fn says_more_than(&self, outcome: Outcome) -> bool {
        self.holds
            || self.outcome == outcome
            || !matches!(self.outcome, Outcome::Skipped | Outcome::NotReached)
    }
}

/// What a walk came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// Every step of the plan, in order.
    pub steps: Vec<StepResult>,
    /// How it ended.
    pub ending: Ending,
    /// Whether every teardown that was due ended well.
    pub torn_down: bool,
}

impl Walked {
    /// The process exit code: never 0 unless a step was run and every step that was run passed.
    pub fn exit_code(&self) -> u8 {
        let any = |outcome| self.steps.iter().any(|step| step.outcome == outcome);
        if self.ending != Ending::Complete {
            return ErrorKind::Interrupted.exit_code();
        }
        if self.steps.iter().any(|step| step.outcome == Outcome::Failed && step.cause == Some(Cause::Machine))
        {
            return ErrorKind::Machine.exit_code();
        }
        if any(Outcome::Failed) || !self.torn_down {
            return ErrorKind::Failed.exit_code();
        }
        if any(Outcome::Inconclusive) || any(Outcome::NotReached) || !any(Outcome::Passed) {
            return ErrorKind::Inconclusive.exit_code();
        }
        0
    }
}

/// The results so far, one place for each step of the plan; a step that is run again has its last one.
#[derive(Debug, Default)]
pub struct Results(Vec<Option<StepResult>>);

impl Results {
    /// No result yet for so many steps.
    pub fn of(count: usize) -> Self {
        Self(vec![None; count])
    }

    /// What the step at this place came to.
    pub fn at(&self, position: usize) -> Option<&StepResult> {
        self.0.get(position)?.as_ref()
    }

    /// Enters a result.
    pub fn set(&mut self, position: usize, result: StepResult) {
        if let Some(place) = self.0.get_mut(position) {
            *place = Some(result);
        }
    }

    /// These steps have been undone.
    pub fn undo(&mut self, ids: &[String]) {
        for result in self.0.iter_mut().flatten().filter(|result| ids.contains(&result.id)) {
            result.holds = false;
        }
    }

    /// Why a step cannot be run: one that it needs does not hold.
    pub fn missing_for(&self, step: &Step) -> Option<String> {
        let missing = self.0.iter().flatten().find(|done| !done.holds && step.needs.contains(&done.id))?;
        let how = match missing.outcome {
            Outcome::Passed => "undone since",
            outcome => outcome.word(),
        };
        Some(format!("it needs `{}`, which was {how}", missing.id))
    }

    /// The results in the order of the plan.
    pub fn into_steps(self) -> Vec<StepResult> {
        self.0.into_iter().flatten().collect()
    }
}
