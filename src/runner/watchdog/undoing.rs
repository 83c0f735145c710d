//! The teardown in the walk's place: every command under a guard, tried again, logged and recorded.
//!
//! May import `error`, `exec`, `evidence` and `network`. Invariant: the ledger holds a step until its teardown has ended well.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::ledger::{Command, Ledger};
use super::super::live::LiveOutput;
use super::now;
use super::record::{Done, Record};
use crate::evidence::Exit;
use crate::network::{Action, CommandRunner};

/// How often a command is tried on a network that was emulated, and on a real one, where the computer may have slept and
/// its connection comes back only after a while.
const TRIES: [u32; 2] = [3, 8];
/// The first pause between two tries; each one is twice as long as the one before.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What it needs.
pub struct Undoing<'a> {
    /// The project's folder.
    pub project: &'a Path,
    /// What runs the commands.
    pub commands: &'a mut dyn CommandRunner,
    /// Lets time pass between two tries.
    pub pause: &'a mut dyn FnMut(Duration),
    /// Where the output goes.
    pub log: &'a mut dyn Write,
}

impl Undoing<'_> {
    /// Undoes all that is owed, newest first, and keeps the record up to date.
    pub fn run(&mut self, mut ledger: Ledger, record: &mut Record) {
        let tries = TRIES[usize::from(!record.walk.simulated)];
        let mut failed = Vec::new();
        self.keep(record);
        while let Some(owed) = ledger.owed.pop() {
            let mut last = true;
            for command in &owed.commands {
                let done = self.try_often(command, tries);
                last = done.ok;
                record.commands.push(done);
                self.keep(record);
            }
            if last {
                let mut rest = ledger.clone();
                rest.owed.extend(failed.iter().rev().cloned());
                let written = rest.write(self.project);
                self.note_failure(written);
            } else {
                record.left.extend(owed.commands.iter().map(|command| command.shown.clone()));
                failed.push(owed);
            }
        }
        record.torn_down = failed.is_empty();
        record.finished = Some(now());
        self.keep(record);
        // From now on the record says what is left.
        ledger.owed.clear();
        let written = ledger.write(self.project);
        self.note_failure(written);
    }

    fn try_often(&mut self, command: &Command, tries: u32) -> Done {
        let started = Instant::now();
        let mut pause = PAUSE;
        let mut tried = 0;
        loop {
            tried += 1;
            let (ok, exit) = self.try_once(command);
            if ok || tried == tries {
                let seconds = started.elapsed().as_secs();
                return Done { command: command.shown.clone(), ok, exit, tries: tried, seconds };
            }
            (self.pause)(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn try_once(&mut self, command: &Command) -> (bool, String) {
        self.say(&format!("{} $ {}\n", now(), command.shown));
        let mut live = LiveOutput::default();
        let log = &mut *self.log;
        let ended = self.commands.run(&command.invocation(), &mut |tick| {
            if let Some(text) = live.push(tick.chunk) {
                let _ = log.write_all(text.as_bytes());
            }
            Action::Continue
        });
        if let Some(text) = live.finish() {
            self.say(&format!("{text}\n"));
        }
        let (ok, exit) = match ended {
            Ok(ended) => (ended.exit == Exit::Code(0), words(ended.exit)),
            Err(error) => (false, error.message().to_owned()),
        };
        self.say(&format!("{} {exit}\n", now()));
        (ok, exit)
    }

    /// A record that cannot be written must not keep the teardown from running.
    fn keep(&mut self, record: &Record) {
        let written = record.write();
        self.note_failure(written);
    }

    fn note_failure(&mut self, written: crate::error::Result<()>) {
        if let Err(error) = written {
            self.say(&format!("{error}\n"));
        }
    }

    fn say(&mut self, text: &str) {
        let _ = self.log.write_all(text.as_bytes());
    }
}

fn words(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("ended with code {code}"),
        Exit::Signal(signal) => format!("ended by signal {signal}"),
        Exit::TimedOut => "took too long".into(),
        Exit::Interrupted => "was interrupted".into(),
    }
}

#[cfg(test)]
mod tests;
