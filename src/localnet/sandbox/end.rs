//! The end of a localnet: asked for, then forced.
//!
//! May import `error` and `localnet::control`. Invariant: who was told that it ended finds no process of it.

use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::state::{State, ended_within, send_signal};
use super::status::control_socket;
use crate::error::{Error, Result};
use crate::localnet::control;

/// How long an end may take before it is forced.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether nothing of it is left; waits a while if it does not live any more but its end is under way.
pub(super) fn is_gone_soon(state: &State) -> bool {
    state.init.open().is_none_or(|init| ended_within(&init, PATIENCE))
}

/// Asks the supervisor for the end, which writes the logs out first and takes all else along; a keeper that is still
/// there then is made to do it. Waits until stage and init are gone: the kernel lets init go when nothing is left in its
/// namespace. They are opened first, because an ended process cannot be found again.
pub(super) fn end(state: &State) -> Result<()> {
    let keeper = state.keeper.open();
    let below = [state.init, state.stage].map(|process| (process.pid, process.open()));
    if let Some(keeper) = &keeper {
        let asked = control::ask(&control_socket(state), &control::Request::Stop);
        if asked.is_err() || !ended_within(keeper, PATIENCE) {
            send_signal(keeper, Signal::SIGTERM);
        }
        force_end(keeper, state.keeper.pid)?;
    }
    for (pid, process) in &below {
        if let Some(process) = process {
            force_end(process, *pid)?;
        }
    }
    Ok(())
}

fn force_end(process: &OwnedFd, pid: i32) -> Result<()> {
    if ended_within(process, PATIENCE) {
        return Ok(());
    }
    send_signal(process, Signal::SIGKILL);
    if ended_within(process, PATIENCE) {
        return Ok(());
    }
    Err(Error::internal(format!("failed to end process `{pid}` of the localnet")))
}
