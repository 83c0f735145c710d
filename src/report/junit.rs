//! The walk as JUnit XML: a suite for the walk, a case for each step with the file and line of its commands, and one for
//! each teardown.
//!
//! May import `evidence` and `event`. Pure. Invariant: a document without a failure and without an error is one of a walk
//! that passed; a walk in which nothing was run has an error.

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::Walk;
use super::summary;
use super::terminal::cause_words;
use super::walk::{Standing, StepReport};
use crate::evidence::{Outcome, Verdict};

/// Lines of output that stand in a case.
const LINES: usize = 200;

/// The document.
pub(super) fn render(walk: &Walk) -> String {
    let name = format!("{} on {}", walk.project, walk.network_words());
    let mut suite = TestSuite::new(name.clone());
    suite.set_time(walk.elapsed());
    suite.extra.insert("timestamp".into(), walk.about.started.as_str().into());
    suite.add_properties(properties(walk));
    suite.add_test_cases(walk.steps.iter().map(|step| case(walk, step)));
    suite.add_test_cases(walk.teardowns.iter().map(|torn_down| {
        let status = if torn_down.ok {
            TestCaseStatus::success()
        } else {
            status(NonSuccessKind::Failure, "the teardown failed; nodes may still be rented", "")
        };
        let mut case = TestCase::new(format!("teardown: {}", torn_down.command), status);
        case.set_classname(walk.project.as_str()).set_time(torn_down.elapsed);
        case
    }));
    if walk.standing() != Standing::Passed && suite.failures + suite.errors == 0 {
        let status = status(NonSuccessKind::Error, walk.standing().word(), &summary::verdict(walk));
        let mut case = TestCase::new("the walk", status);
        case.set_classname(walk.project.as_str());
        suite.add_test_case(case);
    }
    let mut report = Report::new(name);
    report.set_time(walk.elapsed());
    report.add_test_suite(suite);
    report.to_string().unwrap_or_else(|error| format!("<!-- failed to write the report: {error} -->\n"))
}

fn properties(walk: &Walk) -> Vec<Property> {
    let mut properties = vec![
        Property::new("network", walk.network.as_str()),
        Property::new("simulated", if walk.simulated { "true" } else { "false" }),
        Property::new("standing", walk.standing().word()),
    ];
    properties.extend(walk.content.as_ref().map(|content| Property::new("content", content.as_str())));
    let versions = walk.versions.iter();
    properties.extend(
        versions.map(|version| Property::new(format!("version of {}", version.of), version.is.as_str())),
    );
    properties
}

fn case(walk: &Walk, step: &StepReport) -> TestCase {
    let kind = |kind| status(kind, &message(step), &details(step));
    let status = match step.outcome {
        Some(Outcome::Passed) => TestCaseStatus::success(),
        Some(Outcome::Failed) => kind(NonSuccessKind::Failure),
        Some(Outcome::Inconclusive) => kind(NonSuccessKind::Error),
        None if step.began.is_some() => {
            status(NonSuccessKind::Error, "the walk did not end; this step was not over", "")
        }
        Some(Outcome::Skipped | Outcome::NotReached) | None => {
            let mut skipped = TestCaseStatus::skipped();
            let reason = if step.reason.is_empty() { "the walk ended before it" } else { &step.reason };
            skipped.set_message(format!("{}: {reason}", step.word()));
            skipped
        }
    };
    let mut case = TestCase::new(step.id.as_str(), status);
    case.set_classname(walk.project.as_str()).set_time(step.elapsed);
    case.set_assertions(step.checks.len());
    case.extra.insert("file".into(), step.file.as_str().into());
    case.extra.insert("line".into(), step.line.to_string().into());
    case.add_properties([
        Property::new("title", step.title.as_str()),
        Property::new("command", step.command.as_str()),
    ]);
    if let Some(evidence) = &step.evidence {
        case.set_system_out(last_lines(&evidence.output));
    }
    case
}

fn status(kind: NonSuccessKind, message: &str, description: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message);
    if !description.is_empty() {
        status.set_description(description);
    }
    status
}

/// In one line: the first check that did not pass, else the reason.
fn message(step: &StepReport) -> String {
    let open = step.checks.iter().find(|(_, verdict)| *verdict != Verdict::Pass);
    match open {
        Some((check, _)) if step.reason.is_empty() => check.clone(),
        Some((check, _)) => format!("{check} ({})", step.reason),
        None if step.reason.is_empty() => step.word().to_owned(),
        None => step.reason.clone(),
    }
}

/// Every check that did not pass, with what was expected and found, then the hints.
fn details(step: &StepReport) -> String {
    let mut lines = Vec::new();
    for (check, verdict) in &step.checks {
        match verdict {
            Verdict::Pass => {}
            Verdict::Fail { expected, found } => {
                lines.push(format!("{check}\n  expected {expected}\n  found {found}"));
            }
            Verdict::Inconclusive { reason } => lines.push(format!("{check}\n  could not tell: {reason}")),
        }
    }
    for hint in &step.hints {
        lines.push(format!("hint ({}): {}\n  {}", cause_words(hint.cause), hint.why, hint.command));
    }
    lines.join("\n")
}

fn last_lines(output: &str) -> String {
    let count = output.lines().count();
    let left_out = count.saturating_sub(LINES);
    let tail: Vec<&str> = output.lines().skip(left_out).collect();
    let mark = if left_out > 0 { format!("[… {left_out} lines left out …]\n") } else { String::new() };
    format!("{mark}{}\n", tail.join("\n"))
}
