//! `golem-outbound doctor`: what this machine lacks, and installing it. The examination goes to stdout.

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use super::environment::stop_on_signals;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::Guard;
use crate::exec::doctor::{Examination, Finding, Standing, examine};
use crate::exec::mend::{Consent, Options, mend};
use crate::localnet;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Install what is missing.
    #[arg(long)]
    fix: bool,
    /// Do not ask before installing.
    #[arg(long, requires = "fix")]
    yes: bool,
    /// How the findings are written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Runs it: exit code 3 with the commands to type if something is missing.
pub fn run(args: Args) -> Result<ExitCode> {
    let mut examination = examine(localnet_findings());
    if args.fix && !examination.complete() {
        eprint!("{}", text(&examination));
        fix(&examination, args.yes)?;
        examination = examine(localnet_findings());
    }
    match args.format {
        Format::Text => print!("{}", text(&examination)),
        Format::Json => println!("{}", json(&examination)?),
    }
    match examination.as_error() {
        Some(error) => Err(error),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// What the localnet needs of the machine.
pub fn localnet_findings() -> Vec<Finding> {
    let refused = localnet::support();
    if refused.is_empty() {
        return vec![Finding::ready("namespaces", "user namespaces can be made, for the localnet")];
    }
    let finding =
        |refused: localnet::Unsupported| Finding::missing(refused.what, refused.why).command(refused.remedy);
    refused.into_iter().map(finding).collect()
}

fn fix(examination: &Examination, yes: bool) -> Result<()> {
    let consent = if yes || asked(examination)? { Consent::Given } else { Consent::Withheld };
    install(examination, consent)
}

/// Installs what an examination found missing, with live output on stderr.
pub fn install(examination: &Examination, consent: Consent) -> Result<()> {
    let stop = stop_on_signals()?;
    let mut options = Options {
        guard: Guard::current(),
        narrate: &mut |line| eprintln!("$ {line}"),
        live: &mut |chunk| eprint!("{chunk}"),
        stop: &|| stop.load(Ordering::Relaxed),
    };
    mend(examination, consent, &mut options)
}

/// Asks on a terminal; off one, silence is no consent.
fn asked(examination: &Examination) -> Result<bool> {
    if !console::user_attended() || !console::user_attended_stderr() {
        return Ok(false);
    }
    dialoguer::Confirm::new()
        .with_prompt(format!("Install it? {}", examination.commands().join(" && ")))
        .default(true)
        .interact()
        .map_err(|error| Error::new(ErrorKind::Interrupted, format!("no answer: {error}")))
}

fn json(examination: &Examination) -> Result<String> {
    let value = serde_json::json!({
        "complete": examination.complete(),
        "findings": examination.findings,
        "commands": examination.commands(),
    });
    serde_json::to_string_pretty(&value)
        .map_err(|error| Error::internal(format!("failed to write the findings as JSON: {error}")))
}

/// A line for each finding; the detail goes below it, so that narrow terminals need not break words.
fn text(examination: &Examination) -> String {
    let width = usize::from(console::Term::stdout().size().1).clamp(30, 100);
    let mut text = String::new();
    for finding in &examination.findings {
        let (word, style) = match finding.standing {
            Standing::Ready => ("ready  ", console::Style::new().green()),
            Standing::Missing => ("missing", console::Style::new().red()),
            Standing::Unsure => ("unsure ", console::Style::new().yellow()),
        };
        text += &format!("{}  {}\n", style.apply_to(word), finding.subject);
        for line in wrap(&finding.detail, width.saturating_sub(9)) {
            text += &format!("         {line}\n");
        }
    }
    text
}

/// Breaks at spaces; a word that is longer than the line, as a path is, stays whole so that it can be copied.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if console::measure_text_width(line) + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_broken_at_spaces_and_paths_stay_whole() {
        assert_eq!(wrap("needed for copying files", 12), ["needed for", "copying", "files"]);
        assert_eq!(wrap("3.11 at /a/very/long/path", 8), ["3.11 at", "/a/very/long/path"]);
    }
}
