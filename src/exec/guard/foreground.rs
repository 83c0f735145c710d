//! A command that has the terminal to itself until it ends: a shell for the reader.
//!
//! May import `error`. Invariant: afterwards the terminal has its modes and its foreground group as before, and the
//! command's tree is gone, as with every command under a [`Guard`].

use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Guard, KILL, Report};
use crate::error::{Error, Result};
use crate::exec::process::{Exit, Invocation};
use crate::exec::terminal::Terminal;

/// How often it is looked whether the command is to be stopped.
const TICK: u8 = 50;
/// How long it has to follow a hang-up before its tree is killed.
const GRACE: Duration = Duration::from_secs(5);

impl Guard {
    /// Gives the terminal to a command until it ends, or until `stop` says so.
    ///
    /// # Errors
    /// `Machine` when it cannot be started, `Internal` when the guard cannot, or was killed itself.
    pub fn interact(&self, invocation: &Invocation, stop: &dyn Fn() -> bool) -> Result<Exit> {
        let name = invocation.name();
        let terminal = Terminal::remember();
        let (mut guard, socket) = self.start_on_terminal(invocation).map_err(|error| {
            Error::internal(format!("failed to start the guard of `{name}`: {error}")).caused_by(error)
        })?;
        let told = wait(&guard, &socket, stop);
        let report = Report::receive(&socket);
        let _ = guard.wait();
        terminal.take_back();
        match report {
            Some(Report::Ended(_)) if told => Ok(Exit::Interrupted),
            Some(Report::Ended(status)) => Ok(Exit::of(status)),
            Some(Report::NotStarted(cause)) => {
                Err(Error::machine(format!("failed to start `{name}`: {cause}")))
            }
            None => Err(Error::internal(format!("the guard of `{name}` was killed"))),
        }
    }
}

/// Until the guard has something to say, which it has at its end. Whether the command was told to stop.
fn wait(guard: &Child, socket: &UnixStream, stop: &dyn Fn() -> bool) -> bool {
    let mut told: Option<Instant> = None;
    loop {
        let mut places = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
        let _ = poll(&mut places, PollTimeout::from(TICK));
        if places[0].any().unwrap_or(true) {
            return told.is_some();
        }
        match told {
            None if stop() => {
                told = Some(Instant::now());
                let _ = kill(Pid::from_raw(i32::try_from(guard.id()).unwrap_or(0)), Signal::SIGHUP);
            }
            Some(since) if since.elapsed() > GRACE => {
                let _ = (&*socket).write_all(&[KILL]);
            }
            _ => {}
        }
    }
}
