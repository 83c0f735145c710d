//! The keys that spare work: `already`, and what is wrong with it and with `inputs`.
//!
//! May import `diagnostic` and its siblings. Invariant: an `already` that could not be untrue is a finding, as a check is.

use serde::Deserialize;
use serde_yaml::with::singleton_map_recursive;

use super::FrontMatter;
use super::place::place;
use crate::diagnostic::Diagnostic;
use crate::tutorial::check::Check;
use crate::tutorial::step::Already;

/// `already` as its author writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlreadyEntry {
    #[serde(default)]
    run: Vec<Vec<String>>,
    #[serde(default, with = "singleton_map_recursive")]
    checks: Vec<Check>,
    why: String,
}

impl AlreadyEntry {
    pub(super) fn already(self) -> Already {
        Already { run: self.run, checks: self.checks, why: self.why }
    }
}

/// What is wrong with the two keys.
pub(super) fn findings(yaml: &str, front: &FrontMatter) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    if let Some(already) = &front.already {
        if already.checks.is_empty() || already.run.iter().any(Vec::is_empty) {
            let message = format!("`already` of step `{}` does not say what must be seen", front.id);
            let finding = Diagnostic::error("already-unclear", message).help(
                "write `already: {run: [[golem-outbound, doctor]], checks: [{exit_code: 0}], why: TEXT}`",
            );
            findings.push(place(yaml, "already:", finding));
        }
        for check in &already.checks {
            if let Some(problem) = check.problem() {
                let finding = Diagnostic::error("check-cannot-fail", problem)
                    .help("say what must have been seen; a check that always passes is none");
                findings.push(place(yaml, check.name(), finding));
            }
        }
    }
    for input in front.inputs.iter().flatten() {
        let leads_out =
            input.starts_with('/') || input.split('/').any(|part| part == ".." || part.is_empty());
        if leads_out {
            let finding =
                Diagnostic::error("input-malformed", format!("`{input}` is no file of the project"))
                    .help("name a file by its path in the project, such as `golem-cluster.yaml`, or `*.py`");
            findings.push(place(yaml, input, finding));
        }
    }
    findings
}
