//! A command and what it starts, as a job of Windows.
//!
//! May import its siblings. Invariant: when it goes, nobody of the job lives, unless daemons were to be kept.

use std::process::{Command, ExitStatus};

use process_wrap::std::{ChildWrapper, CommandWrap, JobObject};

use crate::exec::process::Step;

/// A command with its job.
pub(super) struct Tree {
    child: Box<dyn ChildWrapper>,
    keeps_daemons: bool,
}

impl Tree {
    /// Starts it.
    pub(super) fn start(command: Command, keeps_daemons: bool) -> std::io::Result<Self> {
        Ok(Self { child: CommandWrap::from(command).wrap(JobObject).spawn()?, keeps_daemons })
    }

    /// The same for a command that has the terminal.
    pub(super) fn on_terminal(command: Command) -> std::io::Result<Self> {
        Self::start(command, false)
    }

    /// How the command has ended, once it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        // Of the command alone, whoever else is in the job.
        self.child.try_wait().ok().flatten()
    }

    /// Brings it nearer to its end.
    pub(super) fn push(&mut self, step: Step) {
        match step {
            // The console tells everybody who is at it of Ctrl-C by itself, and there is no milder word than the end.
            Step::Interrupt => {}
            Step::Terminate | Step::Kill => {
                let _ = self.child.start_kill();
            }
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if !self.keeps_daemons {
            let _ = self.child.start_kill();
        }
    }
}
