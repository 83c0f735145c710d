//! What `tutorial check` has found: for people and for programs.
//!
//! May import `diagnostic`, `evidence` and `tutorial`. Invariant: a tutorial of which nothing could be walked is never proved;
//! the number in `format` grows when a field changes its meaning or goes away, not when one is added.

use serde::Serialize;

use crate::commands::check::{json, text};
use crate::commands::explain::to_json;
use crate::diagnostic::Severity;
use crate::error::{ErrorKind, Result};
use crate::evidence::{Outcome, Verdict};
use crate::tutorial::Tutorial;
use crate::tutorial::proof::{Finding, Proved};

const FORMAT: u32 = 1;

/// The report.
pub(super) struct Report<'f> {
    files: &'f [(String, String)],
    /// The network of the walk, if there was one.
    network: Option<&'static str>,
    pub(super) steps: usize,
    pub(super) findings: Vec<Finding>,
    walked: Vec<Walked>,
    not_walked: Vec<String>,
}

/// A step that was walked.
#[derive(Serialize)]
struct Walked {
    id: String,
    file: String,
    outcome: Outcome,
    checks: Vec<Judged>,
}

/// A check of it.
#[derive(Serialize)]
struct Judged {
    check: String,
    before: Verdict,
    after: Verdict,
}

impl Judged {
    /// Whether the check sees the step: it did not pass before, and did after.
    fn tells(&self) -> bool {
        self.before != Verdict::Pass && self.after == Verdict::Pass
    }
}

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    errors: usize,
    warnings: usize,
    notes: usize,
    findings: Vec<json::Finding<'a>>,
    network: Option<&'a str>,
    steps: &'a [Walked],
    not_walked: &'a [String],
}

impl<'f> Report<'f> {
    pub(super) fn new(files: &'f [(String, String)], network: Option<&'static str>) -> Self {
        Self { files, network, steps: 0, findings: Vec::new(), walked: Vec::new(), not_walked: Vec::new() }
    }

    fn source(&self, file: &str) -> &'f str {
        self.files.iter().find(|(name, _)| name == file).map_or("", |(_, text)| text)
    }

    /// Adds what a walk has shown.
    pub(super) fn add(&mut self, tutorial: &Tutorial, proved: Vec<Proved>) {
        for step in tutorial.steps() {
            let Some(proved) = proved.iter().find(|proved| proved.id == step.id) else {
                self.not_walked.push(step.id.clone());
                continue;
            };
            let found = proved.findings(tutorial, step, self.source(&step.file));
            self.findings.extend(found.into_iter().map(|finding| (step.file.clone(), finding)));
            let judged = proved.checks(step).into_iter();
            self.walked.push(Walked {
                id: step.id.clone(),
                file: step.file.clone(),
                outcome: proved.outcome,
                checks: judged.map(|(check, before, after)| Judged { check, before, after }).collect(),
            });
        }
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|(_, finding)| finding.severity == severity).count()
    }

    /// 1 for an error; 4 if a step could not be told, or none was walked though it was asked for; else 0.
    pub(super) fn exit_code(&self) -> u8 {
        if self.count(Severity::Error) > 0 {
            return ErrorKind::Failed.exit_code();
        }
        let unsure = self.walked.iter().any(|step| step.outcome != Outcome::Passed);
        let unproved = self.network.is_some() && (self.walked.is_empty() || unsure);
        if unproved { ErrorKind::Inconclusive.exit_code() } else { 0 }
    }

    pub(super) fn text(&self) -> String {
        let findings = self.findings.iter();
        let mut text: String =
            findings.map(|(file, finding)| text::one(file, self.source(file), finding)).collect();
        if let Some(network) = self.network {
            text += &self.proof(network);
        }
        let plural = |number: usize, word: &str| match number {
            0 => format!("no {word}s"),
            1 => format!("1 {word}"),
            _ => format!("{number} {word}s"),
        };
        let steps = if self.steps == 0 { self.files.len() } else { self.steps };
        text += &format!(
            "{}: {}, {}\n",
            plural(steps, if self.steps == 0 { "file" } else { "step" }),
            plural(self.count(Severity::Error), "error"),
            plural(self.count(Severity::Warning), "warning")
        );
        if let Some((_, worst)) = self.findings.first() {
            text += &format!("`golem-outbound check --explain {}` says more about a finding\n", worst.code);
        }
        text
    }

    /// For each step, which checks see it.
    fn proof(&self, network: &str) -> String {
        let mut text = format!(
            "Walked on {network}; a check sees its step if it does not pass before and passes after:\n"
        );
        for step in &self.walked {
            let seeing = step.checks.iter().filter(|check| check.tells()).count();
            text += &format!(
                "  {}: {}; {seeing} of {} checks see it\n",
                step.id,
                step.outcome.word(),
                step.checks.len()
            );
            for check in step.checks.iter().filter(|check| check.before == Verdict::Pass) {
                text += &format!("    passed before as well: {}\n", check.check);
            }
        }
        if !self.not_walked.is_empty() {
            text += &format!("  not walked: {}\n", self.not_walked.join(", "));
        }
        text + "\n"
    }

    pub(super) fn json(&self) -> Result<String> {
        to_json(&Document {
            format: FORMAT,
            errors: self.count(Severity::Error),
            warnings: self.count(Severity::Warning),
            notes: self.count(Severity::Note),
            findings: self
                .findings
                .iter()
                .map(|(file, found)| json::finding(file.clone(), self.source(file), found))
                .collect(),
            network: self.network,
            steps: &self.walked,
            not_walked: &self.not_walked,
        })
    }
}
