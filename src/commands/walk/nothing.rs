//! A walk of which every step is done already: what the reader is told, and the reports that were asked for.
//!
//! Invariant: nothing was run, so nothing is known of today; neither the exit code nor a report says that all is well, and
//! the record of the last walk stays.

use std::process::ExitCode;
use std::time::Duration;

use super::{NetworkName, Request, about};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Ending, Event, PlannedStep, Sink};
use crate::evidence::Outcome;
use crate::exec::narrate;
use crate::report::{Document, EventLog, write_documents};
use crate::runner::Project;
use crate::tutorial::{Planned, Tutorial};

/// Says so, and writes the reports.
pub(super) fn nothing_to_do(
    request: &Request,
    project: &Project,
    tutorial: &Tutorial,
    plan: &[Planned],
    reports: &[Document],
) -> Result<ExitCode> {
    let done = plan.iter().filter(|planned| planned.is_done()).count();
    let (network, option) = (request.network.name(), request.network.option());
    narrate(&format!(
        "all {done} steps are done on {network}, and nothing that they depend on has changed; nothing was run\n\n\
         hint: walk all of them again: `golem-outbound run{option} --again`\n\
         hint: see where you stand: `golem-outbound status{option}`\n",
    ));
    if !reports.is_empty() {
        let folder = tempfile::tempdir().map_err(|error| Error::io("make", std::env::temp_dir(), error))?;
        let path = folder.path().join("events.jsonl");
        let mut log = EventLog::create(path.clone())?;
        events(request, project, tutorial, plan).iter().for_each(|event| log.event(event));
        log.finish()?;
        write_documents(reports, &path)?;
    }
    Ok(ExitCode::from(ErrorKind::Inconclusive.exit_code()))
}

/// The walk that it was: every step passed over.
fn events(request: &Request, project: &Project, tutorial: &Tutorial, plan: &[Planned]) -> Vec<Event> {
    let steps = || plan.iter().map(|planned| (&tutorial.steps()[planned.index], planned));
    let outline = |step: &crate::tutorial::Step| PlannedStep {
        id: step.id.clone(),
        title: step.title.clone(),
        file: step.file.clone(),
        line: step.line,
    };
    let begun = Event::WalkStarted {
        project: project.name.clone(),
        network: request.network.name().to_owned(),
        simulated: request.network == NetworkName::Localnet,
        content: None,
        steps: steps().map(|(step, _)| outline(step)).collect(),
        about: Box::new(about::about(project)),
    };
    let passed_over = steps().map(|(step, planned)| Event::StepFinished {
        id: step.id.clone(),
        outcome: Outcome::Skipped,
        reason: planned.why.words(),
        elapsed: Duration::ZERO,
        evidence: None,
    });
    let ended = Event::WalkFinished {
        elapsed: Duration::ZERO,
        ending: Ending::Complete,
        exit_code: ErrorKind::Inconclusive.exit_code(),
    };
    [begun, Event::Versions(about::versions(project))].into_iter().chain(passed_over).chain([ended]).collect()
}
