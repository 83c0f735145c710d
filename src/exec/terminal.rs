//! The terminal's modes and its foreground group, kept for the time in which a command has the terminal.
//!
//! May import nothing of the house. Invariant: without a terminal nothing is done.

use nix::sys::signal::{SigSet, Signal};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, tcsetpgrp};

/// How the terminal was.
pub(super) struct Terminal(Option<Termios>);

impl Terminal {
    /// As it is now.
    pub(super) fn remember() -> Self {
        Self(tcgetattr(std::io::stdin()).ok())
    }

    /// Makes it ours again, with its modes as they were.
    pub(super) fn take_back(self) {
        let terminal = std::io::stdin();
        // A shell makes itself the terminal's foreground group, and whoever is in the background is stopped for writing.
        let mut ttou = SigSet::empty();
        ttou.add(Signal::SIGTTOU);
        if ttou.thread_block().is_ok() {
            let _ = tcsetpgrp(&terminal, getpgrp());
            if let Some(modes) = self.0 {
                let _ = tcsetattr(&terminal, SetArg::TCSADRAIN, &modes);
            }
            let _ = ttou.thread_unblock();
        }
    }
}
