//! No watchdog: what a killed walk owes is told at the next start, and taken down by nobody before.
//!
//! May import `error` and `network`. Invariant: a walk is told that nobody takes over.

use std::path::Path;
use std::time::Duration;

use crate::error::Result;
use crate::network::Lifeline;

/// Nobody.
pub(super) struct Process;

impl Process {
    /// Starts nothing.
    pub(super) fn start(
        _project: &Path,
        _log: &Path,
        _lease_ends: Option<Duration>,
        _hold: Option<Lifeline<'_>>,
    ) -> Result<Self> {
        Ok(Self)
    }

    /// Nobody is.
    pub(super) fn is_alive(&mut self) -> bool {
        false
    }

    /// Nothing to tell anybody.
    pub(super) fn settle(self) {}
}
