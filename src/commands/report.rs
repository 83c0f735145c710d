//! `golem-outbound report`: the last walk of the project once more, as its summary or as documents.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::error::Result;
use crate::report::{Document, Style, log_of_project, read_walk, summary_text, write_documents};

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Write the walk to this file: .json, .xml (JUnit), .md, .html or .cast (asciicast). May be given several times;
    /// without it the summary is printed.
    #[arg(long = "to", value_name = "FILE")]
    to: Vec<PathBuf>,
}

/// Runs it. The code is 0 also for a walk that did not pass: it is about this command.
pub fn run(args: Args) -> Result<ExitCode> {
    let documents = args.to.iter().map(|path| Document::to(path)).collect::<Result<Vec<_>>>()?;
    let events = log_of_project(&args.folder);
    if documents.is_empty() {
        println!("{}", summary_text(&read_walk(&events)?, Style::of_stdout().width));
    } else {
        write_documents(&documents, &events)?;
    }
    Ok(ExitCode::SUCCESS)
}
