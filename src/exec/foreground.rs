//! A command that has the terminal to itself until it ends: a shell for the reader.
//!
//! May import `error`. Invariant: afterwards the terminal has its modes and its foreground group as before, and the
//! command is gone, also when we are killed.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::termios::{SetArg, tcgetattr, tcsetattr};
use nix::unistd::{Pid, getpgrp, tcsetpgrp};

use super::process::{Exit, Invocation};
use crate::error::{Error, Result};

/// How often it is looked whether the command has ended.
const TICK: Duration = Duration::from_millis(50);
/// How long it has to follow a hang-up before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// Gives the terminal to a command until it ends, or until `stop` says so.
///
/// # Errors
/// `Machine` when it cannot be started.
pub fn foreground(invocation: &Invocation, stop: &dyn Fn() -> bool) -> Result<Exit> {
    let (program, arguments) = invocation
        .argv
        .split_first()
        .ok_or_else(|| Error::internal("a command without a program cannot be run"))?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&invocation.cwd);
    for key in &invocation.env_remove {
        command.env_remove(key);
    }
    command.envs(invocation.env.iter().map(|(key, value)| (key, value)));
    // SAFETY: prctl(2) is async-signal-safe, and nothing else happens between fork and exec.
    unsafe { command.pre_exec(|| Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGHUP)?)) };
    let terminal = std::io::stdin();
    let modes = tcgetattr(&terminal);
    let name = program.to_string_lossy();
    let mut child = command
        .spawn()
        .map_err(|error| Error::machine(format!("failed to start `{name}`: {error}")).caused_by(error))?;
    let exit = wait(&mut child, stop);
    // A shell makes itself the terminal's foreground group, and whoever is in the background is stopped for writing.
    let mut ttou = SigSet::empty();
    ttou.add(Signal::SIGTTOU);
    if ttou.thread_block().is_ok() {
        let _ = tcsetpgrp(&terminal, getpgrp());
        if let Ok(modes) = modes {
            let _ = tcsetattr(&terminal, SetArg::TCSADRAIN, &modes);
        }
        let _ = ttou.thread_unblock();
    }
    exit
}

fn wait(child: &mut Child, stop: &dyn Fn() -> bool) -> Result<Exit> {
    let mut told: Option<Instant> = None;
    loop {
        let ended = child.try_wait().map_err(|error| {
            Error::internal(format!("failed to wait for the command: {error}")).caused_by(error)
        })?;
        if let Some(status) = ended {
            return Ok(match (told, status.code()) {
                (Some(_), _) => Exit::Interrupted,
                (None, Some(code)) => Exit::Code(code),
                (None, None) => Exit::Signal(status.signal().unwrap_or(0)),
            });
        }
        match told {
            None if stop() => {
                told = Some(Instant::now());
                let _ = kill(Pid::from_raw(i32::try_from(child.id()).unwrap_or(0)), Signal::SIGHUP);
            }
            Some(since) if since.elapsed() > GRACE => {
                let _ = child.kill();
            }
            _ => {}
        }
        std::thread::sleep(TICK);
    }
}
