//! SIGINT, SIGTERM and SIGHUP as something that a walk asks for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::error::{Error, ErrorKind, Result};

/// Whether one of the three signals has arrived since it was last asked.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    arrived: Arc<AtomicBool>,
}

impl Signals {
    /// From now on the three signals no longer end the process; the walk ends itself.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn catch() -> Result<Self> {
        let signals = Self::default();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&signals.arrived)).map_err(|error| {
                Error::new(ErrorKind::Internal, format!("failed to catch signal {signal}: {error}"))
                    .caused_by(error)
            })?;
        }
        Ok(signals)
    }

    /// Whether one has arrived; a second question is about a new one.
    pub fn take(&self) -> bool {
        self.arrived.swap(false, Ordering::SeqCst)
    }

    /// Whether one has arrived, without taking notice.
    pub fn arrived(&self) -> bool {
        self.arrived.load(Ordering::SeqCst)
    }

    /// As if one had arrived.
    #[cfg(test)]
    pub fn raise(&self) {
        self.arrived.store(true, Ordering::SeqCst);
    }
}
