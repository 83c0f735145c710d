//! `golem-outbound new`.

use std::process::ExitCode;

use crate::error::{Error, Result};

/// Arguments of `new`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(_args: Args) -> Result<ExitCode> {
    Err(Error::internal("`new` is not built yet"))
}
