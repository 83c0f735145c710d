//! `golem-outbound localnet_process`.

use std::process::ExitCode;

use crate::error::{Error, Result};

/// Arguments of `localnet_process`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(_args: Args) -> Result<ExitCode> {
    Err(Error::internal("`localnet_process` is not built yet"))
}
