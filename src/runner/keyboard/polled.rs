//! A keyboard that poll(2) waits for.
//!
//! May import `exec` and its sibling `signals`. Invariant: nothing is read that nobody has asked for, or looked for.

use std::io::{IsTerminal, Stdin, stdin};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, tcgetattr, tcsetattr};

use super::words;
use crate::exec::narrate;
use crate::runner::Signals;

/// Standard input, read without a buffer that nobody can look into.
pub struct Keyboard {
    signals: Signals,
    input: Stdin,
    read: Vec<u8>,
}

impl Keyboard {
    /// A keyboard that a signal interrupts.
    pub fn new(signals: Signals) -> Self {
        Self { signals, input: stdin(), read: Vec::new() }
    }

    /// The next line; none when the input has ended or a signal arrived.
    pub fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Some(words(&line));
            }
            // A blocking read would be restarted after a signal and never learn of it.
            let ready = self.ready(PollTimeout::from(200u8));
            if self.signals.arrived() {
                return None;
            }
            if let Some(warning) = self.signals.lease().warning() {
                narrate(&format!("\n- {warning}\n"));
            }
            if ready && self.take() == 0 {
                let rest = std::mem::take(&mut self.read);
                return (!rest.is_empty()).then(|| words(&rest));
            }
        }
    }

    /// What was typed up to now, line by line, a begun line too. Nothing from a pipe or a file, whose writer knows
    /// what it answers.
    pub fn typed_ahead(&mut self) -> Vec<String> {
        if !self.input.is_terminal() {
            return Vec::new();
        }
        let mut typed = std::mem::take(&mut self.read);
        // By lines the kernel would not hand out a line that is only begun.
        if let Ok(before) = tcgetattr(&self.input) {
            let mut raw = before.clone();
            raw.local_flags.remove(LocalFlags::ICANON);
            raw.control_chars[SpecialCharacterIndices::VMIN as usize] = 0;
            raw.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
            if tcsetattr(&self.input, SetArg::TCSANOW, &raw).is_ok() {
                while self.ready(PollTimeout::ZERO) && self.take() > 0 {}
                let _ = tcsetattr(&self.input, SetArg::TCSANOW, &before);
            }
        }
        typed.append(&mut self.read);
        let text = String::from_utf8_lossy(&typed).into_owned();
        text.lines().map(|line| words(line.as_bytes())).collect()
    }

    fn ready(&self, wait: PollTimeout) -> bool {
        let mut places = [PollFd::new(self.input.as_fd(), PollFlags::POLLIN)];
        matches!(poll(&mut places, wait), Ok(count) if count > 0)
    }

    /// Reads what is there; how much it was.
    fn take(&mut self) -> usize {
        let mut bytes = [0; 1024];
        let count = nix::unistd::read(&self.input, &mut bytes).unwrap_or(0);
        self.read.extend(&bytes[..count]);
        count
    }
}
