//! `golem-outbound explain`.

use std::process::ExitCode;

use crate::error::{Error, Result};

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(_args: Args) -> Result<ExitCode> {
    Err(Error::internal("`explain` is not built yet"))
}
