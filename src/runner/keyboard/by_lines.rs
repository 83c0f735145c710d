//! A keyboard that gives whole lines alone, to a thread that waits for them: macOS cannot wait for a terminal in another way,
//! and Windows not for a pipe.
//!
//! May import `exec` and its sibling `signals`. Invariant: nothing is read that nobody has asked for, so that a shell gets what
//! is typed into it.

use std::io::stdin;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use super::words;
use crate::exec::narrate;
use crate::runner::Signals;

const TICK: Duration = Duration::from_millis(200);

/// Standard input, read when a line is asked for.
pub struct Keyboard {
    signals: Signals,
    /// A line that was asked for and has not come yet.
    asked: Option<Receiver<String>>,
}

impl Keyboard {
    /// A keyboard that a signal interrupts.
    pub fn new(signals: Signals) -> Self {
        Self { signals, asked: None }
    }

    /// The next line; none when the input has ended or a signal arrived.
    pub fn line(&mut self) -> Option<String> {
        let asked = self.asked.get_or_insert_with(ask);
        loop {
            let answer = asked.recv_timeout(TICK);
            if answer != Err(RecvTimeoutError::Timeout) {
                self.asked = None;
                return answer.ok();
            }
            if self.signals.arrived() {
                return None;
            }
            if let Some(warning) = self.signals.lease().warning() {
                narrate(&format!("\n- {warning}\n"));
            }
        }
    }

    /// Nothing: it stays in the terminal until a line is asked for.
    pub fn typed_ahead(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// Reads one line, in a thread that nobody waits for.
fn ask() -> Receiver<String> {
    let (sender, line) = channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        if matches!(stdin().read_line(&mut text), Ok(1..)) {
            let _ = sender.send(words(text.as_bytes()));
        }
    });
    line
}
