//! The guard: a process between us and a command, which ends the command's whole tree when the command ends, when it
//! is told to, and when we die, however we die.
//!
//! May import `error`. How it works: the guard leads a session of its own, so that Ctrl-C at the terminal reaches the
//! runner alone, which decides. It is a *subreaper*: orphans of the tree, also those that became daemons, become its
//! children. Its standard input is one end of a socket pair whose other end only we hold: end of file there means
//! that we are gone. Invariant: a guard that ends normally has no descendant left, except daemons it was told to keep.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, killpg, sigaction};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{Pid, getpid};

use super::descendants::{Process, descendants, processes};
use super::process::Invocation;
use crate::error::{Error, Result};

/// What a guard is told over the socket: end the tree now, but keep daemons if that was asked for.
pub(super) const KILL: u8 = b'K';

/// How long the guard tries to end processes that the kernel does not let go of.
const PATIENCE: Duration = Duration::from_secs(10);

const FORWARDED: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];

/// Which program serves as the guard: this one, under its hidden command `__guard`.
#[derive(Clone, Debug)]
pub struct Guard {
    program: PathBuf,
}

impl Guard {
    /// This very program. The kernel's link is used instead of a path, so that it also works when the file was
    /// replaced or removed meanwhile.
    pub fn current() -> Self {
        Self { program: PathBuf::from("/proc/self/exe") }
    }

    /// Whether a guard still ends a command that a process now gone had started in this folder.
    pub fn stands_in(folder: &Path) -> bool {
        processes().iter().filter(|process| process.state != 'Z').any(|process| {
            let process = Path::new("/proc").join(process.pid.to_string());
            let command_line = std::fs::read(process.join("cmdline")).unwrap_or_default();
            command_line.split(|byte| *byte == 0).nth(1) == Some(b"__guard")
                && std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == folder)
        })
    }

    /// The `golem-outbound` at `program`, for tests, which are another program.
    pub fn at(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into() }
    }

    /// Starts the guard and through it the command. Returns the guard and our end of the socket.
    pub(super) fn start(
        &self,
        invocation: &Invocation,
        out: Stdio,
        err: Stdio,
    ) -> std::io::Result<(Child, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = Command::new(&self.program);
        command.arg0("golem-outbound").arg("__guard");
        if invocation.keep_daemons {
            command.arg("--keep-daemons");
        }
        command.arg("--").args(&invocation.argv).current_dir(&invocation.cwd);
        for key in &invocation.env_remove {
            command.env_remove(key);
        }
        command.envs(invocation.env.iter().map(|(key, value)| (key, value)));
        command.stdin(OwnedFd::from(theirs)).stdout(out).stderr(err);
        Ok((command.spawn()?, ours))
    }
}

/// Whether the command could be started, and how it ended.
#[derive(Debug)]
pub(super) enum Report {
    /// Its wait status.
    Ended(ExitStatus),
    /// It could not be started; the system's words.
    NotStarted(String),
}

impl Report {
    fn encode(&self) -> String {
        match self {
            Self::Ended(status) => format!("ended {}", status.into_raw()),
            Self::NotStarted(cause) => format!("not started {cause}"),
        }
    }

    /// Reads what a guard sent before it closed its end; none if it was killed.
    pub(super) fn receive(mut socket: &UnixStream) -> Option<Self> {
        let mut text = String::new();
        // A reset means the same as an end here: whatever was sent before is in `text`.
        let _ = socket.read_to_string(&mut text);
        if let Some(raw) = text.strip_prefix("ended ") {
            return raw.parse().ok().map(|raw| Self::Ended(ExitStatus::from_raw(raw)));
        }
        text.strip_prefix("not started ").map(|cause| Self::NotStarted(cause.to_owned()))
    }
}

/// The guard's whole life: starts `argv`, stands by, ends its tree. Returns the exit code a shell would give.
///
/// # Errors
/// When the process cannot be made a guard at all; a command that cannot be started is code 127.
pub fn stand(argv: &[OsString], keep_daemons: bool) -> Result<u8> {
    let (program, arguments) =
        argv.split_first().ok_or_else(|| Error::usage("a guard needs a command to run"))?;
    let failed = |doing: &str| {
        let doing = doing.to_owned();
        move |errno: Errno| Error::internal(format!("failed to {doing}: {errno}"))
    };
    // Who leads a process group already, as in a shell's job, cannot lead a session; then the group must do.
    let _ = nix::unistd::setsid();
    nix::sys::prctl::set_child_subreaper(true).map_err(failed("become a subreaper"))?;
    let signals = take_signals().map_err(failed("take over signals"))?;
    let lifeline: UnixStream = std::io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map_err(|error| Error::internal(format!("failed to take over the lifeline: {error}")))?
        .into();

    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    // SAFETY: setting the signal mask is async-signal-safe, and nothing else happens between fork and exec. Without it
    // the command would inherit our blocked signals and never hear an interrupt.
    unsafe { command.pre_exec(|| Ok(SigSet::empty().thread_set_mask()?)) };
    let report = match command.spawn() {
        Ok(child) => Report::Ended(watch(pid_of(&child), &signals, &lifeline, keep_daemons)),
        Err(error) => Report::NotStarted(error.to_string()),
    };
    // Nobody may be there to read it.
    let _ = (&lifeline).write_all(report.encode().as_bytes());
    Ok(match report {
        Report::Ended(status) => shell_code(status),
        Report::NotStarted(cause) => {
            eprintln!("golem-outbound: failed to start `{}`: {cause}", program.to_string_lossy());
            127
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

/// Waits for the command's end or for word from above, then ends what is left. Returns the command's status.
fn watch(command: i32, signals: &SignalFd, lifeline: &UnixStream, keep_daemons: bool) -> ExitStatus {
    let mut status = None;
    while status.is_none() {
        let mut places = [
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(lifeline.as_fd(), PollFlags::POLLIN),
        ];
        // An interrupted wait is a wait that is over.
        let _ = poll(&mut places, PollTimeout::NONE);
        if places[1].any().unwrap_or(true) {
            break;
        }
        while let Ok(Some(info)) = signals.read_signal() {
            forward(i32::try_from(info.ssi_signo).unwrap_or(0), info.ssi_pid);
        }
        reap(command, &mut status);
    }
    // Also when we are gone: ray-on-golem's webserver alone knows which nodes are rented, and the watchdog needs it.
    end_descendants(command, &mut status, |process| keep_daemons && process.session != getpid().as_raw());
    // A command that the kernel does not let go of in all that time counts as killed.
    status.unwrap_or_else(|| ExitStatus::from_raw(Signal::SIGKILL as i32))
}

/// Passes a signal on to the command's process group, once: the copy that comes back to us is our own.
fn forward(number: i32, sender: u32) {
    let own = getpid();
    if i32::try_from(sender) == Ok(own.as_raw()) {
        return;
    }
    if let Ok(signal) = Signal::try_from(number)
        && FORWARDED.contains(&signal)
    {
        let _ = killpg(nix::unistd::getpgrp(), signal);
    }
}

/// Collects every child that has ended, keeping the command's status. Whether any child is left.
fn reap(command: i32, status: &mut Option<ExitStatus>) -> bool {
    loop {
        let mut raw = 0;
        // SAFETY: `raw` outlives the call, and no other code of this process waits for children. The wrapper of nix is
        // not used because it refuses statuses with real-time signals.
        match unsafe { nix::libc::waitpid(-1, &raw mut raw, nix::libc::WNOHANG) } {
            0 => return true,
            pid if pid > 0 => {
                if pid == command {
                    *status = Some(ExitStatus::from_raw(raw));
                }
            }
            _ if Errno::last() == Errno::EINTR => {}
            _ => return false,
        }
    }
}

/// Kills descendants until the kernel says that no child is left: every orphan becomes our child, so that no child
/// means no descendant. Those that `spared` holds are left alone.
fn end_descendants(command: i32, status: &mut Option<ExitStatus>, spared: impl Fn(&Process) -> bool) {
    let started = Instant::now();
    let mut quiet = 0;
    while reap(command, status) && started.elapsed() < PATIENCE {
        let mut refused = true;
        let left: Vec<Process> = descendants(getpid().as_raw())
            .into_iter()
            .filter(|process| process.state != 'Z' && !spared(process))
            .collect();
        for process in &left {
            refused &= kill(Pid::from_raw(process.pid), Signal::SIGKILL) == Err(Errno::EPERM);
        }
        // Only spared ones, or other users' programs that we may not end: seen twice, since a listing is no snapshot.
        quiet = if refused { quiet + 1 } else { 0 };
        if quiet == 2 {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
