//! `golem-outbound guard`.

use std::process::ExitCode;

use crate::error::{Error, Result};

/// Arguments of `guard`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(_args: Args) -> Result<ExitCode> {
    Err(Error::internal("`guard` is not built yet"))
}
