//! `golem-outbound environment`: the project's Python environment. The interpreter's path goes to stdout.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::paragraph::{fill, width};
use crate::error::{Error, Result};
use crate::exec::environment::{Options, prepare};
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
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
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

/// A flag that Ctrl-C, SIGTERM and SIGHUP raise, so that what is half done is taken back.
pub(super) fn stop_on_signals() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|error| Error::internal(format!("failed to listen for signals: {error}")))?;
    }
    Ok(stop)
}
