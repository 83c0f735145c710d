//! `golem-outbound status`: where one stands in the tutorial: each step, done when or due why.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::format::Format;
use super::paragraph::{fill, width};
use super::walk::NetworkName;
use crate::error::{Error, Result};
use crate::exec::narrate;
use crate::runner::{Journal, Project};
use crate::tutorial::Step;
use crate::tutorial::progress::Standing;

/// Grows with the shape of the document.
const FORMAT: u32 = 1;

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// On which network.
    #[arg(long, value_enum, default_value = "localnet")]
    network: NetworkName,
    /// Of the tutorial in this folder instead of the project's own.
    #[arg(long, value_name = "DIR")]
    tutorial: Option<PathBuf>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs it.
pub fn run(args: &Args) -> Result<ExitCode> {
    let project = Project::open(Path::new("."), args.tutorial.as_deref())?;
    let network = args.network.name();
    let tutorial = project.tutorial(network)?;
    let journal = Journal::open(&project, network, &tutorial);
    let steps: Vec<(&Step, Standing)> = tutorial.steps().iter().zip(journal.standings()).collect();
    match args.format {
        Format::Json => println!("{}", as_json(&project.name, network, &steps, journal.ignored())?),
        Format::Text => {
            if let Some(why) = journal.ignored() {
                narrate(&fill("note: ", "  ", why, width()));
            }
            let tutorial = args.tutorial.as_ref();
            let tutorial =
                tutorial.map_or_else(String::new, |given| format!(" --tutorial {}", given.display()));
            print!("{}", as_text(&project.name, args.network, &tutorial, &steps, width()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The word for a standing, and what there is to say about it.
fn words(standing: &Standing) -> (&'static str, String) {
    match standing {
        Standing::Done(at) => ("done", at.clone()),
        Standing::Due(due) => ("due", due.words()),
        Standing::NotOn(network) => ("left out", format!("not on {network}")),
    }
}

fn as_text(
    project: &str,
    network: NetworkName,
    tutorial: &str,
    steps: &[(&Step, Standing)],
    width: usize,
) -> String {
    let there = steps.iter().filter(|(_, standing)| !matches!(standing, Standing::NotOn(_)));
    let (done, due): (Vec<_>, Vec<_>) = there.partition(|(_, standing)| !standing.is_due());
    let heading =
        format!("{project} on {}: {} of {} steps done", network.name(), done.len(), done.len() + due.len());
    let mut text = fill("", "  ", &heading, width) + "\n";
    let column = steps.iter().map(|(step, _)| step.id.len()).max().unwrap_or(0);
    for (step, standing) in steps {
        let (word, detail) = words(standing);
        // In a narrow terminal the reason stands below.
        if column + 30 <= width {
            let first = format!("{:column$}  {word:8}  ", step.id);
            text += &fill(&first, &" ".repeat(column + 12), &detail, width);
        } else {
            text += &format!("{}\n", step.id);
            text += &fill("  ", "  ", &format!("{word}: {detail}"), width);
        }
    }
    text.push('\n');
    let option = format!("{tutorial}{}", network.option());
    let next = match due.first() {
        Some((step, _)) => format!("next: `golem-outbound run{option}` goes on at {}", step.id),
        None => format!("nothing is due; walk all again: `golem-outbound run{option} --again`"),
    };
    text += &fill("", "  ", &next, width);
    text
}

fn as_json(
    project: &str,
    network: &str,
    steps: &[(&Step, Standing)],
    ignored: Option<&str>,
) -> Result<String> {
    let listed = steps.iter().map(|(step, standing)| match standing {
        Standing::Done(at) => json!({ "id": step.id, "title": step.title, "standing": "done", "at": at }),
        Standing::Due(due) => {
            json!({ "id": step.id, "title": step.title, "standing": "due", "why": due.words() })
        }
        Standing::NotOn(network) => {
            let why = format!("not on {network}");
            json!({ "id": step.id, "title": step.title, "standing": "left-out", "why": why })
        }
    });
    let next = steps.iter().find(|(_, standing)| standing.is_due()).map(|(step, _)| &step.id);
    let value = json!({
        "format": FORMAT,
        "project": project,
        "network": network,
        "steps": listed.collect::<Vec<_>>(),
        "next": next,
        "ignored": ignored,
    });
    serde_json::to_string_pretty(&value)
        .map_err(|error| Error::internal(format!("failed to write the standing as JSON: {error}")))
}
