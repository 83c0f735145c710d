//! `golem-outbound hint`: the catalogue of known failures, for whoever met one outside of a walk.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use super::paragraph::{fill, width};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Hint, Rung};
use crate::evidence::Cause;
use crate::tutorial::{KnownFailure, Place, known_failure, known_failures};

/// Arguments of `hint`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The known failure to print; without one they are listed.
    #[arg(value_name = "ID", conflicts_with = "find")]
    id: Option<String>,
    /// Say which known failure this file shows, an output of ray or ray-on-golem; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    find: Option<PathBuf>,
}

/// Runs it: exit code 4 if an output shows no known failure.
pub fn run(args: Args) -> Result<ExitCode> {
    let known = match (args.id, args.find) {
        (Some(id), _) => Some(of_id(&id)?),
        (None, Some(file)) => {
            let said = read(&file)?;
            let found = known_failure(&console::strip_ansi_codes(&said), &Place::default());
            if found.is_none() {
                eprintln!("no known failure shows here");
                eprintln!("`golem-outbound support` writes a file that helps others to help you");
                return Ok(ExitCode::from(ErrorKind::Inconclusive.exit_code()));
            }
            found
        }
        (None, None) => None,
    };
    match known {
        Some(known) => print!("{}", text(known, width())),
        None => print!("{}", list()),
    }
    Ok(ExitCode::SUCCESS)
}

fn of_id(id: &str) -> Result<&'static KnownFailure> {
    known_failures().iter().find(|known| known.hint.id == id).ok_or_else(|| {
        Error::usage(format!("failed to find the known failure `{id}`: there is none of this name"))
            .hint("`golem-outbound hint` lists them all")
    })
}

fn read(file: &PathBuf) -> Result<String> {
    let bytes = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    bytes
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .map_err(|error| Error::io("read", file, error))
}

fn list() -> String {
    let row = |known: &KnownFailure| {
        format!("{:24} {:10} {}\n", known.hint.id, word(known.hint.cause), known.title)
    };
    known_failures().iter().map(row).collect()
}

fn text(known: &KnownFailure, width: usize) -> String {
    let Hint { id, cause, .. } = &known.hint;
    let mut text =
        fill(&format!("{id}: "), "  ", &format!("{} (cause: {})", known.title, word(*cause)), width);
    for (rung, said) in known.hint.rungs() {
        let label = match rung {
            Rung::Nudge => "look:  ",
            Rung::Explanation => "why:   ",
            Rung::Solution => "do:    ",
        };
        text += &fill(label, "       ", &said, width);
    }
    text
}

fn word(cause: Cause) -> &'static str {
    match cause {
        Cause::You => "you",
        Cause::Project => "project",
        Cause::Machine => "machine",
        Cause::Network => "network",
        Cause::Whitelist => "whitelist",
        Cause::Provider => "provider",
        Cause::Upstream => "upstream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_printed_rung_by_rung() {
        let text = text(of_id("head-not-found").unwrap(), 60);
        assert!(text.starts_with("head-not-found: there is no cluster (cause: you)\nlook:  Does"), "{text}");
        assert!(text.contains("\nwhy:   No cluster of this name is up"), "{text}");
        assert!(text.contains("\ndo:    `golem-outbound run --from ray-up`"), "{text}");
        assert!(text.lines().all(|line| console::measure_text_width(line) <= 60), "{text}");
    }

    #[test]
    fn the_page_has_the_whole_catalogue() {
        let page = include_str!("../../docs/hints.md");
        let table = page.split("<!-- catalogue -->\n").nth(1).expect("the page marks the place");
        let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| `")).collect();
        let expected: Vec<String> = known_failures().iter().map(row).collect();
        assert_eq!(rows, expected, "the table of docs/hints.md should be\n{}\n", expected.join("\n"));
    }

    fn row(known: &KnownFailure) -> String {
        let Hint { id, cause, why, command, .. } = &known.hint;
        format!("| `{id}` | {} | {} | {why} | {command} |", word(*cause), known.title)
    }
}
