//! What stands in the way of a walk, and what is only worth knowing.
//!
//! Invariant: everything that blocks is named at once, with the commands that clear it, before anything starts.

use crate::error::{Error, Result};
use crate::exec;
use crate::exec::marker::{self, State};
use crate::network::{PROGRAM, Problem};
use crate::runner::Project;
use crate::tutorial::{Planned, Tutorial};

/// Whether a step that is due runs this subcommand of ours.
fn runs_own(tutorial: &Tutorial, plan: &[Planned], subcommand: &str) -> bool {
    let due: Vec<Planned> = plan.iter().filter(|planned| planned.is_due()).cloned().collect();
    plan_has_own(tutorial, &due, subcommand)
}

/// Whether a step of the plan, due or done, runs this subcommand of ours.
pub(super) fn plan_has_own(tutorial: &Tutorial, plan: &[Planned], subcommand: &str) -> bool {
    let mut commands = plan.iter().flat_map(|planned| &tutorial.steps()[planned.index].run);
    commands.any(|argv| argv.starts_with(&[PROGRAM.into(), subcommand.into()]))
}

/// An environment that the chosen steps would find missing or broken, when none of them makes it.
pub(super) fn environment_problem(
    project: &Project,
    tutorial: &Tutorial,
    plan: &[Planned],
) -> Option<Problem> {
    let commands: Vec<&Vec<String>> = plan
        .iter()
        .filter(|planned| planned.is_due())
        .flat_map(|planned| &tutorial.steps()[planned.index].run)
        .collect();
    let is_made = runs_own(tutorial, plan, "environment");
    let is_needed = commands.iter().any(|argv| argv.first().is_some_and(|program| program != PROGRAM));
    // Without a list of packages nobody asked for an environment.
    let has_lock = project.folder.join("requirements.lock").is_file();
    if is_made || !is_needed || (project.steps.is_guest && !has_lock) {
        return None;
    }
    let lock =
        marker::fingerprint(&std::fs::read(project.folder.join("requirements.lock")).unwrap_or_default());
    let why = match marker::examine(&project.folder, &lock, None) {
        State::Current(_) => return None,
        State::Foreign if marker::program_in(&project.folder.join(marker::VENV), "ray").is_file() => {
            return None;
        }
        State::Foreign => "`venv` has no `bin/ray`".to_owned(),
        State::Wanted(why) => why.unwrap_or_else(|| "the project has no Python environment yet".into()),
    };
    Some(Problem { what: why, command: "`golem-outbound environment`".into(), blocks: true })
}

/// On the localnet a taken port of the machine is no obstacle, but it may be worth knowing.
pub(super) fn note_taken_ports() {
    for listener in [4578, 7465].into_iter().filter_map(exec::port::listener) {
        eprintln!(
            "note: port {} of this machine is taken by {listener}; the localnet has ports of its own, so this does no harm",
            listener.port
        );
    }
}

/// Names everything that stands in the way; an error if something of it blocks.
pub(super) fn report_problems(problems: &[Problem]) -> Result<()> {
    for problem in problems.iter().filter(|problem| !problem.blocks) {
        eprintln!("warning: {}\n  {}", problem.what, problem.command);
    }
    let blocking: Vec<&Problem> = problems.iter().filter(|problem| problem.blocks).collect();
    if blocking.is_empty() {
        return Ok(());
    }
    let what: Vec<&str> = blocking.iter().map(|problem| problem.what.as_str()).collect();
    let error = Error::machine(format!("the walk cannot begin: {}", what.join("; ")));
    let mut commands: Vec<&String> = blocking.iter().map(|problem| &problem.command).collect();
    // One command may end what holds several ports.
    commands.dedup();
    Err(commands.into_iter().fold(error, |error, command| error.hint(command)))
}
