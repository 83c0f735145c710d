//! The seam to whoever takes a walk down when the walk itself cannot.
//!
//! May import `error` and `network`. Invariant: what is owed is known to somebody else before it exists.

use super::ledger::Owed;
use crate::error::Result;
use crate::network::Network;

/// Takes over what a walk leaves when it is killed. The real one is a process with a ledger on the disk.
pub trait Watch {
    /// Remembers all that is owed from now on; returns once that is certain. With a new debt a step may start then.
    ///
    /// # Errors
    /// It cannot be remembered, so nothing may be started.
    fn owe(&mut self, owed: &[Owed], network: &dyn Network) -> Result<()>;

    /// The walk has ended by itself. Whether it leaves its debts to the watch, because it could not take everything down.
    fn release(&mut self, settled: bool) -> bool;
}

/// Nobody watches: what a killed walk leaves stays.
#[derive(Debug)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn owe(&mut self, _owed: &[Owed], _network: &dyn Network) -> Result<()> {
        Ok(())
    }

    fn release(&mut self, _settled: bool) -> bool {
        false
    }
}
