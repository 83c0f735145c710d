//! Short commands whose output is wanted as a value.
//!
//! May import `error`. Invariant: never waits longer than it was told to, and never goes through a shell.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// What a short command left.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output, decoded leniently.
    pub stdout: String,
    /// Its standard error, decoded leniently.
    pub stderr: String,
}

/// Runs `argv` in `cwd` with `env` added to ours and nothing to read, and waits at most `timeout`.
///
/// For commands that answer at once and start nothing that stays; everything else goes through
/// [`crate::exec::Guard::run`]. A code other than 0 is a value, not an error.
///
/// # Errors
/// `Machine` when the program cannot be started, `Inconclusive` when its time was over.
pub fn capture(
    argv: &[OsString],
    cwd: &Path,
    env: &[(OsString, OsString)],
    timeout: Duration,
) -> Result<Output> {
    let (program, arguments) =
        argv.split_first().ok_or_else(|| Error::internal("a command without a program cannot be run"))?;
    let name = program.to_string_lossy();
    let mut expression =
        duct::cmd(program, arguments).dir(cwd).stdin_null().stdout_capture().stderr_capture().unchecked();
    for (key, value) in env {
        expression = expression.env(key, value);
    }
    let handle = expression
        .start()
        .map_err(|error| Error::machine(format!("failed to start `{name}`: {error}")).caused_by(error))?;
    let output = handle.wait_timeout(timeout);
    if let Ok(None) = output {
        // A grandchild may hold the pipes beyond the kill, so that the second wait has an end too.
        let _ = handle.kill();
        let _ = handle.wait_timeout(Duration::from_secs(1));
        return Err(Error::new(
            ErrorKind::Inconclusive,
            format!("`{name}` did not answer within {} s", timeout.as_secs()),
        ));
    }
    let output = output
        .map_err(|error| Error::machine(format!("failed to wait for `{name}`: {error}")).caused_by(error))?;
    let output = output.ok_or_else(|| Error::internal(format!("`{name}` ended without a status")))?;
    Ok(Output {
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The last `lines` lines that are not empty, for an error message.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, timeout: Duration) -> Result<Output> {
        let argv = ["sh", "-c", script].map(OsString::from);
        capture(&argv, Path::new("/"), &[("WORD".into(), "rock".into())], timeout)
    }

    #[test]
    fn streams_are_apart_and_a_code_is_a_value() {
        let output = shell("echo $WORD; echo b >&2; exit 3", Duration::from_secs(10)).unwrap();
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("rock\n", "b\n"));
        assert_eq!(output.status.code(), Some(3));
    }

    #[test]
    fn a_command_that_does_not_answer_is_given_up() {
        let error = shell("exec sleep 60", Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Inconclusive);
        assert_eq!(error.message(), "`sh` did not answer within 0 s");
    }

    #[test]
    fn a_program_that_is_not_there_is_the_machines_matter() {
        let error =
            capture(&["no-such-program".into()], Path::new("/"), &[], Duration::from_secs(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Machine);
        assert!(error.message().starts_with("failed to start `no-such-program`"), "{error}");
    }

    #[test]
    fn a_tail_has_the_last_lines_that_say_something() {
        assert_eq!(tail("a\nb  \n\nc\n\n", 2), "b\nc");
        assert_eq!(tail("a", 5), "a");
    }
}
