//! `golem-outbound run`.

use std::process::ExitCode;

use crate::error::{Error, Result};

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(_args: Args) -> Result<ExitCode> {
    Err(Error::internal("`run` is not built yet"))
}
