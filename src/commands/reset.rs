//! `golem-outbound reset`: forgets what was done, all of it or one step and what needs it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::walk::NetworkName;
use crate::error::Result;
use crate::exec::narrate;
use crate::runner::{Project, ProjectLock, State};
use crate::tutorial::progress::with_those_who_need_it;

/// Arguments of `reset`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this step and those that need it.
    step: Option<String>,
    /// Only on this network [default: all]
    #[arg(long, value_enum)]
    network: Option<NetworkName>,
    /// Of the tutorial in this folder instead of the project's own.
    #[arg(long, value_name = "DIR")]
    tutorial: Option<PathBuf>,
}

/// Runs it. Files of the project and its environment stay as they are.
pub fn run(args: &Args) -> Result<ExitCode> {
    let project = Project::open(Path::new("."), args.tutorial.as_deref())?;
    let _lock = ProjectLock::take(&project.folder)?;
    let network = args.network.map(NetworkName::name);
    let mut state = State::read(&project.folder, project.guest());
    if let Some(why) = state.ignored() {
        narrate(&format!("note: {why}\n"));
    }
    let steps = match &args.step {
        None => None,
        Some(step) => {
            // Needs are the same on every network.
            let tutorial = project.tutorial(network.unwrap_or("localnet"))?;
            Some(with_those_who_need_it(tutorial.steps(), step)?)
        }
    };
    let known = state.forget(network, steps.as_deref())?;
    let what = match &steps {
        None => "every step".to_owned(),
        Some(steps) => steps.join(", "),
    };
    let place = network.map_or_else(|| "all networks".to_owned(), ToOwned::to_owned);
    narrate(&format!("forgotten on {place}: {what} ({known} known)\n"));
    Ok(ExitCode::SUCCESS)
}
