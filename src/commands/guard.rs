//! `golem-outbound __guard -- CMD…`: the guard process of [`crate::exec::guard`].

use std::ffi::OsString;
use std::process::ExitCode;

use crate::error::Result;
use crate::exec::guard::{Orders, stand};

/// Arguments of `__guard`. Its standard input is the lifeline, if no other is named: at end of file everything ends.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Leave processes with a session of their own alive when the command has ended.
    #[arg(long)]
    keep_daemons: bool,
    /// The command has the terminal to itself; the lifeline is this descriptor.
    #[arg(long, value_name = "NUMBER")]
    lifeline: Option<i32>,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

impl Args {
    /// From the whole command line as the runner writes it; none if it is another command or was typed by somebody.
    ///
    /// A guard stands before every command of a walk: it starts without the grammar of all the others.
    pub fn of_the_runner(mut line: impl Iterator<Item = OsString>) -> Option<Self> {
        line.next()?;
        if line.next()? != "__guard" {
            return None;
        }
        let mut next = line.next()?;
        let keep_daemons = next == "--keep-daemons";
        if keep_daemons {
            next = line.next()?;
        }
        let command: Vec<OsString> = line.collect();
        (next == "--" && !command.is_empty()).then_some(Self { keep_daemons, lifeline: None, command })
    }
}

/// Runs it; the exit code is the command's.
pub fn run(args: Args) -> Result<ExitCode> {
    let orders = Orders { keep_daemons: args.keep_daemons, lifeline: args.lifeline };
    stand(&args.command, orders).map(ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> Option<(bool, Vec<OsString>)> {
        let args = Args::of_the_runner(line.iter().map(OsString::from))?;
        Some((args.keep_daemons, args.command))
    }

    #[test]
    fn only_what_the_runner_writes_is_read() {
        let command = || vec![OsString::from("ls"), "--".into(), "-l".into()];
        assert_eq!(parsed(&["x", "__guard", "--", "ls", "--", "-l"]), Some((false, command())));
        assert_eq!(
            parsed(&["x", "__guard", "--keep-daemons", "--", "ls", "--", "-l"]),
            Some((true, command()))
        );
        for line in
            [&["x"][..], &["x", "run"], &["x", "__guard"], &["x", "__guard", "--"], &["x", "__guard", "ls"]]
        {
            assert_eq!(parsed(line), None, "{line:?}");
        }
    }
}
