//! The supervisor: the sandbox's main process, which puts the localnet's parts together.
//!
//! May import `error` and the parts of `localnet`. Invariant: it is furnished before it has a second thread, and it
//! says `ready` only when everything listens.

use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use nix::unistd::{dup2_stdin, dup2_stdout};

use super::sandbox::config::SandboxConfig;
use super::sandbox::start::Report;
use super::sandbox::{inherited, init, lifeline, logs, mounts};
use crate::error::{Error, Result};

mod running;

use running::Running;

/// What the localnet's log holds.
const LOGGED: tracing::Level = tracing::Level::INFO;

/// The number of the descriptor that leads to the keeper, who dials out; 0 is the lifeline, 1 takes the report.
const OUTSIDE: i32 = 3;

/// The whole life of the process that the keeper starts as pid 1 of the sandbox.
pub fn supervise(dir: &Path) -> Result<ExitCode> {
    let birthright = take_birthright()?;
    let mut report_to = std::fs::File::from(birthright.report);
    match prepare(dir).and_then(|prepared| {
        lifeline::watch(birthright.lifeline).map_err(|e| Error::internal(format!("no lifeline: {e}")))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|e| Error::internal(format!("failed to start the runtime: {e}")))?;
        Ok((prepared, runtime))
    }) {
        Ok((prepared, runtime)) => runtime.block_on(serve(prepared, birthright.outside, report_to)),
        Err(error) => {
            report(&mut report_to, &Report::Failed(error.message().into()))?;
            Err(error)
        }
    }
}

struct Birthright {
    lifeline: OwnedFd,
    report: OwnedFd,
    outside: OwnedFd,
}

/// Takes over what the process was born with, and leaves it ordinary standard streams.
fn take_birthright() -> Result<Birthright> {
    let failed =
        |e: std::io::Error| Error::internal(format!("failed to take over the standard streams: {e}"));
    let lifeline = std::io::stdin().as_fd().try_clone_to_owned().map_err(failed)?;
    let report = std::io::stdout().as_fd().try_clone_to_owned().map_err(failed)?;
    let nothing = std::fs::File::open("/dev/null").map_err(failed)?;
    dup2_stdin(nothing).map_err(|errno| failed(errno.into()))?;
    dup2_stdout(std::io::stderr()).map_err(|errno| failed(errno.into()))?;
    Ok(Birthright { lifeline, report, outside: inherited(OUTSIDE)? })
}

/// What was made while the process had one thread.
struct Prepared {
    config: SandboxConfig,
    /// The folder on the disk where ray-on-golem's logs are to be read.
    visible_logs: OwnedFd,
}

/// Everything that has to happen in a process with one thread; returns in pid 2.
fn prepare(dir: &Path) -> Result<Prepared> {
    let config = SandboxConfig::read(dir)?;
    mounts::furnish(&config)?;
    let visible_logs = logs::cover(&logs::folder(&config.dir))?;
    std::env::set_current_dir("/").map_err(|e| Error::io("enter", "/", e))?;
    let loopback = Command::new("ip").args(["link", "set", "lo", "up"]).stdin(Stdio::null()).status();
    if !loopback.is_ok_and(|status| status.success()) {
        return Err(Error::machine("failed to start the sandbox's loopback with `ip link set lo up`"));
    }
    init::divide(c"supervisor")?;
    Ok(Prepared { config, visible_logs })
}

async fn serve(prepared: Prepared, outside: OwnedFd, mut report_to: std::fs::File) -> Result<ExitCode> {
    let Prepared { config, visible_logs } = prepared;
    let log = logs::own_log(&config.dir)?;
    let logged = tracing_subscriber::fmt().with_writer(log).with_ansi(false).with_max_level(LOGGED);
    // What cannot be logged, because the disk is full, would be told to stderr: the same log, and a panic.
    logged.log_internal_errors(false).init();
    let running = match Running::start(&config, outside, visible_logs).await {
        Ok(running) => running,
        Err(error) => {
            report(&mut report_to, &Report::Failed(error.message().into()))?;
            return Err(error);
        }
    };
    report(&mut report_to, &Report::Ready)?;
    drop(report_to);
    let mut end = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(|e| Error::internal(format!("failed to listen for signals: {e}")))?;
    tokio::select! {
        _ = end.recv() => {}
        () = running.asked_to_stop() => {}
    }
    running.finish_logs();
    Ok(ExitCode::SUCCESS)
}

fn report(to: &mut std::fs::File, report: &Report) -> Result<()> {
    let mut line = serde_json::to_string(report).map_err(|e| Error::internal(e.to_string()))?;
    line.push('\n');
    to.write_all(line.as_bytes()).map_err(|e| Error::io("write to", "the keeper", e))
}
