//! `golem-outbound __guard -- CMD…` and `__guard --room`: the processes of [`crate::exec::guard`].

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use crate::error::{Error, Result};
use crate::exec::guard::{Orders, serve, stand};

/// Arguments of `__guard`. Its standard input is the lifeline, if no other is named: at end of file everything ends.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Leave processes with a session of their own alive when the command has ended.
    #[arg(long)]
    keep_daemons: bool,
    /// The command has the terminal to itself; the lifeline is this descriptor.
    #[arg(long, value_name = "NUMBER")]
    lifeline: Option<i32>,
    /// Starts no command, but a guard for each that it is asked for at the standard input.
    #[arg(long, conflicts_with_all = ["keep_daemons", "lifeline"])]
    room: bool,
    /// The command and its arguments.
    #[arg(last = true, required_unless_present = "room", conflicts_with = "room", value_name = "CMD")]
    command: Vec<OsString>,
}

impl Args {
    /// Of the guardroom; none if the command line is another one.
    ///
    /// Whatever it reads before would be in the memory of each guard.
    pub fn of_the_room(mut line: impl Iterator<Item = OsString>) -> Option<Self> {
        line.next()?;
        let is_room = line.next()? == "__guard" && line.next()? == "--room" && line.next().is_none();
        is_room.then_some(Self { keep_daemons: false, lifeline: None, room: true, command: Vec::new() })
    }
}

/// Runs it; the exit code is the command's.
pub fn run(args: Args) -> Result<ExitCode> {
    if args.room {
        return serve().map(ExitCode::from);
    }
    let mut argv = args.command.into_iter();
    let program = argv.next().ok_or_else(|| Error::usage("a guard needs a command to run"))?;
    let mut command = Command::new(program);
    command.args(argv);
    let orders = Orders { keep_daemons: args.keep_daemons, lifeline: args.lifeline };
    stand(command, orders).map(ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_guardroom_s_own_line_is_read_before_all_others() {
        let room = |line: &[&str]| Args::of_the_room(line.iter().map(OsString::from)).is_some();
        assert!(room(&["x", "__guard", "--room"]));
        for line in [
            &["x"][..],
            &["x", "run"],
            &["x", "__guard"],
            &["x", "__guard", "--room", "x"],
            &["x", "__guard", "--", "ls"],
        ] {
            assert!(!room(line), "{line:?}");
        }
    }
}
