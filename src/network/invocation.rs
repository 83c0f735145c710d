//! The seam to whatever runs a walk's commands.
//!
//! May import `error`, `evidence` and `exec`. Invariant: nothing runs without a time limit, except what has the terminal and a
//! reader at it.

use std::time::Duration;

use crate::error::Result;
use crate::evidence::Exit;
use crate::exec;
use crate::exec::{Action, Invocation, Tick};

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

    /// Gives the terminal to one command until it ends, or until `stop` says so; its time is not limited.
    ///
    /// # Errors
    /// The command could not be started.
    fn interact(&mut self, invocation: &Invocation, stop: &dyn Fn() -> bool) -> Result<Exit>;
}

/// Runs commands as child processes, each under a guard.
#[derive(Debug, Default)]
pub struct ChildProcesses;

impl CommandRunner for ChildProcesses {
    fn run(&mut self, invocation: &Invocation, watch: &mut dyn FnMut(Tick<'_>) -> Action) -> Result<Ended> {
        let ended = exec::run(invocation, watch)?;
        Ok(Ended { exit: exit(ended.exit), output: ended.output, elapsed: ended.elapsed })
    }

    fn interact(&mut self, invocation: &Invocation, stop: &dyn Fn() -> bool) -> Result<Exit> {
        exec::Guard::current().interact(invocation, stop).map(exit)
    }
}

fn exit(exit: exec::Exit) -> Exit {
    match exit {
        exec::Exit::Code(code) => Exit::Code(code),
        exec::Exit::Signal(signal) => Exit::Signal(signal),
        exec::Exit::TimedOut => Exit::TimedOut,
        exec::Exit::Interrupted => Exit::Interrupted,
    }
}
