//! `golem-outbound tutorial check`: for authors, whether a tutorial can be relied on.
//!
//! May import everything. Invariant: without `--run` nothing is run, changed or fetched; with it the walk is the ordinary one.

mod report;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use self::report::Report;
use super::format::Format;
use super::walk::{NetworkName, Request, witnessed};
use crate::error::{ErrorKind, Result};
use crate::localnet::ContentMode;
use crate::runner::{Project, Witness};
use crate::scaffold;
use crate::tutorial::proof::{self, Proved, Surroundings, Target};
use crate::tutorial::{Selection, Tutorial};

/// Arguments of `tutorial`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prove a tutorial: front matter, links, placeholders, checks, hints, teardown.
    Check(CheckArgs),
}

/// Arguments of `tutorial check`.
#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// A project, or a folder of step files; the project in the current folder gives it values, if there is one.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Check the tutorial that every new project gets, with all defaults.
    #[arg(long, conflicts_with = "dir")]
    template: bool,
    /// Walk it, too, and see for each check what it says before and after its step.
    #[arg(long)]
    run: bool,
    /// Where it is walked.
    #[arg(long, value_enum, default_value = "localnet", requires = "run")]
    network: NetworkName,
    /// Where the localnet's nodes get their content from.
    #[arg(long, value_enum, default_value = "auto", requires = "run")]
    content: ContentMode,
    /// Agree to all commands of a tutorial that is not the template's.
    #[arg(long, requires = "run")]
    trust: bool,
    /// How to print the findings.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Args {
    /// Whether findings are printed and nothing is run.
    pub(crate) fn only_prints(&self) -> bool {
        let Command::Check(args) = &self.command;
        !args.run
    }
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    let Command::Check(args) = args.command;
    if !args.template {
        return check(&args, &args.dir);
    }
    let folder = tempfile::tempdir()
        .map_err(|error| crate::error::Error::io("create a folder in", std::env::temp_dir(), error))?;
    let project = folder.path().join("template");
    scaffold::new_project(&project, &scaffold::Answers::default())?;
    check(&args, &project)
}

fn check(args: &CheckArgs, dir: &Path) -> Result<ExitCode> {
    let project = Project::with_tutorial(Path::new("."), dir)?;
    let files = project.step_files()?;
    let network = args.network.name();
    let mut report = Report::new(&files, args.run.then_some(network));
    let mut walked = ExitCode::SUCCESS;
    match Tutorial::load(&files, &project.values(network)) {
        Err(findings) => report.findings = findings,
        Ok(tutorial) => {
            report.steps = tutorial.steps().len();
            report.findings = look(&project, &tutorial, &files);
            if args.run {
                let (code, proved) = walk(args, dir)?;
                walked = code;
                report.add(&tutorial, proved);
            }
        }
    }
    match args.format {
        Format::Text => print!("{}", report.text()),
        Format::Json => println!("{}", report.json()?),
    }
    let ended_early = walked == ExitCode::from(ErrorKind::Interrupted.exit_code());
    Ok(if ended_early { walked } else { ExitCode::from(report.exit_code()) })
}

/// Everything that can be seen without running it.
fn look(project: &Project, tutorial: &Tutorial, files: &[(String, String)]) -> Vec<proof::Finding> {
    let target = |path: &str| target(&project.steps.folder.join(path));
    let recorded = recorded(&project.folder);
    proof::findings(tutorial, files, &Surroundings { target: &target, recorded: &recorded })
}

fn target(path: &Path) -> Option<Target> {
    if path.extension().is_some_and(|kind| kind == "md")
        && let Ok(text) = std::fs::read_to_string(path)
    {
        return Some(Target::Page(text));
    }
    path.exists().then_some(Target::Thing)
}

/// What the steps printed in the last walk; a report that cannot be read has recorded nothing.
fn recorded(project: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(project.join(".golem-outbound/last-run.json")).unwrap_or_default();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let steps = report["steps"].as_array().into_iter().flatten();
    let output = |step: &serde_json::Value| {
        Some((step["id"].as_str()?.to_owned(), step["evidence"]["output"].as_str()?.to_owned()))
    };
    steps.filter_map(output).collect()
}

fn walk(args: &CheckArgs, dir: &Path) -> Result<(ExitCode, Vec<Proved>)> {
    let witness = Witness::default();
    let request = Request {
        folder: PathBuf::from("."),
        tutorial: Some(dir.to_owned()),
        trust: args.trust,
        update: false,
        network: args.network,
        selection: Some(Selection::All),
        yes: true,
        plain: false,
        spend: false,
        lease: super::run::default_lease(args.network),
        reports: Vec::new(),
        content: args.content,
        providers: None,
        faults: Vec::new(),
    };
    let code = witnessed(&request, Some(&witness))?;
    Ok((code, witness.proved()))
}
