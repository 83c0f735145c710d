//! The watchdog: a process that outlives a killed walk and takes down what that has started.
//!
//! May import `error`, `exec` and `network`. It has a session of its own, so that neither Ctrl-C nor the terminal's end
//! reaches it, and holds the localnet's lifeline, so that the cluster there lives until `ray down` has ended it. It notices
//! our death by a socket whose other end only we hold. Invariant: it is there, and the debt is on the disk, before the
//! step starts that makes the debt.

mod duty;
mod record;
mod undoing;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use duty::{Post, lock, stand};
pub use record::{Done, Record, Why, path, untold};
pub use undoing::now;

use super::ledger::{Ledger, Owed, Walk};
use super::{Lease, Watch, private_file};
use crate::error::{Error, ErrorKind, Result};
use crate::network::Network;

/// What the watchdog says once it is on its post.
const READY: u8 = b'R';
/// What it is told when nothing is left for it to do.
const SETTLED: u8 = b'S';

/// Where a project has what the watchdog leaves: records, logs and its lock.
pub fn folder(project: &Path) -> PathBuf {
    project.join(".golem-outbound/watchdog")
}

/// The walk's end of its watchdog, which is started with the first debt.
pub struct Watchdog {
    project: PathBuf,
    cluster_name: String,
    lease: Arc<Lease>,
    begun: Option<Begun>,
    running: Option<(Child, UnixStream)>,
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
        self.running.as_mut().is_some_and(|(child, _)| matches!(child.try_wait(), Ok(None)))
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
        let mut command = Command::new("/proc/self/exe");
        command.arg0("golem-outbound").arg("__watchdog").arg("--project").arg(&self.project);
        command.arg("--runner").arg(std::process::id().to_string()).arg("--log").arg(&log);
        if let Some(ends) = lease_ends {
            command.arg("--lease-ends-ms").arg(ends.as_millis().to_string());
        }
        let lifeline = network.lifeline().map(|lifeline| lifeline.as_raw_fd());
        if let Some(lifeline) = lifeline {
            command.arg("--hold").arg(lifeline.to_string());
        }
        let (child, socket) = spawn(command, lifeline, private_file::append(&log)?).map_err(|error| {
            Error::internal(format!("failed to start the watchdog: {error}")).caused_by(error)
        })?;
        let mut answer = [0; 1];
        if (&socket).read_exact(&mut answer).is_err() || answer != [READY] {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            let said = said.trim().strip_prefix("error: ").unwrap_or("it said nothing").to_owned();
            return Err(Error::new(ErrorKind::Internal, format!("failed to start the watchdog: {said}")));
        }
        self.running = Some((child, socket));
        Ok(())
    }
}

/// In a session of its own from its first moment; only `lifeline`, besides its streams, is passed on.
fn spawn(mut command: Command, lifeline: Option<i32>, log: File) -> std::io::Result<(Child, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    command.current_dir("/").stdin(OwnedFd::from(theirs)).stdout(log.try_clone()?).stderr(log);
    let detach = move || {
        nix::unistd::setsid()?;
        if let Some(lifeline) = lifeline {
            // SAFETY: the descriptor was open in the parent and is so in this copy of it.
            let lifeline = unsafe { std::os::fd::BorrowedFd::borrow_raw(lifeline) };
            fcntl(lifeline, FcntlArg::F_SETFD(FdFlag::empty()))?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec it makes two system calls and allocates nothing.
    unsafe { command.pre_exec(detach) };
    Ok((command.spawn()?, ours))
}

impl Watch for Watchdog {
    fn owe(&mut self, owed: &[Owed], network: &dyn Network) -> Result<()> {
        if !owed.is_empty() && !self.is_alive() {
            self.start(network)?;
        }
        self.ledger(owed, network).write(&self.project)
    }

    fn release(&mut self, settled: bool) -> bool {
        let Some((mut child, mut socket)) = self.running.take() else { return false };
        if !settled {
            // Its end of the socket says that we are gone, which is true in a moment.
            return matches!(child.try_wait(), Ok(None));
        }
        // A ledger that cannot be removed tells the next start too much, not too little.
        let _ = private_file::remove(&Ledger::path(&self.project));
        let _ = socket.write_all(&[SETTLED]);
        let _ = child.wait();
        false
    }
}
