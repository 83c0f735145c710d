//! `golem-outbound doctor`.

use std::process::ExitCode;

use crate::error::{Error, Result};

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(_args: Args) -> Result<ExitCode> {
    Err(Error::internal("`doctor` is not built yet"))
}
