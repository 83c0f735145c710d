//! `D/localnet.json`: which processes are the localnet, so that others find it and a stale file is recognised.
//!
//! May import `error`. Invariant: a process is named by its id and its start time, because ids are used again.

use std::fs;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::config::write_private;
use crate::error::{Error, Result};

/// A process, unmistakably.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRef {
    /// The id, as the machine sees it.
    pub pid: i32,
    /// Field 22 of `/proc/PID/stat`: clock ticks after boot.
    pub started: u64,
}

impl ProcessRef {
    /// The process that has this id now.
    pub fn of(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(Self { pid, started: start_time(&stat)? })
    }

    /// A descriptor of the process, if it still is the one that was meant.
    pub fn open(self) -> Option<OwnedFd> {
        // SAFETY: pidfd_open(2) takes two integers and returns a new descriptor or -1.
        let descriptor = unsafe { nix::libc::syscall(nix::libc::SYS_pidfd_open, self.pid, 0) };
        let descriptor = i32::try_from(descriptor).ok().filter(|descriptor| *descriptor >= 0)?;
        // SAFETY: the descriptor was just made and nobody else has it.
        let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor) };
        (Self::of(self.pid) == Some(self) && !ended_within(&descriptor, Duration::ZERO)).then_some(descriptor)
    }

    /// Whether it lives; a zombie does not.
    pub fn is_alive(self) -> bool {
        self.open().is_some()
    }
}

fn start_time(stat: &str) -> Option<u64> {
    // The command's name stands in parentheses and may hold spaces and parentheses itself.
    stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()
}

/// Waits for a process to end; false if it still lives after `limit`.
pub fn ended_within(process: &OwnedFd, limit: Duration) -> bool {
    let timeout = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
    matches!(poll(&mut [PollFd::new(process.as_fd(), PollFlags::POLLIN)], timeout), Ok(1))
}

/// Sends a signal to a process that is held by descriptor; one that ended meanwhile is no failure.
pub fn send_signal(process: &OwnedFd, signal: Signal) {
    // SAFETY: pidfd_send_signal(2) with a null siginfo is like kill(2) and touches no memory of ours.
    unsafe {
        nix::libc::syscall(
            nix::libc::SYS_pidfd_send_signal,
            process.as_raw_fd(),
            signal as i32,
            std::ptr::null::<nix::libc::siginfo_t>(),
            0,
        );
    }
}

/// A localnet that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// This program's version.
    pub version: String,
    /// The process that stays in the machine's network.
    pub keeper: ProcessRef,
    /// The process between keeper and init.
    pub stage: ProcessRef,
    /// Pid 1 of the sandbox, as the machine sees it.
    pub init: ProcessRef,
    /// The virtual environment that `exec` puts first in `PATH`.
    pub venv: PathBuf,
}

impl State {
    /// The file of a localnet's directory.
    pub fn path(dir: &Path) -> PathBuf {
        dir.join("localnet.json")
    }

    /// Writes it.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|e| Error::internal(format!("failed to write `localnet.json`: {e}")))?;
        write_private(&Self::path(dir), &text)
    }

    /// Reads it; none if there is no file, it is of another version's making, or a process of it is gone.
    pub fn read_live(dir: &Path) -> Result<Option<Self>> {
        let path = Self::path(dir);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(Error::machine(format!(
                    "failed to reach the localnet at `{}`: it belongs to another user",
                    dir.display()
                ))
                .caused_by(error)
                .hint(
                    "run the command as the user who started it, or start your own: \
                       `golem-outbound localnet up --dir DIR`",
                ));
            }
            Err(error) => return Err(Error::io("read", &path, error)),
        };
        let state: Option<Self> = serde_json::from_slice(&text).ok();
        Ok(state.filter(|state| state.init.is_alive()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_found_behind_an_odd_name() {
        let fields = (3..60).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(start_time(&format!("7 (a) b (c) {fields}")), Some(22));
    }

    #[test]
    fn a_process_with_our_id_but_another_start_is_not_us() {
        let own = ProcessRef::of(std::process::id() as i32).unwrap();
        assert!(own.is_alive());
        assert!(!ProcessRef { started: own.started + 1, ..own }.is_alive());
    }

    #[test]
    fn a_stale_file_is_recognised() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(State::read_live(dir.path()).unwrap(), None);
        let own = ProcessRef::of(std::process::id() as i32).unwrap();
        let mut state =
            State { version: "0".into(), keeper: own, stage: own, init: own, venv: "/venv".into() };
        state.write(dir.path()).unwrap();
        assert_eq!(State::read_live(dir.path()).unwrap(), Some(state.clone()));
        state.init.started += 1;
        state.write(dir.path()).unwrap();
        assert_eq!(State::read_live(dir.path()).unwrap(), None);
    }
}
