//! The project's Python environment: `venv`, made from `requirements.lock` by uv or pip, verified, and kept.
//!
//! May import `error` and `ownership`. Invariant: `venv` is either complete and verified or not there; one that could not be finished
//! is removed, and one that somebody else made is never removed.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::capture::tail;
use super::marker::{self, Marker, PRIVATE, State, VENV};
use super::process::{Action, Exit, Invocation};
use super::python::{self, Interpreter, Places};
use super::registry::{failure, redact};
use super::{Guard, disk};
use crate::error::{Error, ErrorKind, Result};
use crate::ownership::{ForOwner, HOME};

/// The release of ray-on-golem that the lock names.
pub const RAY_ON_GOLEM: &str = "0.13.0";
/// The release of Ray that the lock names.
pub const RAY: &str = "2.9.3";

/// Free space that making an environment takes. Measured with an empty cache: 350 MB with uv, whose cache shares its
/// files with the environment; with pip 400 MB, its cache and its unpacked downloads besides.
const NEEDED: u64 = 800_000_000;
const LOCK: &str = "requirements.lock";
const INSTALLATION: Duration = Duration::from_secs(30 * 60);
const SHORT: Duration = Duration::from_secs(120);

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

    /// The interpreter to use, and uv where it can be had. A machine whose only Python is unsuitable gets one by uv.
    fn tools(
        &mut self,
        named: Option<Interpreter>,
        places: &Places,
    ) -> Result<(Interpreter, Option<PathBuf>)> {
        let found = match named {
            Some(interpreter) => vec![interpreter],
            None => python::interpreters(places),
        };
        let uv = python::uv(&places.path).or_else(|| self.own_uv(&found));
        if let Some(best) = found.first().filter(|best| best.suitable()) {
            if uv.is_none() && !best.has_venv {
                return Err(Error::machine(format!("`{}` has no venv module", best.path.display()))
                    .hint("install it: `sudo apt-get install -y python3-venv`"));
            }
            return Ok((best.clone(), uv));
        }
        let Some(uv) = uv else { return Err(python::none_suitable(&found)) };
        let why = python::none_suitable(&found);
        self.say(&format!("{}; fetching Python 3.11 with uv", why.message()));
        let fetched = self.call(
            "fetch Python 3.11 with uv",
            self.command(&uv, ["python", "install", "3.11"]),
            INSTALLATION,
        );
        match fetched {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
            // What the machine lacks is the news; why one more way to it failed comes after.
            Err(error) => {
                let cause = tail(error.message(), 1);
                let cause = cause.trim().trim_start_matches("cause: ");
                return Err(why.hint(format!("uv could not download one just now: {cause}")));
            }
            Ok(()) => {}
        }
        let interpreter =
            python::found_by_uv(&uv).and_then(|path| Interpreter::ask(&path)).filter(Interpreter::suitable);
        interpreter.map(|interpreter| (interpreter, Some(uv))).ok_or(why)
    }

    /// A uv in the project's private folder, made once by pip; none if that is not possible, because pip alone does too.
    fn own_uv(&mut self, found: &[Interpreter]) -> Option<PathBuf> {
        let folder = self.project.join(PRIVATE).join("uv");
        let program = marker::program_in(&folder, "uv");
        let path = folder.join(marker::PROGRAMS).into_os_string();
        if let Some(uv) = python::uv(&path) {
            return Some(uv);
        }
        let maker = found.iter().find(|one| one.has_venv && one.version >= (3, 8, 0))?;
        self.say("fetching uv, which installs faster than pip");
        let folder: OsString = folder.into();
        let venv =
            vec![maker.path.clone().into(), "-m".into(), "venv".into(), "--clear".into(), folder.clone()];
        let mut pip = vec![marker::program_in(Path::new(&folder), "python").into_os_string()];
        pip.extend(PIP_INSTALL.map(OsString::from));
        pip.push("uv".into());
        let made =
            self.call("make a folder for uv", venv, SHORT).and_then(|()| self.call("fetch uv", pip, SHORT));
        match made {
            Ok(()) => Some(program).filter(|uv| uv.is_file()),
            Err(_) => {
                let _ = std::fs::remove_dir_all(&folder);
                self.say("uv cannot be had; pip will do");
                None
            }
        }
    }

    fn command<const N: usize>(&self, program: &Path, arguments: [&str; N]) -> Vec<OsString> {
        std::iter::once(program.as_os_str().to_owned()).chain(arguments.map(OsString::from)).collect()
    }

    fn create(&mut self, interpreter: &Interpreter, uv: Option<&Path>, marker: &Marker) -> Result<()> {
        let venv = self.venv();
        // The marker comes first, so that a folder which we leave behind when we are killed is known to be ours.
        std::fs::create_dir(&venv).map_err(|error| Error::io("create the folder", &venv, error))?;
        marker::write(self.project, marker)?;
        self.say(&format!(
            "making `{VENV}` with Python {} (`{}`) and {}",
            interpreter.version(),
            interpreter.path.display(),
            marker.tool
        ));
        let argv: Vec<OsString> = match uv {
            Some(uv) => {
                let mut argv = self.command(uv, ["venv", "--no-project", "--allow-existing", "--python"]);
                argv.extend([interpreter.path.clone().into(), venv.into()]);
                argv
            }
            None => {
                let mut argv = self.command(&interpreter.path, ["-m", "venv"]);
                argv.push(venv.into());
                argv
            }
        };
        self.call(&format!("make `{VENV}`"), argv, SHORT)
    }

    fn install(&mut self, uv: Option<&Path>) -> Result<()> {
        self.say(&format!("installing ray-on-golem {RAY_ON_GOLEM}, Ray {RAY} and what they need"));
        let python = marker::program_in(&self.venv(), "python");
        let mut argv: Vec<OsString> = match uv {
            Some(uv) => {
                let mut argv = self.command(uv, ["pip", "install", "--python"]);
                argv.push(python.into());
                argv
            }
            None => {
                let mut argv = vec![python.into_os_string()];
                argv.extend(PIP_INSTALL.map(OsString::from));
                argv
            }
        };
        argv.extend(["--require-hashes", "-r", LOCK].map(OsString::from));
        self.call(&format!("install `{LOCK}`"), argv, INSTALLATION)
    }

    /// Asks the installed programs for their releases: the resolver of pip gives older ones without a word.
    fn verify(&mut self) -> Result<()> {
        self.say("asking ray-on-golem and ray for their releases");
        let venv = self.venv();
        let asked = [
            (
                self.command(&marker::program_in(&venv, "ray-on-golem"), ["version"]),
                format!("ray-on-golem {RAY_ON_GOLEM}"),
            ),
            (self.command(&marker::program_in(&venv, "ray"), ["--version"]), format!("ray, version {RAY}")),
        ];
        for (argv, expected) in asked {
            let name = Path::new(&argv[0]).file_name().unwrap_or_default().to_string_lossy().into_owned();
            let output = self.output(&format!("ask `{name}` for its release"), argv, SHORT)?;
            if !output.lines().any(|line| line.trim() == expected) {
                return Err(Error::machine(format!(
                    "`{name}` should say `{expected}`, and said `{}`",
                    tail(&redact(&output), 1)
                )));
            }
        }
        Ok(())
    }

    fn call(&mut self, doing: &str, argv: Vec<OsString>, timeout: Duration) -> Result<()> {
        self.output(doing, argv, timeout).map(drop)
    }

    /// Runs a command to its good end, with a line every ten seconds.
    fn output(&mut self, doing: &str, argv: Vec<OsString>, timeout: Duration) -> Result<String> {
        let mut invocation = Invocation::new(argv, self.project, timeout);
        // They would point the installer at another environment than the one it is told to use.
        invocation.env_remove = ["PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"].map(OsString::from).into();
        if std::env::var_os("UV_LINK_MODE").is_none() && !cache_shares_disk(self.project) {
            invocation = invocation.env("UV_LINK_MODE", "copy");
        }
        let guard = self.options.guard.clone();
        let Options { narrate, stop, .. } = &mut *self.options;
        let mut said = 0;
        let ended = guard.run(&invocation, &mut |tick| {
            let tens = tick.elapsed.as_secs() / 10;
            if tens > said {
                said = tens;
                narrate(&format!("still at it: {doing} ({} s)", tick.elapsed.as_secs()));
            }
            if stop() { Action::Stop } else { Action::Continue }
        })?;
        match ended.exit {
            Exit::Code(0) => Ok(ended.output),
            Exit::Interrupted => Err(Error::new(ErrorKind::Interrupted, format!("stopped: {doing}"))),
            Exit::TimedOut => Err(Error::new(
                ErrorKind::Inconclusive,
                format!("failed to {doing}: it took longer than {} s", timeout.as_secs()),
            )
            .hint("try the same command again when the network is faster")),
            Exit::Code(_) | Exit::Signal(_) => {
                let full = disk::is_full(self.project);
                Err(failure(&format!("failed to {doing}"), &ended.output, full))
            }
        }
    }
}

const PIP_INSTALL: [&str; 9] = [
    "-m",
    "pip",
    "install",
    "--no-input",
    "--disable-pip-version-check",
    "--progress-bar",
    "off",
    "--retries",
    "1",
];

/// Whether uv can link files from its cache into the project instead of copying them.
fn cache_shares_disk(project: &Path) -> bool {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = from("UV_CACHE_DIR")
        .or_else(|| from("XDG_CACHE_HOME").map(|folder| folder.join("uv")))
        .or_else(|| from(HOME).map(|home| home.join(".cache/uv")));
    cache.is_some_and(|cache| disk::is_shared(&cache, project))
}
