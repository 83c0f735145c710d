//! Who decides whether a step is run: the reader at a terminal, or nobody.

use std::io::BufRead;
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Signals;
use crate::exec::narrate;

/// What the reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Run the step.
    Run,
    /// Leave it out.
    Skip,
    /// End the walk.
    Quit,
    /// A signal arrived instead of an answer.
    Interrupted,
}

/// Decides about each step.
pub trait Guide {
    /// Whether to run the step that has just been shown.
    fn ask(&mut self) -> Answer;
}

/// Runs everything: `--yes`, or no terminal.
pub struct Unasked;

impl Guide for Unasked {
    fn ask(&mut self) -> Answer {
        Answer::Run
    }
}

/// Asks on the terminal.
pub struct Prompt {
    signals: Signals,
}

impl Prompt {
    /// A prompt that a signal ends.
    pub fn new(signals: Signals) -> Self {
        Self { signals }
    }

    /// One line; `None` when the terminal is gone or a signal arrived.
    pub fn line(&self, question: &str) -> Option<String> {
        // A question that cannot be shown is answered by the end of the input.
        narrate(question);
        let stdin = std::io::stdin();
        loop {
            // A blocking read would be restarted after a signal and never learn of it.
            let mut ready = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
            let polled = poll(&mut ready, PollTimeout::from(200u8));
            if self.signals.arrived() {
                narrate("\n");
                return None;
            }
            if let Some(warning) = self.signals.lease().warning() {
                narrate(&format!("\n- {warning}\n{question}"));
            }
            if matches!(polled, Ok(n) if n > 0) {
                break;
            }
        }
        let mut line = String::new();
        let read = stdin.lock().read_line(&mut line).unwrap_or(0);
        (read > 0).then(|| line.trim().to_lowercase())
    }
}

impl Guide for Prompt {
    fn ask(&mut self) -> Answer {
        loop {
            match self.line("Run it? [R]un, [s]kip, [q]uit: ").as_deref() {
                None if self.signals.take() => return Answer::Interrupted,
                None | Some("q" | "quit") => return Answer::Quit,
                Some("" | "r" | "run" | "y" | "yes") => return Answer::Run,
                Some("s" | "skip") => return Answer::Skip,
                Some(_) => {}
            }
        }
    }
}
