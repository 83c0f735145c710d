//! `yagna service run`: holds the line that keeps the API's port open.
//!
//! May import `error`, `localnet::control`. Invariant: ends with its parent, because a ray-on-golem that crashes leaves it
//! behind otherwise.

use std::io::BufRead;
use std::path::Path;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::getppid;

use crate::error::{Error, Result};
use crate::localnet::control::{Reply, Request, connect};

/// Opens the API and waits until someone ends this process, its parent, or the localnet.
pub(super) fn run(socket: &Path) -> Result<()> {
    let parent = getppid();
    set_pdeathsig(Signal::SIGTERM)
        .map_err(|errno| Error::machine(format!("failed to follow the parent process: {errno}")))?;
    if getppid() != parent {
        return Ok(());
    }
    println!("[simulated] starting yagna {} of the localnet", env!("CARGO_PKG_VERSION"));
    let (reply, mut line) = connect(socket, &Request::ServiceRun)?;
    let Reply::ServiceRunning(url) = reply else {
        return Err(Error::internal("failed to understand the localnet's answer to `service run`"));
    };
    println!("[simulated] API listening on {url}");
    let mut rest = String::new();
    // The localnet never says anything more: this returns when it is gone.
    let _ = line.read_line(&mut rest);
    println!("[simulated] the localnet ended; stopping");
    Ok(())
}
