//! Entering: a command inside the sandbox that stays a child of the terminal's process.
//!
//! May import `error`. Invariant: the terminal, its signals and the exit code work as if the command were run directly.

use std::collections::BTreeMap;
use std::ffi::{CString, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::libc;
use nix::sched::{CloneFlags, setns};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, killpg, sigprocmask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, execve, fork, setpgid};

use super::namespaces::sandbox_flags;
use super::{environment, init, os_error, state::State};
use crate::error::{Error, Result};

/// Runs `command` in the sandbox of the localnet at `dir` and returns its exit code, 128 + n for a signal. The
/// calling process must have one thread; it stays in the sandbox's namespaces.
///
/// A signal that a process sends to us is passed on; one that the terminal sends reaches the command by itself. Without
/// a terminal the command leads a process group of its own, so that a signal to our group reaches it once, through us.
pub fn run(dir: &Path, command: &[OsString], extra: &[(OsString, OsString)]) -> Result<u8> {
    let not_running = || {
        Error::usage(format!("failed to enter the localnet at `{}`: it does not run", dir.display()))
            .hint("start it: `golem-outbound localnet up`")
    };
    let state = State::read_live(dir)?.ok_or_else(not_running)?;
    let sandbox = state.init.open().ok_or_else(not_running)?;
    let environment = environment::of_requestor(dir, &state.venv, std::env::vars_os(), extra);
    let working_dir = std::env::current_dir().map_err(|e| Error::io("read", "the working directory", e))?;
    step_in(&sandbox)?;
    std::env::set_current_dir(&working_dir).map_err(|_| {
        let shown = working_dir.display();
        Error::usage(format!(
            "failed to enter `{shown}`: it is not visible in the localnet, whose /tmp is its own"
        ))
        .hint("run the command from the project's folder, or from the one where `localnet up` was run")
    })?;
    let Some((name, _)) = command.split_first() else {
        return Err(Error::usage("failed to run a command in the localnet: none was given")
            .hint("for example: `golem-outbound localnet exec -- ray status`"));
    };
    let program = environment::find_program(name, &environment).ok_or_else(|| {
        let shown = name.to_string_lossy();
        let bin = state.venv.join("bin");
        if name.as_bytes().contains(&b'/') {
            return Error::usage(format!("failed to run `{shown}`: it is no program that can be executed"))
                .hint(format!("see whether it is: `golem-outbound localnet exec -- ls -l {shown}`"));
        }
        let error = Error::machine(format!(
            "failed to find the program `{shown}`: neither in `{}` nor in PATH",
            bin.display()
        ));
        match &*shown {
            "ray" | "ray-on-golem" => {
                error.hint("repair the Python environment: `golem-outbound environment`")
            }
            _ => error.hint("see what is there: `golem-outbound localnet exec -- sh -c 'echo $PATH'`"),
        }
    })?;
    spawn_and_wait(&program, command, &environment)
}

fn step_in(sandbox: &OwnedFd) -> Result<()> {
    setns(sandbox, CloneFlags::CLONE_NEWUSER | sandbox_flags()).map_err(|errno| match errno {
        Errno::EPERM => Error::machine("failed to enter the localnet: it belongs to another user")
            .hint("run the command as the user who started the localnet"),
        errno => os_error("enter", "the localnet", errno),
    })
}

fn forwarded() -> SigSet {
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        signals.add(signal);
    }
    signals
}

fn spawn_and_wait(
    program: &Path,
    command: &[OsString],
    environment: &BTreeMap<OsString, OsString>,
) -> Result<u8> {
    let text = |bytes: &[u8]| {
        CString::new(bytes)
            .map_err(|_| Error::usage("failed to run a command: an argument holds a zero byte"))
    };
    let path = text(program.as_os_str().as_bytes())?;
    let arguments = command.iter().map(|word| text(word.as_bytes())).collect::<Result<Vec<_>>>()?;
    let variables = environment
        .iter()
        .map(|(name, value)| text(&[name.as_bytes(), b"=", value.as_bytes()].concat()))
        .collect::<Result<Vec<_>>>()?;
    let mut signals = forwarded();
    signals.add(Signal::SIGCHLD);
    let mut before = SigSet::empty();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&signals), Some(&mut before))
        .map_err(|errno| os_error("block", "signals", errno))?;
    let on_terminal = std::fs::File::open("/dev/tty").is_ok();
    // SAFETY: the process has one thread, so the child may do anything.
    match unsafe { fork() }.map_err(|errno| os_error("start", program, errno))? {
        ForkResult::Child => {
            let group = if on_terminal { Ok(()) } else { setpgid(Pid::from_raw(0), Pid::from_raw(0)) };
            let failed = group
                .map_err(|errno| os_error("lead a process group for", program, errno))
                .and_then(|()| init::die_with_parent())
                .and_then(|()| {
                    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None)
                        .map_err(|errno| os_error("unblock", "signals", errno))
                })
                .and_then(|()| {
                    execve(&path, &arguments, &variables).map_err(|errno| os_error("execute", program, errno))
                });
            let Err(error) = failed;
            eprintln!("error: {error}");
            // SAFETY: a forked child that could not exec ends here, without the parent's exit handlers.
            unsafe { libc::_exit(127) }
        }
        ForkResult::Parent { child } => wait_passing_signals(child, on_terminal, &signals),
    }
}

fn wait_passing_signals(child: Pid, on_terminal: bool, signals: &SigSet) -> Result<u8> {
    loop {
        match waitpid(child, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => {}
            Ok(status) => return Ok(u8::try_from(init::exit_code(status)).unwrap_or(70)),
            Err(errno) => return Err(os_error("wait for", "the command", errno)),
        }
        // SAFETY: sigwaitinfo(2) reads the set and fills the zeroed siginfo, both of which live on this stack.
        let (number, sender) = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            (libc::sigwaitinfo(signals.as_ref(), &raw mut info), info.si_code)
        };
        if let Ok(signal) = Signal::try_from(number)
            && signal != Signal::SIGCHLD
            && sender != libc::SI_KERNEL
        {
            let _ = if on_terminal { kill(child, signal) } else { killpg(child, signal) };
        }
    }
}
