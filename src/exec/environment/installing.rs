//! The commands that make an environment and ask what is in it.
//!
//! May import what the environment may. Invariant: each runs under the guard, with a timeout, and says every ten seconds that it
//! still does.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{LOCK, Options, RAY, RAY_ON_GOLEM, Work};
use crate::error::{Error, ErrorKind, Result};
use crate::exec::capture::tail;
use crate::exec::disk;
use crate::exec::marker::{self, Marker, VENV};
use crate::exec::process::{Action, Exit, Invocation};
use crate::exec::python::Interpreter;
use crate::exec::registry::{failure, redact};
use crate::ownership::HOME;

/// How long an installation may take.
pub(super) const INSTALLATION: Duration = Duration::from_secs(30 * 60);
/// How long anything else may take.
pub(super) const SHORT: Duration = Duration::from_secs(120);

/// Behind the interpreter.
pub(super) const PIP_INSTALL: [&str; 9] = [
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

impl Work<'_, '_> {
    pub(super) fn create(
        &mut self,
        interpreter: &Interpreter,
        uv: Option<&Path>,
        marker: &Marker,
    ) -> Result<()> {
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
                let mut argv = command(uv, ["venv", "--no-project", "--allow-existing", "--python"]);
                argv.extend([interpreter.path.clone().into(), venv.into()]);
                argv
            }
            None => {
                let mut argv = command(&interpreter.path, ["-m", "venv"]);
                argv.push(venv.into());
                argv
            }
        };
        self.call(&format!("make `{VENV}`"), argv, SHORT)
    }

    pub(super) fn install(&mut self, uv: Option<&Path>) -> Result<()> {
        self.say(&format!("installing ray-on-golem {RAY_ON_GOLEM}, Ray {RAY} and what they need"));
        let python = marker::program_in(&self.venv(), "python");
        let mut argv: Vec<OsString> = match uv {
            Some(uv) => {
                let mut argv = command(uv, ["pip", "install", "--python"]);
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
    pub(super) fn verify(&mut self) -> Result<()> {
        self.say("asking ray-on-golem and ray for their releases");
        let venv = self.venv();
        let asked = [
            (
                command(&marker::program_in(&venv, "ray-on-golem"), ["version"]),
                format!("ray-on-golem {RAY_ON_GOLEM}"),
            ),
            (command(&marker::program_in(&venv, "ray"), ["--version"]), format!("ray, version {RAY}")),
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

    pub(super) fn call(&mut self, doing: &str, argv: Vec<OsString>, timeout: Duration) -> Result<()> {
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

/// A program and its first arguments.
pub(super) fn command<const N: usize>(program: &Path, arguments: [&str; N]) -> Vec<OsString> {
    std::iter::once(program.as_os_str().to_owned()).chain(arguments.map(OsString::from)).collect()
}

/// Whether uv can link files from its cache into the project instead of copying them.
fn cache_shares_disk(project: &Path) -> bool {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = from("UV_CACHE_DIR")
        .or_else(|| from("XDG_CACHE_HOME").map(|folder| folder.join("uv")))
        .or_else(|| from(HOME).map(|home| home.join(".cache/uv")));
    cache.is_some_and(|cache| disk::is_shared(&cache, project))
}
