//! The watchdog's process, as the walk has it.
//!
//! May import `error`, `exec` and `network`. Invariant: once it was started it is on its post.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use crate::error::{Error, ErrorKind, Result};
use crate::exec::own_program::own_image;
use crate::network::Lifeline;
use crate::runner::private_file;

/// What the watchdog says once it is on its post.
pub(super) const READY: u8 = b'R';
/// What it is told when nothing is left for it to do.
pub(super) const SETTLED: u8 = b'S';

/// The watchdog and our end of the socket to it.
pub(super) struct Process {
    child: Child,
    socket: UnixStream,
}

impl Process {
    /// Returns once it has taken its post. `hold` is what it has to keep alive.
    pub(super) fn start(
        project: &Path,
        log: &Path,
        lease_ends: Option<Duration>,
        hold: Option<Lifeline<'_>>,
    ) -> Result<Self> {
        let failed = |error: std::io::Error| {
            Error::internal(format!("failed to start the watchdog: {error}")).caused_by(error)
        };
        let mut command = Command::new(own_image().map_err(failed)?);
        command.arg0("golem-outbound").arg("__watchdog").arg("--project").arg(project);
        command.arg("--runner").arg(std::process::id().to_string()).arg("--log").arg(log);
        if let Some(ends) = lease_ends {
            command.arg("--lease-ends-ms").arg(ends.as_millis().to_string());
        }
        let lifeline = hold.map(|lifeline| lifeline.as_raw_fd());
        if let Some(lifeline) = lifeline {
            command.arg("--hold").arg(lifeline.to_string());
        }
        let (child, socket) = spawn(command, lifeline, private_file::append(log)?).map_err(failed)?;
        let mut answer = [0; 1];
        if (&socket).read_exact(&mut answer).is_err() || answer != [READY] {
            let said = std::fs::read_to_string(log).unwrap_or_default();
            let said = said.trim().strip_prefix("error: ").unwrap_or("it said nothing").to_owned();
            return Err(Error::new(ErrorKind::Internal, format!("failed to start the watchdog: {said}")));
        }
        Ok(Self { child, socket })
    }

    /// Whether it is on its post.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Nothing is left for it to do; it ends.
    pub(super) fn settle(mut self) {
        let _ = self.socket.write_all(&[SETTLED]);
        let _ = self.child.wait();
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
