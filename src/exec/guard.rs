//! The guard: a process between us and a command, which ends the command's whole tree when the command ends, when it
//! is told to, and when we die, however we die. It is forked from a guardroom, which is started with the first command.
//!
//! May import `error`. How it works: the guard leads a session of its own, so that Ctrl-C at the terminal reaches the
//! runner alone, which decides. It is a *subreaper*: orphans of the tree, also those that became daemons, become its
//! children. Its standard input is one end of a socket pair whose other end only we hold: end of file there means
//! that we are gone. The guard of a command that has the terminal to itself stays in the terminal's session, or the
//! command could not become its foreground group; its lifeline is then another descriptor.
//! Invariant: a guard that ends normally has no descendant left, except daemons it was told to keep.

mod foreground;
mod room;
mod run;
mod stand;

use std::io::{PipeWriter, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::Signal;

use super::descendants::processes;
use super::process::Invocation;

use room::Guardroom;
pub use room::serve;
pub use stand::{Orders, stand};

/// The kernel's link to this program.
const OWN_IMAGE: &str = "/proc/self/exe";
/// What a guard is told over the socket: end the tree now, but keep daemons if that was asked for.
pub(super) const KILL: u8 = b'K';

/// What a guard is told over the socket: pass this signal on. By its process id it might be another one that hears it.
pub(super) fn word_for(signal: Signal) -> u8 {
    match signal {
        Signal::SIGINT => b'I',
        Signal::SIGHUP => b'H',
        Signal::SIGQUIT => b'Q',
        _ => b'T',
    }
}

/// The guards of this program's commands share a guardroom.
static CURRENT: LazyLock<Guard> = LazyLock::new(|| Guard::at(OWN_IMAGE));

/// Which program serves as the guard: this one, under its hidden command `__guard`.
#[derive(Clone, Debug)]
pub struct Guard {
    program: PathBuf,
    /// From the first command on.
    room: Arc<Mutex<Option<Guardroom>>>,
}

impl Guard {
    /// This very program, also when the file was replaced or removed meanwhile.
    pub fn current() -> Self {
        CURRENT.clone()
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
        Self { program: program.into(), room: Arc::default() }
    }

    /// Starts a guard and through it the command. Returns the guard's process id, and our end of the socket.
    pub(super) fn start(
        &self,
        invocation: &Invocation,
        out: &PipeWriter,
        err: &PipeWriter,
    ) -> std::io::Result<(i32, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        let given = [theirs.as_fd(), out.as_fd(), err.as_fd()];
        let mut place = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out, so that one that has failed in the middle of a request is not asked again.
        let room = match place.take().and_then(Guardroom::if_there) {
            Some(room) => room,
            None => Guardroom::open(&self.program)?,
        };
        let guard = room.post(invocation, given)?;
        *place = Some(room);
        Ok((guard, ours))
    }

    /// Starts one for a command that has our terminal, with all three streams.
    pub(super) fn start_on_terminal(&self, invocation: &Invocation) -> std::io::Result<(Child, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        let number = theirs.as_raw_fd();
        let mut command = self.command(invocation, number);
        let keep_open = move || {
            // SAFETY: `theirs` lives until the guard was started.
            let lifeline = unsafe { BorrowedFd::borrow_raw(number) };
            fcntl(lifeline, FcntlArg::F_SETFD(FdFlag::empty()))?;
            Ok(())
        };
        // SAFETY: fcntl(2) is async-signal-safe, and nothing else happens between fork and exec.
        unsafe { command.pre_exec(keep_open) };
        let guard = command.spawn()?;
        drop(theirs);
        Ok((guard, ours))
    }

    fn command(&self, invocation: &Invocation, lifeline: i32) -> Command {
        let mut command = Command::new(&self.program);
        command.arg0("golem-outbound").arg("__guard");
        if invocation.keep_daemons {
            command.arg("--keep-daemons");
        }
        command.arg("--lifeline").arg(lifeline.to_string());
        command.arg("--").args(&invocation.argv).current_dir(&invocation.cwd);
        for key in &invocation.env_remove {
            command.env_remove(key);
        }
        command.envs(invocation.env.iter().map(|(key, value)| (key, value)));
        command
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
