//! The stack of what has to be undone, and its undoing.

use std::time::{Duration, Instant};

use super::ledger::{Command, Owed};
use super::{Signals, Watch};
use crate::error::Result;
use crate::event::{Event, Sink};
use crate::evidence::Exit;
use crate::network::{Action, CommandRunner, Network};
use crate::tutorial::step::command_line;

/// How long one teardown command may take; `ray down` of a healthy cluster takes 15 s.
const TIMEOUT: Duration = Duration::from_secs(120);

/// What has to be undone, newest last; all of it is known to the watch.
pub struct Teardown<'a> {
    owed: Vec<Owed>,
    watch: &'a mut dyn Watch,
}

impl<'a> Teardown<'a> {
    /// Nothing yet.
    pub fn new(watch: &'a mut dyn Watch) -> Self {
        Self { owed: Vec::new(), watch }
    }

    /// Remembers a step's teardown; to be called before the step starts.
    ///
    /// # Errors
    /// The watch cannot remember it; the step must not start.
    pub fn register(&mut self, step: &str, commands: &[Vec<String>], network: &dyn Network) -> Result<()> {
        if commands.is_empty() {
            return Ok(());
        }
        self.owed.retain(|owed| owed.step != step);
        let commands = commands.iter().map(|argv| {
            // `ray down` may start a webserver, which the command after it has to find alive to end it.
            Command::new(command_line(argv), &network.command(argv, TIMEOUT, true))
        });
        self.owed.push(Owed { step: step.to_owned(), commands: commands.collect() });
        self.watch.owe(&self.owed, network)
    }

    /// Another step has undone these.
    ///
    /// # Errors
    /// The watch cannot forget them.
    pub fn discharge(&mut self, steps: &[String], network: &dyn Network) -> Result<()> {
        let before = self.owed.len();
        self.owed.retain(|owed| !steps.contains(&owed.step));
        if self.owed.len() < before { self.watch.owe(&self.owed, network) } else { Ok(()) }
    }

    /// The network has ended by itself, and with it all that was started there: only what our own commands undo, which run
    /// outside of it, is still owed.
    pub fn forget_what_ended(&mut self, network: &dyn Network) {
        self.owed.retain(|owed| owed.commands.iter().any(Command::is_ours));
        // A watch that cannot forget tries to undo what is not there, which does no harm.
        let _ = self.watch.owe(&self.owed, network);
    }

    /// Whether nothing has to be undone.
    pub fn is_empty(&self) -> bool {
        self.owed.is_empty()
    }

    /// Undoes everything, newest first; whether all of it ended well. A failure does not keep the rest from running.
    pub fn run(
        &mut self,
        network: &dyn Network,
        commands: &mut dyn CommandRunner,
        signals: &Signals,
        sink: &mut dyn Sink,
    ) -> bool {
        let mut well = true;
        while let Some(owed) = self.owed.last().cloned() {
            let mut step_well = true;
            for command in &owed.commands {
                let (ok, elapsed) = run_one(command, commands, signals, sink);
                step_well &= ok;
                sink.event(&Event::TornDown { command: command.shown.clone(), ok, elapsed });
            }
            well &= step_well;
            self.owed.pop();
            // What could not be undone stays in the ledger, for the watch to try again.
            if well && let Err(error) = self.watch.owe(&self.owed, network) {
                sink.event(&Event::Narrated(error.to_string()));
            }
        }
        well
    }

    /// The walk is over. Whether the watch goes on with what is left.
    pub fn release(self, settled: bool) -> bool {
        self.watch.release(settled)
    }
}

fn run_one(
    command: &Command,
    commands: &mut dyn CommandRunner,
    signals: &Signals,
    sink: &mut dyn Sink,
) -> (bool, Duration) {
    let started = Instant::now();
    let ended = commands.run(&command.invocation(), &mut |_| {
        if signals.take() {
            sink.event(&Event::Narrated("already tearing down; please wait, or nodes stay rented".into()));
        }
        Action::Continue
    });
    match ended {
        Ok(ended) => (ended.exit == Exit::Code(0), ended.elapsed),
        Err(error) => {
            sink.event(&Event::Narrated(format!("`{}` could not be run: {error}", command.shown)));
            (false, started.elapsed())
        }
    }
}
