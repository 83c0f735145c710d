//! `golem-outbound demo`.

use std::process::ExitCode;

use crate::error::{Error, Result};

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(_args: Args) -> Result<ExitCode> {
    Err(Error::internal("`demo` is not built yet"))
}
