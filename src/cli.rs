//! The command line: types for clap, and the dispatch to one file per subcommand.
//!
//! May import everything. Invariant: nothing but parsing and dispatch happens here.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands;
use crate::error::Result;

/// Learn and check Internet access from Ray on Golem: on an embedded localnet, the testnet or the mainnet.
#[derive(Debug, Parser)]
#[command(name = "golem-outbound", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything on the localnet, no questions: scaffold, set up, run all steps, verify, tear down.
    Demo(commands::demo::Args),
    /// Create a new tutorial project.
    New(commands::new::Args),
    /// Say what this machine lacks for the walk, and install it with consent.
    Doctor(commands::doctor::Args),
    /// Make or repair the project's Python environment.
    Environment(commands::environment::Args),
    /// Check the project's cluster file before a provider is paid.
    Check(commands::check::Args),
    /// Say whether providers would accept URLs, and what to write instead.
    Explain(commands::explain::Args),
    /// Enter a file of your own in the project, after a look at it.
    Add(commands::add::Args),
    /// The whitelist that `check` and `explain` go by.
    Whitelist(commands::whitelist::Args),
    /// Walk the tutorial, step by step, from where the last walk ended.
    Run(commands::run::Args),
    /// Known failures: list them, print one, or say which one an output shows.
    Hint(commands::hint::Args),
    /// Write one file with all that helps others to help you, without secrets; nothing is sent.
    Support(commands::support::Args),
    /// Say where you stand: which steps are done, and which are due and why.
    Status(commands::status::Args),
    /// Forget what was done: all of it, or one step and what needs it.
    Reset(commands::reset::Args),
    /// Report the last walk again: its summary, or documents.
    Report(commands::report::Args),
    /// For authors: prove a tutorial.
    Tutorial(commands::tutorial::Args),
    /// The emulated Golem Network on this machine.
    Localnet(commands::localnet::Args),
    /// Run a command so that its whole process tree ends with it, whatever happens to us (internal).
    #[cfg(target_os = "linux")]
    #[command(name = "__guard", hide = true)]
    Guard(commands::guard::Args),
    /// Take down what a killed walk has started (internal).
    #[cfg(unix)]
    #[command(name = "__watchdog", hide = true)]
    Watchdog(commands::watchdog::Args),
    /// The localnet's processes (internal).
    #[cfg(target_os = "linux")]
    #[command(name = "__localnet", hide = true)]
    LocalnetProcess(commands::localnet_process::Args),
}

impl Command {
    /// Commands that print data, often into `head` or `grep -q`, and have nothing to tidy up.
    fn only_prints(&self) -> bool {
        match self {
            Self::Check(_)
            | Self::Explain(_)
            | Self::Whitelist(_)
            | Self::Status(_)
            | Self::Hint(_)
            | Self::Report(_) => true,
            Self::Run(args) => args.only_prints(),
            Self::Tutorial(args) => args.only_prints(),
            _ => false,
        }
    }
}

/// Runs the program and returns its exit code; see `docs/exit-codes.md`.
pub fn main() -> ExitCode {
    let name = std::env::args_os()
        .next()
        .map(PathBuf::from)
        .and_then(|path| path.file_name().map(ToOwned::to_owned));
    if name.is_some_and(|name| name == "yagna") {
        return crate::localnet::yagna_command();
    }
    #[cfg(target_os = "linux")]
    if let Some(args) = commands::guard::Args::of_the_room(std::env::args_os()) {
        return exit_code(commands::guard::run(args));
    }
    let cli = Cli::parse();
    if cli.command.only_prints() {
        commands::end_with_the_reader();
    }
    exit_code(dispatch(cli.command))
}

fn exit_code(result: Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        commands::print_error(&error);
        ExitCode::from(error.kind().exit_code())
    })
}

fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Demo(args) => commands::demo::run(args),
        Command::New(args) => commands::new::run(args),
        Command::Doctor(args) => commands::doctor::run(args),
        Command::Environment(args) => commands::environment::run(args),
        Command::Check(args) => commands::check::run(args),
        Command::Explain(args) => commands::explain::run(args),
        Command::Add(args) => commands::add::run(args),
        Command::Whitelist(args) => commands::whitelist::run(args),
        Command::Run(args) => commands::run::run(args),
        Command::Hint(args) => commands::hint::run(args),
        Command::Support(args) => commands::support::run(args),
        Command::Status(args) => commands::status::run(&args),
        Command::Reset(args) => commands::reset::run(&args),
        Command::Report(args) => commands::report::run(args),
        Command::Tutorial(args) => commands::tutorial::run(args),
        Command::Localnet(args) => commands::localnet::run(args),
        #[cfg(target_os = "linux")]
        Command::Guard(args) => commands::guard::run(args),
        #[cfg(unix)]
        Command::Watchdog(args) => commands::watchdog::run(args),
        #[cfg(target_os = "linux")]
        Command::LocalnetProcess(args) => commands::localnet_process::run(args),
    }
}
