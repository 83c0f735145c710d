//! `golem-outbound __guard -- CMD…`: the guard process of [`crate::exec::guard`].

use std::ffi::OsString;
use std::process::ExitCode;

use crate::error::Result;
use crate::exec::guard::{Orders, stand};

/// Arguments of `__guard`. Its standard input is the lifeline, if no other is named: at end of file everything ends.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Leave processes with a session of their own alive when the command has ended.
    #[arg(long)]
    keep_daemons: bool,
    /// The command has the terminal to itself; the lifeline is this descriptor.
    #[arg(long, value_name = "NUMBER")]
    lifeline: Option<i32>,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Runs it; the exit code is the command's.
pub fn run(args: Args) -> Result<ExitCode> {
    let orders = Orders { keep_daemons: args.keep_daemons, lifeline: args.lifeline };
    stand(&args.command, orders).map(ExitCode::from)
}
