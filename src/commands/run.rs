//! `golem-outbound run`: walks the tutorial of the project in the current folder, from where earlier walks ended.

use std::path::PathBuf;
use std::process::ExitCode;

use super::walk::{NetworkName, Request, print_plan, walk};
use crate::error::Result;
use crate::localnet::ContentMode;
use crate::tutorial::Selection;

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
    /// Agree to spending GLM on the mainnet; `--yes` does not.
    #[arg(long)]
    spend: bool,
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
        None if args.again => Some(Selection::All),
        None if args.steps.is_empty() => None,
        None => Some(Selection::Steps(args.steps)),
    };
    let request = Request {
        folder: PathBuf::from("."),
        network: args.network,
        selection,
        yes: args.yes,
        plain: args.plain,
        spend: args.spend,
        reports: args.reports,
        content: args.content,
        providers: args.providers,
    };
    if args.list || args.dry_run { print_plan(&request, args.dry_run) } else { walk(&request) }
}
