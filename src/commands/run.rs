//! `golem-outbound run`: walks the tutorial of the project in the current folder, from where earlier walks ended.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::walk::{NetworkName, Request, print_plan, walk};
use crate::error::Result;
use crate::localnet::ContentMode;
use crate::tutorial::{Selection, duration};

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these steps and what they need.
    #[arg(value_name = "STEP", conflicts_with = "from")]
    steps: Vec<String>,
    /// Where the walk runs.
    #[arg(long, value_enum, default_value = "localnet")]
    network: NetworkName,
    /// Do not ask before each step.
    #[arg(long, short)]
    yes: bool,
    /// Walk the step files in this folder instead of the project's own.
    #[arg(long, value_name = "DIR")]
    tutorial: Option<PathBuf>,
    /// Agree to all commands of a tutorial that is not the template's; `--yes` does not.
    #[arg(long)]
    trust: bool,
    /// Write what the steps print into the expected outputs of their files, and show the difference.
    #[arg(long)]
    update: bool,
    /// Agree to spending GLM on the mainnet; `--yes` does not.
    #[arg(long)]
    spend: bool,
    /// Take down what was started after this time, such as 30m or 2h, or `none`; counted from the first thing rented.
    /// [default: 1h on testnet and mainnet, else none]
    #[arg(long, value_name = "TIME", value_parser = lease)]
    lease: Option<LeaseLength>,
    /// Begin at this step; what lies before is taken as done.
    #[arg(long, value_name = "STEP")]
    from: Option<String>,
    /// Walk all steps, those that are done and those that are true already, too.
    #[arg(long, conflicts_with_all = ["steps", "from"])]
    again: bool,
    /// Everything in whole lines and words, for a screen reader.
    #[arg(long)]
    plain: bool,
    /// Show the steps and run nothing.
    #[arg(long, conflicts_with = "dry_run")]
    list: bool,
    /// Show the steps with their commands and run nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write the walk to this file, too: .json, .xml (JUnit), .md, .html or .cast (asciicast). May be given several times.
    #[arg(long = "report", value_name = "FILE")]
    reports: Vec<PathBuf>,
    /// Where the localnet's nodes get their content from.
    #[arg(long, value_enum, default_value = "auto")]
    content: ContentMode,
    /// The localnet's providers, instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    providers: Option<PathBuf>,
    /// Something that goes wrong on the localnet, for example `no_offers` or `dns_fails=0.3`; may be given several times.
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<String>,
}

/// How long a lease is; none without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LeaseLength(Option<Duration>);

/// Long enough to read along, short enough for a forgotten terminal.
const DEFAULT_LEASE: Duration = Duration::from_secs(3600);

/// Where nothing is paid, nothing has to end.
pub(super) fn default_lease(network: NetworkName) -> Option<Duration> {
    matches!(network, NetworkName::Testnet | NetworkName::Mainnet).then_some(DEFAULT_LEASE)
}

fn lease(text: &str) -> std::result::Result<LeaseLength, String> {
    if text == "none" {
        return Ok(LeaseLength(None));
    }
    let hours = text.strip_suffix('h').and_then(|hours| hours.parse::<u64>().ok()?.checked_mul(3600));
    let length = hours.map(Duration::from_secs).or_else(|| duration::parse(text));
    match length {
        Some(length) if !length.is_zero() => Ok(LeaseLength(Some(length))),
        _ => Err("write a time such as `90s`, `30m` or `2h`, or `none`".into()),
    }
}

impl Args {
    /// Whether the plan is shown and nothing run.
    pub(crate) fn only_prints(&self) -> bool {
        self.list || self.dry_run
    }
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    let selection = match args.from {
        Some(step) => Some(Selection::From(step)),
        // What is renewed has to be printed first, by every step.
        None if args.again || args.update => Some(Selection::All),
        None if args.steps.is_empty() => None,
        None => Some(Selection::Steps(args.steps)),
    };
    let request = Request {
        folder: PathBuf::from("."),
        tutorial: args.tutorial,
        trust: args.trust,
        update: args.update,
        network: args.network,
        selection,
        yes: args.yes,
        plain: args.plain,
        spend: args.spend,
        lease: args.lease.map_or_else(|| default_lease(args.network), |lease| lease.0),
        reports: args.reports,
        content: args.content,
        providers: args.providers,
        faults: args.faults,
    };
    if args.list || args.dry_run { print_plan(&request, args.dry_run) } else { walk(&request) }
}
