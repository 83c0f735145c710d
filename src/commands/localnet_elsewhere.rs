//! `golem-outbound localnet …` where there is no localnet: only what needs none.
//!
//! Invariant: whatever else is asked for, the reason comes at once, with exit code 3.

use std::ffi::OsString;
use std::process::ExitCode;

use super::localnet_record;
use crate::error::Result;
use crate::localnet::on_this_system;

/// Arguments of `localnet`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a file of providers of what was seen of a market.
    Record(localnet_record::Args),
    /// Everything that needs Linux.
    #[command(external_subcommand)]
    Other(#[expect(dead_code, reason = "the answer is the same whatever it is")] Vec<OsString>),
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    match args.command {
        Command::Record(record) => localnet_record::run(&record),
        Command::Other(_) => on_this_system().map(|()| ExitCode::SUCCESS),
    }
}
