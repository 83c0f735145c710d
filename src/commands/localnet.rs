//! `golem-outbound localnet`.

use std::process::ExitCode;

use crate::error::{Error, Result};

/// Arguments of `localnet`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(_args: Args) -> Result<ExitCode> {
    Err(Error::internal("`localnet` is not built yet"))
}
