//! `golem-outbound environment`: the project's Python environment. The interpreter's path goes to stdout.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::paragraph::{fill, width};
use crate::error::{Error, ErrorKind, Result};
use crate::exec::environment::{Options, prepare};
use crate::exec::interruptions::INTERRUPTIONS;
use crate::exec::marker::{self, State};
use crate::exec::{Guard, narrate};

/// Arguments of `environment`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project's folder.
    #[arg(default_value = ".")]
    project: PathBuf,
    /// The Python to use: 3.9, 3.10 or 3.11.
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Make nothing; exit code 1 if there is something to make.
    #[arg(long)]
    check: bool,
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    if args.check {
        return check(&args.project);
    }
    let stop = stop_on_signals()?;
    let mut options = Options {
        python: args.python,
        guard: Guard::current(),
        narrate: &mut |line| narrate(&fill("", "  ", line, width())),
        stop: &|| stop.load(Ordering::Relaxed),
    };
    let prepared = prepare(&args.project, &mut options)?;
    if !prepared.made {
        narrate("the environment is current\n");
    }
    println!("{}", prepared.python.display());
    Ok(ExitCode::SUCCESS)
}

/// Says whether the environment is the one that the project asks for. One that the reader made is not known to be.
fn check(project: &Path) -> Result<ExitCode> {
    let project =
        dunce::canonicalize(project).map_err(|error| Error::io("open the project", project, error))?;
    let lock = project.join("requirements.lock");
    let content = std::fs::read(&lock).map_err(|error| Error::io("read", &lock, error))?;
    let why = match marker::examine(&project, &marker::fingerprint(&content), None) {
        State::Current(_) => {
            narrate("the environment is current\n");
            println!("{}", marker::program_in(&project.join(marker::VENV), "python").display());
            return Ok(ExitCode::SUCCESS);
        }
        State::Foreign => "`venv` was not made by this program, and nothing is known of it".to_owned(),
        State::Wanted(why) => why.unwrap_or_else(|| "the project has no Python environment yet".to_owned()),
    };
    narrate(&format!("{why}\n"));
    Ok(ExitCode::from(ErrorKind::Failed.exit_code()))
}

/// A flag that Ctrl-C, SIGTERM and SIGHUP raise, so that what is half done is taken back.
pub(super) fn stop_on_signals() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in INTERRUPTIONS {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|error| Error::internal(format!("failed to listen for signals: {error}")))?;
    }
    Ok(stop)
}
