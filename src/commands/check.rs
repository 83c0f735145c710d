//! `golem-outbound check`.

use std::process::ExitCode;

use crate::error::{Error, Result};

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(_args: Args) -> Result<ExitCode> {
    Err(Error::internal("`check` is not built yet"))
}
