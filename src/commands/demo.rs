//! `golem-outbound demo`: everything on the localnet, without a question.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::doctor::mend_the_machine;
use super::paragraph::{error_width, fill};
use super::walk::{NetworkName, Request, walk};
use crate::error::{Error, Result};
use crate::exec::narrate;
use crate::localnet::{ContentMode, on_this_system};
use crate::report::Document;
use crate::scaffold;
use crate::tutorial::Selection;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project's folder; it must not exist.
    #[arg(default_value = "./golem-outbound-demo")]
    dir: PathBuf,
    /// Where the localnet's nodes get their content from.
    #[arg(long, value_enum, default_value = "auto")]
    content: ContentMode,
    /// Everything in whole lines and words, for a screen reader.
    #[arg(long)]
    plain: bool,
    /// Write the walk to this file, too: .json, .xml (JUnit), .md, .html or .cast (asciicast). May be given several times.
    #[arg(long = "report", value_name = "FILE")]
    reports: Vec<PathBuf>,
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    if args.dir.symlink_metadata().is_ok() {
        return Err(Error::usage(format!("failed to create `{}`: it exists", args.dir.display()))
            .hint("name another folder: `golem-outbound demo ./another-demo`")
            .hint("or walk the project that is there: `golem-outbound run` in it"));
    }
    args.reports.iter().try_for_each(|path| Document::to(path).map(drop))?;
    on_this_system()?;
    // `demo` consents to installing what the machine lacks.
    mend_the_machine(NetworkName::Localnet, true)?;
    scaffold(&args.dir)?;
    let code = walk(&Request {
        folder: args.dir.clone(),
        tutorial: None,
        trust: false,
        update: false,
        network: NetworkName::Localnet,
        selection: Some(Selection::All),
        yes: true,
        plain: args.plain,
        spend: false,
        lease: None,
        reports: args.reports.clone(),
        content: args.content,
        providers: None,
        faults: Vec::new(),
    })?;
    let project =
        format!("The project is in `{}`. In it, `golem-outbound run` walks again.", args.dir.display());
    narrate(&fill("", "", &project, error_width().unwrap_or(80)));
    Ok(code)
}

/// A new project with every default.
fn scaffold(folder: &Path) -> Result<()> {
    scaffold::new_project(folder, &scaffold::Answers::default()).map(drop)
}
