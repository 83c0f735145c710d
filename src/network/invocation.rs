//! How one command is to be run, and the seam to whatever runs it.
//!
//! Invariant: an argument vector is never a shell string, and nothing runs without a time limit.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Result;
use crate::evidence::Exit;

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Program and arguments.
    pub argv: Vec<OsString>,
    /// Working directory.
    pub cwd: PathBuf,
    /// Variables that are set on top of the inherited ones.
    pub env: Vec<(OsString, OsString)>,
    /// Variables that are not inherited.
    pub env_remove: Vec<OsString>,
    /// After this time the command is ended.
    pub timeout: Duration,
    /// Whether processes that it leaves behind live on.
    pub keep_daemons: bool,
}

/// What a watcher learns, at each piece of output and several times a second without any.
#[derive(Clone, Copy, Debug)]
pub struct Tick<'a> {
    /// Since the command's start.
    pub elapsed: Duration,
    /// New output of both streams, in the order of arrival; may be empty.
    pub output: &'a str,
}

/// What a watcher wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Go on.
    Continue,
    /// Send SIGINT once, as Ctrl-C would, and go on; the exit is then the command's own.
    Interrupt,
    /// End the command and all its processes; the exit is then [`Exit::Interrupted`].
    Stop,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit.
    pub exit: Exit,
    /// Both streams in the order of arrival.
    pub output: String,
    /// Wall-clock time.
    pub elapsed: Duration,
}

/// Runs commands. The real one starts child processes; tests have a scripted one.
pub trait CommandRunner {
    /// Runs one command to its end and asks the watcher on the way.
    ///
    /// # Errors
    /// The command could not be started.
    fn run(&mut self, invocation: &Invocation, watch: &mut dyn FnMut(Tick<'_>) -> Action) -> Result<Ended>;
}
