//! A command and what it starts, as a process group.
//!
//! May import its siblings. Invariant: when it goes, nobody of the group lives.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::exec::process::Step;

/// A command with its group.
pub(super) struct Tree {
    child: Child,
    /// Whether it leads a group of its own; one that has the terminal is in ours.
    leads: bool,
}

impl Tree {
    /// Starts it, apart from the terminal's foreground group, so that Ctrl-C reaches us alone. Daemons that are to be kept
    /// are so without a word: they have left the group.
    pub(super) fn start(mut command: Command, _keep_daemons: bool) -> std::io::Result<Self> {
        Ok(Self { child: command.process_group(0).spawn()?, leads: true })
    }

    /// Starts it in our own group, which has the terminal.
    pub(super) fn on_terminal(mut command: Command) -> std::io::Result<Self> {
        Ok(Self { child: command.spawn()?, leads: false })
    }

    /// How the command has ended, once it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Brings it nearer to its end.
    pub(super) fn push(&mut self, step: Step) {
        let signal = match (step, self.leads) {
            (Step::Interrupt, _) => Signal::SIGINT,
            (Step::Terminate, true) => Signal::SIGTERM,
            // A shell at a terminal heeds nothing weaker.
            (Step::Terminate, false) => Signal::SIGHUP,
            (Step::Kill, _) => Signal::SIGKILL,
        };
        self.send(signal);
    }

    fn send(&self, signal: Signal) {
        let Ok(pid) = i32::try_from(self.child.id()).map(Pid::from_raw) else { return };
        let _ = if self.leads { killpg(pid, signal) } else { kill(pid, signal) };
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // The id of a group stays taken while anybody is in it.
        if self.leads {
            self.send(Signal::SIGKILL);
        }
        let _ = self.child.wait();
    }
}
