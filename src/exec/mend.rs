//! Installing what an examination found missing, with consent.
//!
//! May import `error`. Invariant: nothing is installed without consent, nor by a person's password: where rights are
//! lacking, the exact commands are said instead.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::doctor::{Examination, FETCH_PYTHON, Rights};
use super::process::{Action, Exit, Invocation};
use super::registry::failure;
use super::{Guard, program, python};
use crate::error::{Error, ErrorKind, Result};

const INSTALLATION: Duration = Duration::from_secs(20 * 60);

/// Whether the user allowed installing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// By `--yes`, by `demo`, or by answering a question.
    Given,
    /// Not, or not yet.
    Withheld,
}

/// What the caller decides.
pub struct Options<'a> {
    /// Who ends the installers if we die.
    pub guard: Guard,
    /// Takes each command line before it runs.
    pub narrate: &'a mut dyn FnMut(&str),
    /// Takes the installers' output as it comes.
    pub live: &'a mut dyn FnMut(&str),
    /// Whether the user wants to stop.
    pub stop: &'a dyn Fn() -> bool,
}

/// Installs what is missing. Examine again afterwards: this says only that the installers were content.
///
/// # Errors
/// `Machine` with the commands to type, when there is no consent, no rights or no way to install something;
/// `Inconclusive` when the packages cannot be fetched; `Interrupted`.
pub fn mend(examination: &Examination, consent: Consent, options: &mut Options<'_>) -> Result<()> {
    let Some(error) = examination.as_error() else { return Ok(()) };
    let packages = examination.packages();
    if consent == Consent::Withheld || !examination.installable() {
        return Err(error);
    }
    if !packages.is_empty() {
        if examination.lists_missing {
            apt_get(examination, &["update"], options)?;
        }
        let install: Vec<&str> = ["install", "-y"].into_iter().chain(packages.iter().copied()).collect();
        if apt_get(examination, &install, options).is_err() && !examination.lists_missing {
            // Old lists name files that the archive no longer has.
            apt_get(examination, &["update"], options)?;
            apt_get(examination, &install, options)?;
        }
    }
    fetch_python(examination, options)
}

/// Of the other commands only uv's own is run: the rest change the system's settings, which is for a person to do.
fn fetch_python(examination: &Examination, options: &mut Options<'_>) -> Result<()> {
    let asked = examination.installing().iter().any(|command| command == FETCH_PYTHON);
    match python::uv(&std::env::var_os("PATH").unwrap_or_default()) {
        Some(uv) if asked => {
            let arguments = FETCH_PYTHON.split(' ').skip(1).map(OsString::from);
            call(FETCH_PYTHON, std::iter::once(uv.into_os_string()).chain(arguments).collect(), options)
        }
        _ => Ok(()),
    }
}

fn apt_get(examination: &Examination, arguments: &[&str], options: &mut Options<'_>) -> Result<()> {
    let apt_get = program::require("apt-get")?;
    let mut argv: Vec<OsString> = Vec::new();
    let sudo = examination.rights == Rights::Sudo;
    if sudo {
        // sudo clears the environment, so that the variable is set beyond it.
        argv.extend(["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"].map(OsString::from));
    }
    argv.push(apt_get.into());
    argv.extend(arguments.iter().map(OsString::from));
    let line = format!("{}apt-get {}", if sudo { "sudo " } else { "" }, arguments.join(" "));
    call(&line, argv, options)
}

fn call(line: &str, argv: Vec<OsString>, options: &mut Options<'_>) -> Result<()> {
    (options.narrate)(line);
    let invocation =
        Invocation::new(argv, Path::new("/"), INSTALLATION).env("DEBIAN_FRONTEND", "noninteractive");
    let Options { guard, live, stop, .. } = options;
    let ended = guard.run(&invocation, &mut |tick| {
        if !tick.chunk.is_empty() {
            live(tick.chunk);
        }
        if stop() { Action::Stop } else { Action::Continue }
    })?;
    match ended.exit {
        Exit::Code(0) => Ok(()),
        Exit::Interrupted => Err(Error::new(ErrorKind::Interrupted, format!("stopped `{line}`"))),
        Exit::TimedOut | Exit::Code(_) | Exit::Signal(_) => {
            Err(failure(&format!("failed to run `{line}`"), &ended.output, false)
                .hint(format!("type: `{line}`")))
        }
    }
}
