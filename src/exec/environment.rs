//! The project's Python environment: `venv`, made from `requirements.lock` by uv or pip, verified, and kept.
//!
//! May import `error` and `ownership`. Invariant: `venv` is either complete and verified or not there; one that could not be finished
//! is removed, and one that somebody else made is never removed.

mod installing;
mod tools;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::marker::{self, Marker, State, VENV};
use super::python::{self, Interpreter, Places};
use super::registry::redact;
use super::{Guard, disk};
use crate::error::{Error, ErrorKind, Result};
use crate::ownership::ForOwner;

/// The release of ray-on-golem that the lock names.
pub const RAY_ON_GOLEM: &str = "0.13.0";
/// The release of Ray that the lock names.
pub const RAY: &str = "2.9.3";

/// Free space that making an environment takes. Measured with an empty cache: 350 MB with uv, whose cache shares its
/// files with the environment; with pip 400 MB, its cache and its unpacked downloads besides.
const NEEDED: u64 = 800_000_000;
const LOCK: &str = "requirements.lock";

/// What the caller decides.
pub struct Options<'a> {
    /// The interpreter that the user named, if any.
    pub python: Option<PathBuf>,
    /// Who ends the installers if we die.
    pub guard: Guard,
    /// Takes a line for people whenever a phase begins or goes on for long.
    pub narrate: &'a mut dyn FnMut(&str),
    /// Whether the user wants to stop; then the half-made environment is removed.
    pub stop: &'a dyn Fn() -> bool,
}

/// An environment that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The environment's interpreter.
    pub python: PathBuf,
    /// The folder of its programs, to be put before PATH.
    pub bin: PathBuf,
    /// Whether it was made now; `false` means that it was there already.
    pub made: bool,
    /// `uv` or `pip`; `by hand` for one that the reader made.
    pub tool: String,
}

/// Makes or repairs `<project>/venv`, or finds it current within a few milliseconds.
///
/// # Errors
/// `Usage` for a project without a lock, an unsuitable interpreter that was named, a `venv` that is not ours;
/// `Machine` for no suitable Python or no space; `Inconclusive` for a registry that cannot be reached; `Failed` for
/// files that differ from the lock's hashes; `Interrupted` when the user stopped it.
pub fn prepare(project: &Path, options: &mut Options<'_>) -> Result<Prepared> {
    let make_one = "run it in a project's folder, or make one: `golem-outbound new my-project`";
    let project = dunce::canonicalize(project)
        .map_err(|error| Error::io("open the project", project, error).hint(make_one))?;
    let content = std::fs::read(project.join(LOCK))
        .map_err(|error| Error::io("read", project.join(LOCK), error).hint(make_one))?;
    let lock = marker::fingerprint(&content);
    let named = options.python.as_deref().map(python::named).transpose()?;
    let mut work = Work { project: &project, options, started: Instant::now() };
    match marker::examine(&project, &lock, named.as_ref().map(|one| one.path.as_path())) {
        State::Current(marker) => Ok(work.ready(false, marker.tool)),
        State::Foreign => work.adopt(),
        State::Wanted(why) => {
            let _only_one = work.only_one()?;
            if let Some(why) = why {
                work.say(&format!("{why}; making it anew"));
            }
            work.make(lock, named)
        }
    }
}

struct Work<'a, 'o> {
    project: &'a Path,
    options: &'a mut Options<'o>,
    started: Instant,
}

impl Work<'_, '_> {
    fn say(&mut self, line: &str) {
        (self.options.narrate)(&redact(line));
    }

    fn venv(&self) -> PathBuf {
        self.project.join(VENV)
    }

    fn ready(&self, made: bool, tool: String) -> Prepared {
        let bin = self.venv().join(marker::PROGRAMS);
        Prepared { python: marker::program_in(&self.venv(), "python"), bin, made, tool }
    }

    /// Two at once would install into each other's half-made environment. The system unlocks when we end.
    fn only_one(&self) -> Result<File> {
        let path = marker::private(self.project)?.join("environment.lock");
        let mut options = File::options();
        let opened = options.write(true).create(true).truncate(true).for_owner().open(&path);
        let file = opened.map_err(|error| Error::io("create", &path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                Err(Error::usage("another run is making this project's environment")
                    .hint("wait until it has ended, then type the same command again"))
            }
            Err(TryLockError::Error(error)) => Err(Error::io("lock", &path, error)),
        }
    }

    /// An environment that the reader made by the README's own commands is as good, if it holds the right releases.
    fn adopt(&mut self) -> Result<Prepared> {
        self.verify().map_err(|error| {
            if error.kind() == ErrorKind::Interrupted {
                return error;
            }
            Error::usage(format!(
                "`{VENV}` was not made by this program and cannot be used: {}",
                error.message()
            ))
            .hint(format!("put it aside: `mv {VENV} {VENV}.mine`, then type the same command again"))
        })?;
        Ok(self.ready(false, "by hand".into()))
    }

    fn make(&mut self, lock: String, named: Option<Interpreter>) -> Result<Prepared> {
        disk::require(self.project, NEEDED, "the Python environment")?;
        self.remove()?;
        let places = Places::of_this_machine();
        let (interpreter, uv) = self.tools(named, &places)?;
        let mut result = self.attempt(&lock, &interpreter, uv.as_deref());
        let unreachable = |error: &Error| error.kind() == ErrorKind::Inconclusive;
        if uv.is_some() && interpreter.has_venv && result.as_ref().is_err_and(unreachable) {
            // Mirrors and certificates are often set up for pip alone, in its pip.conf, which uv does not read.
            self.say("uv cannot reach the package registry; trying pip, which has settings of its own");
            result = self.attempt(&lock, &interpreter, None);
        }
        let tool = result?;
        self.say(&format!("the environment is ready ({} s)", self.started.elapsed().as_secs()));
        Ok(self.ready(true, tool))
    }

    /// Makes and verifies the environment with uv, or without one by pip; the tool's name. What fails is removed.
    fn attempt(&mut self, lock: &str, interpreter: &Interpreter, uv: Option<&Path>) -> Result<String> {
        let tool = if uv.is_some() { "uv" } else { "pip" };
        let mut marker = Marker {
            lock: lock.to_owned(),
            interpreter: interpreter.path.clone(),
            project: self.project.to_owned(),
            tool: tool.to_owned(),
            complete: false,
        };
        let result = self
            .create(interpreter, uv, &marker)
            .and_then(|()| self.install(uv))
            .and_then(|()| self.verify())
            .and_then(|()| {
                marker.complete = true;
                marker::write(self.project, &marker)
            });
        if let Err(error) = result {
            // The first error is the one to tell; a folder that cannot be removed is incomplete by its marker.
            let _ = self.remove();
            return Err(error);
        }
        Ok(tool.to_owned())
    }

    /// Removes what we made. A link or a file named `venv` is somebody else's.
    fn remove(&self) -> Result<()> {
        let venv = self.venv();
        match venv.symlink_metadata() {
            Err(_) => Ok(()),
            Ok(metadata) if metadata.is_dir() => {
                std::fs::remove_dir_all(&venv).map_err(|error| Error::io("remove", &venv, error))
            }
            Ok(_) => Err(Error::usage(format!("`{}` is not a folder", venv.display()))
                .hint(format!("put it aside: `mv {VENV} {VENV}.mine`"))),
        }
    }
}
