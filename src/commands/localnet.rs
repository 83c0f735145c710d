//! `golem-outbound localnet up | status | down | exec | record`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::environment::stop_on_signals;
use super::format::Format;
use super::paragraph::width;
use super::{localnet_record, localnet_status};
use crate::error::{Error, ErrorKind, Result};
use crate::exec::narrate;
use crate::localnet::sandbox::{enter, status};
use crate::localnet::{ContentMode, Localnet, State, UpConfig, default_dir, find_project, find_venv};

/// How often a localnet in the foreground is looked after.
const HEARTBEAT: Duration = Duration::from_millis(200);

/// Arguments of `localnet`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Start the localnet.
    Up(Up),
    /// Say whether it runs, and what is in it.
    Status(Status),
    /// End it and everything in it.
    Down(Place),
    /// Run a command in the requestor's environment of the localnet.
    Exec(Exec),
    /// Make a file of providers of what was seen of a market.
    Record(localnet_record::Args),
}

#[derive(Debug, clap::Args)]
struct Place {
    /// The localnet's directory [default: the project's, else one under ~/.local/state]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Up {
    #[command(flatten)]
    place: Place,
    /// Providers in place of the built-in ones
    #[arg(long, value_name = "FILE")]
    providers: Option<PathBuf>,
    /// Something that goes wrong, for example `no_offers` or `dns_fails=0.3`; may be given several times
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<String>,
    /// Where the nodes' downloads come from
    #[arg(long, value_enum, default_value_t)]
    content: ContentMode,
    /// The Python environment with ray-on-golem [default: ./venv, else $VIRTUAL_ENV]
    #[arg(long, value_name = "DIR")]
    venv: Option<PathBuf>,
    /// Stay here; the localnet ends with this command
    #[arg(long)]
    foreground: bool,
}

#[derive(Debug, clap::Args)]
struct Status {
    #[command(flatten)]
    place: Place,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Exec {
    #[command(flatten)]
    place: Place,
    /// A variable of the command's environment
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(OsString, OsString)>,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

fn variable(text: &str) -> std::result::Result<(OsString, OsString), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err("write it as NAME=VALUE".into()),
    }
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    match args.command {
        Command::Up(up) => start(up),
        Command::Status(status) => show(&status),
        Command::Down(place) => {
            let dir = place.resolve()?;
            if State::read_live(&dir)?.is_some() {
                Localnet::attach(&dir)?.down()?;
                narrate(&format!("The localnet at {} is down.\n", dir.display()));
            } else {
                eprintln!("No localnet runs at {}.", dir.display());
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Exec(exec) => {
            let dir = exec.place.resolve()?;
            enter::run(&dir, &exec.command, &exec.env).map(ExitCode::from)
        }
        Command::Record(record) => localnet_record::run(&record),
    }
}

impl Place {
    fn resolve(&self) -> Result<PathBuf> {
        let dir = match &self.dir {
            Some(dir) => dir.clone(),
            None => default_dir(&working_dir()?)?,
        };
        std::path::absolute(&dir).map_err(|e| Error::io("find", &dir, e))
    }
}

fn working_dir() -> Result<PathBuf> {
    std::env::current_dir().map_err(|e| Error::io("read", "the working directory", e))
}

fn start(up: Up) -> Result<ExitCode> {
    let here = working_dir()?;
    let dir = up.place.resolve()?;
    let localnet = Localnet::up(UpConfig {
        dir: dir.clone(),
        project: find_project(&here),
        venv: up.venv.or_else(|| find_venv(&here)),
        providers: up.providers,
        faults: up.faults,
        content: up.content,
        lifeline: up.foreground,
    })?;
    eprintln!("The localnet is up (simulated) at {}.", dir.display());
    eprintln!("Try: {}", shown_command(&dir, up.place.dir.is_some(), "exec -- ray-on-golem status"));
    if up.foreground {
        let interrupted = interrupted(&localnet)?;
        localnet.down()?;
        if !interrupted {
            return Err(Error::new(ErrorKind::Failed, "the localnet ended by itself or by `localnet down`")
                .hint(format!("its log says more: `{}`", dir.join("log/localnet.log").display())));
        }
        narrate(&format!("The localnet at {} is down.\n", dir.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn shown_command(dir: &Path, with_dir: bool, rest: &str) -> String {
    let (verb, tail) = rest.split_once(' ').unwrap_or((rest, ""));
    let place = if with_dir { format!(" --dir {}", dir.display()) } else { String::new() };
    format!("golem-outbound localnet {verb}{place} {tail}")
}

/// Waits until somebody interrupts us or the localnet ends without us, and says which: false means without us.
fn interrupted(localnet: &Localnet) -> Result<bool> {
    let stop = stop_on_signals()?;
    while !stop.load(Ordering::Relaxed) {
        if !localnet.is_alive() {
            return Ok(false);
        }
        std::thread::sleep(HEARTBEAT);
    }
    Ok(true)
}

fn show(status: &Status) -> Result<ExitCode> {
    let found = status::status(&status.place.resolve()?)?;
    match status.format {
        Format::Json => println!("{}", localnet_status::json(&found)?),
        Format::Text => print!("{}", localnet_status::text(&found, width())),
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_needs_a_name() {
        assert_eq!(variable("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert!(variable("=x").is_err() && variable("A").is_err());
    }

    #[test]
    fn a_shown_command_can_be_typed() {
        let shown = shown_command(Path::new("/d"), true, "exec -- ray status");
        assert_eq!(shown, "golem-outbound localnet exec --dir /d -- ray status");
    }
}
