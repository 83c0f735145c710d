//! `golem-outbound __watchdog`: the watchdog process of [`crate::runner::watchdog`].

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::error::Result;
use crate::exec::inherited::inherited;
use crate::runner::watchdog::{Post, stand};

/// Arguments of `__watchdog`. Its standard input is the socket to the walk.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project's folder.
    #[arg(long)]
    project: PathBuf,
    /// The walk's process.
    #[arg(long)]
    runner: i32,
    /// Where its words and its commands' output go.
    #[arg(long)]
    log: PathBuf,
    /// When the lease ends, in milliseconds since boot.
    #[arg(long)]
    lease_ends_ms: Option<u64>,
    /// How long the walk may take for its own teardown then, in milliseconds.
    #[arg(long, default_value_t = 300_000)]
    grace_ms: u64,
    /// The descriptor of the localnet's lifeline.
    #[arg(long)]
    hold: Option<i32>,
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    stand(Post {
        project: args.project,
        runner: args.runner,
        lease_ends: args.lease_ends_ms.map(Duration::from_millis),
        grace: Duration::from_millis(args.grace_ms),
        log: args.log,
        hold: args.hold.map(inherited).transpose()?,
    })?;
    Ok(ExitCode::SUCCESS)
}
