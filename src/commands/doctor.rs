//! `golem-outbound doctor`: what this machine lacks, and installing it. The examination goes to stdout.

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use super::environment::stop_on_signals;
use super::format::Format;
use super::paragraph::{fill, width};
use super::walk::NetworkName;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::Guard;
use crate::exec::doctor::{Examination, Finding, Standing, examine};
use crate::exec::mend::{Consent, Options, mend};
use crate::exec::own_program::own_program;
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
    /// The network that a walk would run on; only the localnet needs user namespaces.
    #[arg(long, value_enum, default_value = "localnet")]
    network: NetworkName,
    /// How the findings are written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Only print the AppArmor profile that lets this program make user namespaces, as Ubuntu 24.04 needs it.
    #[arg(long, conflicts_with_all = ["fix", "network", "format"])]
    apparmor_profile: bool,
}

/// Runs it: exit code 3 with the commands to type if something is missing.
pub fn run(args: Args) -> Result<ExitCode> {
    if args.apparmor_profile {
        print!("{}", localnet::apparmor_profile(&own_program()?));
        return Ok(ExitCode::SUCCESS);
    }
    let mut examination = examine(needs_of(args.network));
    if args.fix && !examination.complete() {
        eprint!("{}", text(&examination, width()));
        fix(&examination, args.yes)?;
        examination = examine(needs_of(args.network));
    }
    match args.format {
        Format::Text => print!("{}", text(&examination, width())),
        Format::Json => println!("{}", json(&examination)?),
    }
    match examination.as_error() {
        Some(error) => Err(error),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// What a network needs of the machine's kernel; programs are looked for by the examination itself.
fn needs_of(network: NetworkName) -> Vec<Finding> {
    if network != NetworkName::Localnet {
        return Vec::new();
    }
    let finding = match localnet::namespaces() {
        None => Finding::ready("namespaces", "user namespaces can be made, for the localnet"),
        Some(refused) => {
            let without = format!("without a localnet: `{}`", localnet::LOCAL_ONLY);
            let detail = format!("{}; {without}", refused.detail());
            refused.commands.into_iter().fold(Finding::missing(refused.what, detail), Finding::command)
        }
    };
    vec![finding]
}

/// Installs what the machine lacks, before anything of a walk starts: with `--yes`, or the reader's consent at a terminal.
///
/// # Errors
/// As [`mend`], and if something is missing still.
pub fn mend_the_machine(network: NetworkName, yes: bool) -> Result<()> {
    let examination = examine(needs_of(network));
    if examination.complete() {
        return Ok(());
    }
    if !yes {
        eprint!("{}", text(&examination, width()));
    }
    fix(&examination, yes)?;
    examine(needs_of(network)).as_error().map_or(Ok(()), Err)
}

fn fix(examination: &Examination, yes: bool) -> Result<()> {
    let consent = if yes || (examination.installable() && asked(examination)?) {
        Consent::Given
    } else {
        Consent::Withheld
    };
    install(examination, consent)
}

/// Installs what an examination found missing, with live output on stderr.
fn install(examination: &Examination, consent: Consent) -> Result<()> {
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
    let commands = examination.installing();
    if commands.is_empty() || !console::user_attended() || !console::user_attended_stderr() {
        return Ok(false);
    }
    // Not part of the question, which is drawn again with its answer and must fit the line.
    for command in commands {
        eprintln!("\n    {command}");
    }
    eprintln!();
    dialoguer::Confirm::new()
        .with_prompt("Shall I type that for you?")
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
fn text(examination: &Examination, width: usize) -> String {
    let mut text = String::new();
    for finding in &examination.findings {
        let (word, style) = match finding.standing {
            Standing::Ready => ("ready  ", console::Style::new().green()),
            Standing::Missing => ("missing", console::Style::new().red()),
            Standing::Unsure => ("unsure ", console::Style::new().yellow()),
        };
        text += &format!("{}  {}\n", style.apply_to(word), finding.subject);
        text += &fill("         ", "         ", &finding.detail, width);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::doctor::Rights;

    #[test]
    fn findings_fit_forty_columns_and_paths_stay_whole() {
        let examination = Examination {
            findings: vec![
                Finding::missing("rsync", "needed for copying your files to the nodes"),
                Finding::ready("Python", "3.11.2 at /a/very/long/path/that/is/wider/python3.11"),
            ],
            apt_get: None,
            rights: Rights::None,
            lists_missing: false,
        };
        let shown = console::strip_ansi_codes(&text(&examination, 40)).into_owned();
        insta::assert_snapshot!(shown, @r"
        missing  rsync
                 needed for copying your files
                 to the nodes
        ready    Python
                 3.11.2 at
                 /a/very/long/path/that/is/wider/python3.11
        ");
    }
}
