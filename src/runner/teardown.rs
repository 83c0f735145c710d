//! The stack of what has to be undone, and its undoing.

use std::time::{Duration, Instant};

use super::Signals;
use crate::event::{Event, Sink};
use crate::evidence::Exit;
use crate::network::{Action, CommandRunner, Network};
use crate::tutorial::step::command_line;

/// How long one teardown command may take; `ray down` of a healthy cluster takes 15 s.
const TIMEOUT: Duration = Duration::from_secs(120);

/// What has to be undone, newest last.
#[derive(Debug, Default)]
pub struct Teardown {
    registered: Vec<(String, Vec<Vec<String>>)>,
}

impl Teardown {
    /// Remembers a step's teardown; to be called before the step starts.
    pub fn register(&mut self, step: &str, commands: &[Vec<String>]) {
        self.discharge(step);
        if !commands.is_empty() {
            self.registered.push((step.to_owned(), commands.to_vec()));
        }
    }

    /// Another step has undone this one.
    pub fn discharge(&mut self, step: &str) {
        self.registered.retain(|(registered, _)| registered != step);
    }

    /// Whether nothing has to be undone.
    pub fn is_empty(&self) -> bool {
        self.registered.is_empty()
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
        while let Some((_, argvs)) = self.registered.pop() {
            for argv in argvs {
                let (ok, elapsed) = run_one(&argv, network, commands, signals, sink);
                well &= ok;
                sink.event(&Event::TornDown { command: command_line(&argv), ok, elapsed });
            }
        }
        well
    }
}

fn run_one(
    argv: &[String],
    network: &dyn Network,
    commands: &mut dyn CommandRunner,
    signals: &Signals,
    sink: &mut dyn Sink,
) -> (bool, Duration) {
    let started = Instant::now();
    // `ray down` may start a webserver, which the command after it has to find alive to end it.
    let invocation = network.command(argv, TIMEOUT, true);
    let ended = commands.run(&invocation, &mut |_| {
        if signals.take() {
            sink.event(&Event::Narrated("already tearing down; please wait, or nodes stay rented".into()));
        }
        Action::Continue
    });
    match ended {
        Ok(ended) => (ended.exit == Exit::Code(0), ended.elapsed),
        Err(error) => {
            sink.event(&Event::Narrated(format!("`{}` could not be run: {error}", command_line(argv))));
            (false, started.elapsed())
        }
    }
}
