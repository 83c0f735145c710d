//! The watchdog's whole life: on its post until the walk is gone, then the teardown.
//!
//! May import `error`, `exec` and `network`. Invariant: when it ends, nothing that it started is left, and what it held of
//! the localnet's lifeline is let go.

use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::unistd::{Pid, getppid};

use super::super::ledger::Ledger;
use super::super::private_file;
use super::process::{READY, SETTLED};
use super::record::{Record, Why};
use super::undoing::Undoing;
use super::{lock, now};
use crate::error::{Error, Result};
use crate::exec::Guard;
use crate::exec::clock::since_boot;
use crate::network::ChildProcesses;

/// How often the clock is looked at, which poll(2) does not wait by: it stands still while the machine sleeps.
const LOOK: Duration = Duration::from_secs(1);
/// How long the guards of a killed walk may take to end its commands; each gives up after 10 s.
const GUARDS: Duration = Duration::from_secs(15);

/// What the watchdog is told when it is started.
#[derive(Debug)]
pub struct Post {
    /// The project's folder.
    pub project: PathBuf,
    /// The walk's process.
    pub runner: i32,
    /// When the lease ends, since boot.
    pub lease_ends: Option<Duration>,
    /// How long the walk may take for its own teardown once its lease is over, before it is ended.
    pub grace: Duration,
    /// Its log; its own streams end there too.
    pub log: PathBuf,
    /// The localnet's lifeline.
    pub hold: Option<OwnedFd>,
}

/// Stands until the walk has ended, however it does. Standard input is the socket to the walk.
///
/// # Errors
/// It cannot take its post; the walk learns of it.
pub fn stand(post: Post) -> Result<()> {
    for ignored in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM, Signal::SIGQUIT] {
        // SAFETY: to ignore a signal runs no code of ours. Guards give their commands the defaults again.
        let _ = unsafe { signal(ignored, SigHandler::SigIgn) };
    }
    let _lock = lock(&post.project)?.ok_or_else(|| {
        Error::internal("failed to watch the walk: another watchdog of the project is at work")
    })?;
    let mut socket: UnixStream = std::io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map_err(|error| Error::internal(format!("failed to take over the socket: {error}")))?
        .into();
    let said = socket.write_all(&[READY]);
    said.map_err(|error| Error::internal(format!("failed to answer the walk: {error}")))?;
    match wait(&mut socket, &post) {
        None => private_file::remove(&post.log),
        Some(why) => take_over(&post, why),
    }
}

/// Waits for the walk's end. None if it has taken everything down itself.
fn wait(socket: &mut UnixStream, post: &Post) -> Option<Why> {
    let timeout = match post.lease_ends {
        Some(_) => PollTimeout::try_from(LOOK).unwrap_or(PollTimeout::MAX),
        None => PollTimeout::NONE,
    };
    let mut why = Why::WalkGone;
    loop {
        let mut place = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
        // An interrupted wait is one that is over.
        let _ = poll(&mut place, timeout);
        if place[0].any().unwrap_or(true) {
            let mut word = [0; 1];
            let settled = matches!(socket.read(&mut word), Ok(1..)) && word == [SETTLED];
            return (!settled).then_some(why);
        }
        let overdue = |ends| since_boot().is_ok_and(|now| now >= ends + post.grace);
        if post.lease_ends.is_some_and(overdue) && getppid() == Pid::from_raw(post.runner) {
            // It hangs, or was stopped. Its parts would undo what we do.
            why = Why::LeaseOver;
            let _ = kill(Pid::from_raw(post.runner), Signal::SIGKILL);
        }
    }
}

/// Does what the walk has left to do.
fn take_over(post: &Post, why: Why) -> Result<()> {
    let noticed = now();
    let since = Instant::now();
    while Guard::stands_in(&post.project) && since.elapsed() < GUARDS {
        std::thread::sleep(Duration::from_millis(20));
    }
    let Some(ledger) = Ledger::read(&post.project)? else {
        return private_file::remove(&post.log);
    };
    let mut record = Record {
        version: 1,
        walk: ledger.walk.clone(),
        why,
        noticed,
        finished: None,
        commands: Vec::new(),
        torn_down: false,
        left: Vec::new(),
        log: post.log.clone(),
        told: false,
    };
    let mut undoing = Undoing {
        project: &post.project,
        commands: &mut ChildProcesses,
        pause: &mut std::thread::sleep,
        log: &mut private_file::append(&post.log)?,
    };
    undoing.run(ledger, &mut record);
    Ok(())
}
