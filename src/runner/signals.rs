//! SIGINT, SIGTERM, SIGHUP and the end of the lease as something that a walk asks for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Lease;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::interruptions::INTERRUPTIONS;

/// Whether one of the three signals has arrived, or the lease has ended, since it was last asked.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    arrived: Arc<AtomicBool>,
    /// The end of the lease counts once, like a signal.
    ended: Arc<AtomicBool>,
    lease: Arc<Lease>,
}

impl Signals {
    /// From now on the three signals no longer end the process; the walk ends itself.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn catch(lease: Lease) -> Result<Self> {
        let signals = Self { lease: Arc::new(lease), ..Self::default() };
        for signal in INTERRUPTIONS {
            signal_hook::flag::register(signal, Arc::clone(&signals.arrived)).map_err(|error| {
                Error::new(ErrorKind::Internal, format!("failed to catch signal {signal}: {error}"))
                    .caused_by(error)
            })?;
        }
        Ok(signals)
    }

    /// The walk's lease.
    pub fn lease(&self) -> &Arc<Lease> {
        &self.lease
    }

    /// Whether one has arrived; a second question is about a new one.
    pub fn take(&self) -> bool {
        self.arrived() && self.arrived.swap(false, Ordering::SeqCst)
    }

    /// Whether one has arrived, without taking notice.
    pub fn arrived(&self) -> bool {
        if self.lease.is_over() && !self.ended.swap(true, Ordering::SeqCst) {
            self.arrived.store(true, Ordering::SeqCst);
        }
        self.arrived.load(Ordering::SeqCst)
    }

    /// Why the walk ends, for people.
    pub fn words(&self) -> &'static str {
        if self.ended.load(Ordering::SeqCst) { "the lease is over" } else { "interrupted" }
    }

    /// As if one had arrived.
    #[cfg(test)]
    pub fn raise(&self) {
        self.arrived.store(true, Ordering::SeqCst);
    }

    /// For tests: no signal is caught.
    #[cfg(test)]
    pub fn with(lease: Lease) -> Self {
        Self { lease: Arc::new(lease), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_end_of_the_lease_is_heard_once() {
        let signals = Signals::with(Lease::new(Some(Duration::ZERO)));
        assert!(!signals.arrived() && signals.words() == "interrupted");
        signals.lease().begin().unwrap();
        assert!(signals.arrived() && signals.take());
        assert_eq!(signals.words(), "the lease is over");
        assert!(!signals.arrived() && !signals.take(), "the teardown is not told again");
    }
}
