//! The keeper: the localnet's process that stays in the machine's namespaces.
//!
//! May import `error` and `localnet::egress`. Invariant: when the keeper ends, however it ends, the sandbox ends.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use nix::fcntl::OFlag;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::sys::wait::waitpid;
use nix::unistd::{pipe2, setsid};

use super::init::{exit_code, told};
use super::namespaces::{Birthright, Sandbox, launch};
use super::state::{ProcessRef, State};
use super::{config::SandboxConfig, lifeline, os_error};
use crate::error::{Error, Result};
use crate::localnet::egress::outside::serve_outside;

/// The keeper's whole life: starts the sandbox, says on stdout that it is ready (one line of JSON, see
/// [`super::start::Report`]), and ends with it. With `on_lifeline` stdin is the caller's lifeline.
pub fn keep(dir: &Path, on_lifeline: bool) -> Result<ExitCode> {
    let config = SandboxConfig::read(dir)?;
    // A terminal's Ctrl-C is for the walk, which takes the localnet down in its own order. Fails only for a leader.
    let _ = setsid();
    let (sandbox, held, ready) = start(dir)?;
    if on_lifeline {
        let stdin = std::io::stdin().as_fd().try_clone_to_owned();
        let watched = stdin.and_then(lifeline::watch);
        watched.map_err(|e| Error::internal(format!("failed to watch the lifeline: {e}")))?;
    }
    let outside = UnixStream::from(held.outside);
    std::thread::Builder::new()
        .name("outside".into())
        .spawn(move || serve_outside(outside))
        .map_err(|e| Error::internal(format!("failed to start a thread: {e}")))?;
    relay_ready(&config, &sandbox, ready)?;
    let status = waitpid(sandbox.stage, None).map_err(|errno| os_error("wait for", "the sandbox", errno))?;
    let _ = std::fs::remove_file(State::path(dir));
    drop(held.lifeline);
    let code = exit_code(status);
    if code != 0 {
        // Our stderr is the localnet's log; where it cannot be written there is nobody else to tell.
        let _ = writeln!(std::io::stderr(), "the localnet has ended by itself: {}", told(code));
    }
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(70)))
}

/// What the keeper holds for the sandbox's life.
struct Held {
    lifeline: OwnedFd,
    outside: OwnedFd,
}

fn start(dir: &Path) -> Result<(Sandbox, Held, OwnedFd)> {
    let pipe = || pipe2(OFlag::O_CLOEXEC).map_err(|errno| os_error("create", "a pipe", errno));
    let (lifeline, holder) = pipe()?;
    let (ready_reads, ready) = pipe()?;
    let (outside_here, outside) =
        socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC)
            .map_err(|errno| os_error("create", "a socket pair", errno))?;
    let arguments = ["golem-outbound", "__localnet", "supervisor", "--dir", &dir.to_string_lossy()];
    let arguments = arguments.map(String::from);
    let birthright = Birthright { lifeline, ready, outside };
    let (sandbox, holder) = launch(&arguments, birthright, holder)?;
    Ok((sandbox, Held { lifeline: holder, outside: outside_here }, ready_reads))
}

/// Passes the supervisor's report on. The state file is written first: who sees the report can use the localnet.
fn relay_ready(config: &SandboxConfig, sandbox: &Sandbox, ready: OwnedFd) -> Result<()> {
    let mut line = String::new();
    BufReader::new(std::fs::File::from(ready))
        .read_line(&mut line)
        .map_err(|e| Error::io("read from", "the supervisor", e))?;
    if line.is_empty() {
        return Err(Error::internal("failed to start the localnet: its supervisor ended"));
    }
    let known = |pid: i32| {
        ProcessRef::of(pid).ok_or_else(|| Error::internal(format!("failed to find process `{pid}`")))
    };
    let state = State {
        version: env!("CARGO_PKG_VERSION").into(),
        keeper: known(std::process::id().cast_signed())?,
        stage: known(sandbox.stage.as_raw())?,
        init: known(sandbox.init.as_raw())?,
        venv: config.venv.clone(),
    };
    state.write(&config.dir)?;
    let mut stdout = std::io::stdout();
    stdout
        .write_all(line.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|e| Error::io("write to", "the caller", e))
}
