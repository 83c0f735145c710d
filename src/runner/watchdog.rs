//! The watchdog: a process that outlives a killed walk and takes down what that has started.
//!
//! May import `error`, `exec` and `network`. It has a session of its own, so that neither Ctrl-C nor the terminal's end
//! reaches it, and holds the localnet's lifeline, so that the cluster there lives until `ray down` has ended it. It notices
//! our death by a socket whose other end only we hold. Elsewhere than on Unix nobody stands there: what a killed walk owes is
//! on the disk and told at the next start. Invariant: it is there, and the debt is on the disk, before the step starts that
//! makes the debt.

#[cfg(unix)]
mod duty;
#[cfg(not(unix))]
#[path = "watchdog/nobody.rs"]
mod process;
#[cfg(unix)]
mod process;
mod record;
#[cfg(unix)]
mod undoing;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use self::process::Process;
#[cfg(unix)]
pub use duty::{Post, stand};
pub use record::{Done, Record, Why, path, untold};

use super::ledger::{Ledger, Owed, Walk};
use super::lock::Held;
use super::{Lease, Watch, private_file};
use crate::error::Result;
use crate::network::Network;

/// Where a project has what the watchdog leaves: records, logs and its lock.
pub fn folder(project: &Path) -> PathBuf {
    project.join(".golem-outbound/watchdog")
}

/// This moment, as RFC 3339.
pub fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}

/// The lock that every watchdog of the project holds; none if one is on its post or at work.
///
/// # Errors
/// It cannot be opened.
pub fn lock(project: &Path) -> Result<Option<Held>> {
    private_file::make_folder(&folder(project))?;
    Held::take(&folder(project).join("lock"), &mut String::new())
}

/// The walk's end of its watchdog, which is started with the first debt.
pub struct Watchdog {
    project: PathBuf,
    cluster_name: String,
    lease: Arc<Lease>,
    begun: Option<Begun>,
    running: Option<Process>,
}

/// When the walk began to owe something.
struct Begun {
    at: String,
    lease_ends: Option<String>,
}

impl Watchdog {
    /// Not yet started.
    pub fn new(project: &Path, cluster_name: &str, lease: Arc<Lease>) -> Self {
        Self { project: project.into(), cluster_name: cluster_name.into(), lease, begun: None, running: None }
    }

    fn ledger(&self, owed: &[Owed], network: &dyn Network) -> Ledger {
        let begun = self.begun.as_ref();
        let walk = Walk {
            network: network.name().to_owned(),
            simulated: network.simulated(),
            cluster_name: self.cluster_name.clone(),
            process: std::process::id(),
            begun: begun.map(|begun| begun.at.clone()).unwrap_or_default(),
            lease_ends: begun.and_then(|begun| begun.lease_ends.clone()),
        };
        Ledger::new(walk, owed.to_vec())
    }

    fn is_alive(&mut self) -> bool {
        self.running.as_mut().is_some_and(Process::is_alive)
    }

    fn start(&mut self, network: &dyn Network) -> Result<()> {
        let now = OffsetDateTime::now_utc();
        let lease_ends = self.lease.begin()?;
        if self.begun.is_none() {
            let left = self.lease.left().and_then(|left| time::Duration::try_from(left).ok());
            self.begun = Some(Begun {
                at: now.format(&Rfc3339).unwrap_or_default(),
                lease_ends: left.and_then(|left| (now + left).format(&Rfc3339).ok()),
            });
        }
        private_file::make_folder(&folder(&self.project))?;
        let log = record::path(&self.project, now, "log");
        self.running = Some(Process::start(&self.project, &log, lease_ends, network.lifeline())?);
        Ok(())
    }
}

impl Watch for Watchdog {
    fn owe(&mut self, owed: &[Owed], network: &dyn Network) -> Result<()> {
        if !owed.is_empty() && !self.is_alive() {
            self.start(network)?;
        }
        self.ledger(owed, network).write(&self.project)
    }

    fn release(&mut self, settled: bool) -> bool {
        let Some(mut process) = self.running.take() else { return false };
        if !settled {
            // Its end of the socket says that we are gone, which is true in a moment.
            return process.is_alive();
        }
        // A ledger that cannot be removed tells the next start too much, not too little.
        let _ = private_file::remove(&Ledger::path(&self.project));
        process.settle();
        false
    }
}
