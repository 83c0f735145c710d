//! The tutorial as data: steps read from Markdown files, their checks, their hints, and the order of a walk.
//!
//! May import `error`, `diagnostic`, `evidence`, `event`. Pure: texts and values come in, steps and findings go out.
//! Invariant: nothing that an author wrote is ignored; what is not understood is a finding with file, line and a
//! suggestion, and a tutorial with a finding is not walked.

mod catalogue;
mod check;
pub mod duration;
pub mod expected;
mod findings;
mod front_matter;
mod funnel;
mod ledger;
mod normalise;
mod order;
pub mod orders;
mod placeholders;
mod plan;
pub mod progress;
pub mod proof;
pub mod step;
mod suggestion;

pub use catalogue::{KnownFailure, Place, Sample, known_failure, known_failures};
pub use check::{Check, Count, FunnelCheck, LedgerCheck, NodesOf};
pub use findings::{parse_findings, parse_verdicts};
pub use front_matter::prose_start;
pub use funnel::parse_funnel;
pub use ledger::parse_ledger;
pub use normalise::normalise;
pub use placeholders::{Value, Values};
pub use plan::{Planned, Selection, Why, plan, plan_due};
pub use step::{Already, Condition, InterruptWhen, Retry, StallWhen, Step, Symptom, WaitFor};

use crate::diagnostic::Diagnostic;

/// An ordered list of steps: every step stands after all that it needs.
#[derive(Clone, Debug)]
pub struct Tutorial {
    steps: Vec<Step>,
}

impl Tutorial {
    /// Reads the step files `(name, text)`, in the order of their names, with the values of the project.
    ///
    /// # Errors
    /// Every finding of every file, each with the file's name.
    pub fn load(files: &[(String, String)], values: &Values) -> Result<Self, Vec<(String, Diagnostic)>> {
        let mut files: Vec<&(String, String)> = files.iter().collect();
        files.sort();
        let mut findings = Vec::new();
        let mut steps = Vec::new();
        for (name, text) in files {
            match front_matter::parse(name, text, values) {
                Ok(step) => steps.push((step, text.as_str())),
                Err(found) => findings.extend(found.into_iter().map(|finding| (name.clone(), finding))),
            }
        }
        let unreadable = !findings.is_empty();
        findings.extend(order::duplicates(&steps));
        if !unreadable {
            // A step that could not be read would show up here a second time, as a need that is missing.
            findings.extend(order::missing_needs(&steps));
        }
        if steps.is_empty() && findings.is_empty() {
            let finding = Diagnostic::error("tutorial-empty", "there is no step file")
                .help("a step is a file such as `tutorial/01-prerequisites.md`");
            findings.push(("tutorial".into(), finding));
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let steps = order::by_needs(steps).map_err(|finding| vec![*finding])?;
        Ok(Self { steps })
    }

    /// The steps, every one after all that it needs.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The step of this id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }
}

#[cfg(test)]
mod tests;
