//! The localnet as its callers hold it: up, attach, run commands in it, down.
//!
//! May import `error` and `localnet::{control, market}`. Invariant: a localnet that was started on a lifeline is gone when the value is
//! dropped.

use std::ffi::OsString;
use std::fs;
use std::io::PipeWriter;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::process::Child;

use super::config::{UpConfig, create_private_dir};
use super::end::{end, is_gone_soon};
use super::start::{already_runs, canonical, lock, prepare_files, sandbox_config, start_keeper, usable_venv};
use super::state::State;
use super::status::{Status, control_socket, status};
use super::support::support;
use crate::error::{Error, Result};
use crate::exec::own_program::own_program;
use crate::localnet::control;
use crate::localnet::market::MarketFile;

/// A localnet that runs.
#[derive(Debug)]
pub struct Localnet {
    dir: PathBuf,
    state: State,
    lifeline: Option<(PipeWriter, Child)>,
}

impl Localnet {
    /// Starts a localnet and returns when it can be used. Refused if one runs at `config.dir`.
    pub fn up(config: UpConfig) -> Result<Self> {
        // A market that cannot be read is found before a folder is made or a process started.
        let _ = MarketFile::read(config.providers.as_deref(), &config.faults)?;
        // Before anything is asked for that would be of no use here.
        if let Some(refused) = support().into_iter().next() {
            return Err(refused.into_error());
        }
        let venv = usable_venv(config.venv.as_deref())?;
        create_private_dir(&config.dir)?;
        let dir = canonical(&config.dir)?;
        let lock = lock(&dir)?;
        if let Some(state) = State::read_live(&dir)?
            && (state.keeper.is_alive() || !is_gone_soon(&state))
        {
            return Err(already_runs(&dir, &state));
        }
        let sandbox = sandbox_config(&config, dir, venv)?;
        prepare_files(&sandbox)?;
        let (state, lifeline) = start_keeper(&sandbox, config.lifeline)?;
        drop(lock);
        Ok(Self { dir: sandbox.dir, state, lifeline })
    }

    /// The localnet that runs at `dir`.
    pub fn attach(dir: &Path) -> Result<Self> {
        let state = State::read_live(dir)?.ok_or_else(|| {
            Error::usage(format!("failed to find a localnet at `{}`: none runs there", dir.display()))
                .hint("start it: `golem-outbound localnet up`")
        })?;
        Ok(Self { dir: canonical(dir)?, state, lifeline: None })
    }

    /// The arguments before a command that runs in the localnet, for any process of this machine and user. To
    /// interrupt the command, signal that one process.
    pub fn exec_prefix(&self) -> Result<Vec<OsString>> {
        let mut prefix = vec![own_program()?.into_os_string()];
        prefix.extend(["localnet", "exec", "--dir"].map(OsString::from));
        prefix.extend([self.dir.clone().into_os_string(), OsString::from("--")]);
        Ok(prefix)
    }

    /// The writing end of its lifeline, if it was started on one: it lives for as long as anybody holds a copy.
    pub fn lifeline(&self) -> Option<BorrowedFd<'_>> {
        self.lifeline.as_ref().map(|(holder, _)| holder.as_fd())
    }

    /// Whether its processes live.
    pub fn is_alive(&self) -> bool {
        self.state.init.is_alive()
    }

    /// The localnet's directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What can be told of it now.
    pub fn status(&self) -> Result<Status> {
        status(&self.dir)
    }

    /// Tells it that a walk begins a step.
    ///
    /// # Errors
    /// It does not answer.
    pub fn enter_step(&self, step: &str) -> Result<()> {
        let request = control::Request::EnterStep { step: step.to_owned() };
        control::ask(&control_socket(&self.state), &request).map(drop)
    }

    /// Ends it and everything in it; returns when no process of it is left.
    pub fn down(mut self) -> Result<()> {
        let ended = end(&self.state);
        if let Some((lifeline, mut keeper)) = self.lifeline.take() {
            drop(lifeline);
            let _ = keeper.wait();
        }
        ended?;
        match fs::remove_file(State::path(&self.dir)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("remove", State::path(&self.dir), error))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Localnet {
    fn drop(&mut self) {
        if let Some((lifeline, mut keeper)) = self.lifeline.take() {
            let _ = end(&self.state);
            drop(lifeline);
            let _ = keeper.wait();
            let _ = fs::remove_file(State::path(&self.dir));
        }
    }
}
