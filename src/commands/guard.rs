//! `golem-outbound __guard -- CMD…`: the guard process of [`crate::exec::guard`].

use std::ffi::OsString;
use std::process::ExitCode;

use crate::error::Result;

/// Arguments of `__guard`. Its standard input is the lifeline: at end of file everything ends.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Leave processes with a session of their own alive when the command has ended.
    #[arg(long)]
    keep_daemons: bool,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Runs it; the exit code is the command's.
pub fn run(args: Args) -> Result<ExitCode> {
    crate::exec::guard::stand(&args.command, args.keep_daemons).map(ExitCode::from)
}
