//! The guard process itself: how it starts the command, stands by, and ends the tree.
//!
//! May import `error`. Invariant: it ends only when no descendant is left, except spared daemons and what the kernel
//! does not let go of.

use std::io::{Read, Write};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, killpg, sigaction};
use nix::sys::signalfd::{SfdFlags, SignalFd, siginfo};
use nix::unistd::{Pid, getpid, getsid};

use super::{Report, word_for};
use crate::error::{Error, Result};
use crate::exec::descendants::{Process, descendants};

/// How long the guard tries to end processes that the kernel does not let go of.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a shell returns for a command that it cannot start.
const NOT_STARTED: u8 = 127;

const FORWARDED: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];

/// What a guard is told when it is started.
#[derive(Clone, Copy, Debug)]
pub struct Orders {
    /// Leave processes alive that have a session of their own.
    pub keep_daemons: bool,
    /// The command has the terminal to itself, and the lifeline is this descriptor instead of the standard input.
    pub lifeline: Option<i32>,
}

/// The guard's whole life: starts the command, stands by, ends its tree. Returns the exit code a shell would give.
///
/// # Errors
/// When the process cannot be made a guard at all; a command that cannot be started is code 127.
pub fn stand(mut command: Command, orders: Orders) -> Result<u8> {
    let failed = |doing: &str| {
        let doing = doing.to_owned();
        move |errno: Errno| Error::internal(format!("failed to {doing}: {errno}"))
    };
    let on_terminal = orders.lifeline.is_some();
    if !on_terminal {
        // Who leads a process group already, as in a shell's job, cannot lead a session; then the group must do.
        let _ = nix::unistd::setsid();
    }
    nix::sys::prctl::set_child_subreaper(true).map_err(failed("become a subreaper"))?;
    let signals = take_signals().map_err(failed("take over signals"))?;
    let lifeline = take_lifeline(orders.lifeline).map_err(failed("take over the lifeline"))?;
    let session = getsid(None).map_err(failed("learn our session"))?.as_raw();

    if !on_terminal {
        command.stdin(Stdio::null());
    }
    let before_exec = move || {
        if on_terminal {
            // Outside of a session of ours nobody would find it once the guard was killed.
            nix::sys::prctl::set_pdeathsig(Signal::SIGHUP)?;
        }
        Ok(SigSet::empty().thread_set_mask()?)
    };
    // SAFETY: both calls are async-signal-safe, and nothing else happens between fork and exec. Without the mask the
    // command would inherit our blocked signals and never hear an interrupt.
    unsafe { command.pre_exec(before_exec) };
    let report = match command.spawn() {
        Ok(child) => {
            let mut post = Post {
                command: pid_of(&child),
                status: None,
                signals,
                on_terminal,
                spared: orders.keep_daemons.then_some(session),
            };
            Report::Ended(post.watch(&lifeline))
        }
        Err(error) => Report::NotStarted(error.to_string()),
    };
    // Nobody may be there to read it.
    let _ = (&lifeline).write_all(report.encode().as_bytes());
    Ok(match report {
        Report::Ended(status) => shell_code(status),
        Report::NotStarted(cause) => {
            // On a terminal the runner says so.
            if !on_terminal {
                eprintln!(
                    "golem-outbound: failed to start `{}`: {cause}",
                    command.get_program().to_string_lossy()
                );
            }
            NOT_STARTED
        }
    })
}

fn pid_of(child: &Child) -> i32 {
    i32::try_from(child.id()).expect("the kernel's process ids fit an i32")
}

fn shell_code(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    u8::try_from(code & 0xff).unwrap_or(u8::MAX)
}

/// Signals come to be read instead of striking, and the command starts with default ones: a guard that was started in
/// a background job inherits an ignored SIGINT, which Python would then ignore too.
fn take_signals() -> nix::Result<SignalFd> {
    let mut mask = SigSet::empty();
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    for signal in FORWARDED.into_iter().chain([Signal::SIGCHLD]) {
        mask.add(signal);
        // SAFETY: the default disposition runs no code of ours.
        unsafe { sigaction(signal, &default) }?;
    }
    mask.thread_block()?;
    SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
}

/// The end of the socket that was given to us; the command does not get it.
pub(super) fn take_lifeline(number: Option<i32>) -> nix::Result<UnixStream> {
    let lifeline = match number {
        // SAFETY: whoever started us opened it for us alone; one that is not open is found by the next call.
        Some(number) => unsafe { OwnedFd::from_raw_fd(number) },
        None => std::io::stdin()
            .as_fd()
            .try_clone_to_owned()
            .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EBADF)))?,
    };
    fcntl(&lifeline, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(lifeline.into())
}

/// The signal that the guard is told to pass on; none if it is told to end the tree, or nobody is there any more.
fn told(mut lifeline: &UnixStream) -> Option<Signal> {
    let mut word = [0];
    match lifeline.read(&mut word) {
        Ok(1) => FORWARDED.into_iter().find(|signal| word[0] == word_for(*signal)),
        _ => None,
    }
}

/// A guard at its post.
struct Post {
    /// The command's process id.
    command: i32,
    /// How it ended, once it has.
    status: Option<ExitStatus>,
    signals: SignalFd,
    on_terminal: bool,
    /// Processes of other sessions than this are left alive.
    spared: Option<i32>,
}

impl Post {
    /// Waits for the command's end or for word from above, then ends what is left. Returns the command's status.
    fn watch(&mut self, lifeline: &UnixStream) -> ExitStatus {
        while self.status.is_none() {
            let mut places = [
                PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
                PollFd::new(lifeline.as_fd(), PollFlags::POLLIN),
            ];
            // An interrupted wait is a wait that is over.
            let _ = poll(&mut places, PollTimeout::NONE);
            if places[1].any().unwrap_or(true) {
                match told(lifeline) {
                    Some(signal) => self.pass_on(signal),
                    None => break,
                }
            }
            while let Ok(Some(info)) = self.signals.read_signal() {
                self.forward(&info);
            }
            self.reap();
        }
        // Also when we are gone: ray-on-golem's webserver alone knows which nodes are rented, and the watchdog needs it.
        self.end_descendants();
        // A command that the kernel does not let go of in all that time counts as killed.
        self.status.unwrap_or_else(|| ExitStatus::from_raw(Signal::SIGKILL as i32))
    }

    /// Passes a signal on to the command's process group, once: the copy that comes back to us is our own. What a
    /// terminal sends reaches those whom it is for by itself, and our group there is the runner's.
    fn forward(&self, info: &siginfo) {
        let from_us = i32::try_from(info.ssi_pid) == Ok(getpid().as_raw());
        let from_the_terminal = self.on_terminal && info.ssi_code == libc::SI_KERNEL;
        let number = i32::try_from(info.ssi_signo).unwrap_or(0);
        if let Ok(signal) = Signal::try_from(number)
            && FORWARDED.contains(&signal)
            && !from_us
            && !from_the_terminal
        {
            self.pass_on(signal);
        }
    }

    fn pass_on(&self, signal: Signal) {
        let _ = if self.on_terminal {
            kill(Pid::from_raw(self.command), signal)
        } else {
            killpg(nix::unistd::getpgrp(), signal)
        };
    }

    /// Collects every child that has ended, keeping the command's status. Whether any child is left.
    fn reap(&mut self) -> bool {
        // A shell that suspends itself has nobody but us who would let it go on.
        let options = libc::WNOHANG | if self.on_terminal { libc::WUNTRACED } else { 0 };
        loop {
            let mut raw = 0;
            // SAFETY: `raw` outlives the call, and no other code of this process waits for children. The wrapper of
            // nix is not used because it refuses statuses with real-time signals.
            match unsafe { libc::waitpid(-1, &raw mut raw, options) } {
                0 => return true,
                pid if pid > 0 && libc::WIFSTOPPED(raw) => {
                    if pid == self.command {
                        let _ = kill(Pid::from_raw(pid), Signal::SIGCONT);
                    }
                }
                pid if pid > 0 => {
                    if pid == self.command {
                        self.status = Some(ExitStatus::from_raw(raw));
                    }
                }
                _ if Errno::last() == Errno::EINTR => {}
                _ => return false,
            }
        }
    }

    /// Kills descendants until the kernel says that no child is left: every orphan becomes our child, so that no child
    /// means no descendant. Spared ones are left alone.
    fn end_descendants(&mut self) {
        let started = Instant::now();
        let mut quiet = 0;
        while self.reap() && started.elapsed() < PATIENCE {
            let mut refused = true;
            let left: Vec<Process> = descendants(getpid().as_raw())
                .into_iter()
                .filter(|process| {
                    process.state != 'Z' && self.spared.is_none_or(|session| process.session == session)
                })
                .collect();
            for process in &left {
                refused &= kill(Pid::from_raw(process.pid), Signal::SIGKILL) == Err(Errno::EPERM);
            }
            // Only spared ones, or other users' programs that we may not end: seen twice, since a listing is no
            // snapshot.
            quiet = if refused { quiet + 1 } else { 0 };
            if quiet == 2 {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
