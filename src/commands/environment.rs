//! `golem-outbound environment`.

use std::process::ExitCode;

use crate::error::{Error, Result};

/// Arguments of `environment`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(_args: Args) -> Result<ExitCode> {
    Err(Error::internal("`environment` is not built yet"))
}
