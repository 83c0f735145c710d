//! What can be told of a localnet, whether it runs, ends, or is gone.
//!
//! May import `error` and `localnet::control`. Invariant: a look changes nothing.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::config::SandboxConfig;
use super::end::is_gone_soon;
use super::environment::CONTROL_SOCKET;
use super::state::State;
use crate::error::{Error, Result};
use crate::localnet::{ContentMode, MadeOf, control};

/// What can be told of a localnet.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Always `simulated`.
    pub network: &'static str,
    /// The localnet's directory.
    pub dir: PathBuf,
    /// Whether the kernel still takes down what is left of it; it does not run then.
    pub ending: bool,
    /// Its processes; none if it does not run.
    pub state: Option<State>,
    /// Where downloads come from: `mirror` or `live`; none if it does not run.
    pub content: Option<ContentMode>,
    /// What its market and its nodes say of themselves; none if it does not run.
    pub market: Option<control::Status>,
}

/// What can be told of a localnet's directory. One that was killed a moment ago is waited for, so that it is told as down.
pub fn status(dir: &Path) -> Result<Status> {
    let mut status = Status {
        network: "simulated",
        dir: dir.to_path_buf(),
        ending: false,
        state: None,
        content: None,
        market: None,
    };
    let Some(state) = State::read_live(dir)? else { return Ok(status) };
    match control::ask(&control_socket(&state), &control::Request::Status) {
        Ok(control::Reply::Status(market)) => {
            status.content = Some(SandboxConfig::read(dir)?.content);
            status.market = Some(*market);
            status.state = Some(state);
        }
        Ok(_) => return Err(Error::internal("failed to read the localnet's status: another answer came")),
        Err(_) if is_gone_soon(&state) => {}
        Err(_) if !state.keeper.is_alive() => status.ending = true,
        Err(error) => return Err(error),
    }
    Ok(status)
}

/// What the localnet of a directory was made of, if it runs.
pub fn made_of(dir: &Path) -> Option<MadeOf> {
    let content = status(dir).ok()?.content?;
    let config = SandboxConfig::read(dir).ok()?;
    Some(MadeOf { content, providers: config.providers, faults: config.faults })
}

/// The control socket, seen from the machine.
pub(super) fn control_socket(state: &State) -> PathBuf {
    PathBuf::from(format!("/proc/{}/root{CONTROL_SOCKET}", state.init.pid))
}
