//! `golem-outbound whitelist`: the list that `check`, `explain` and `add` go by, shown, renewed and reset.
//!
//! Invariant: nothing is kept before every pattern compiled and the difference was shown. The localnet's providers keep
//! the snapshot: they are data.

mod sources;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};

use super::paragraph::{error_width, fill};
use crate::content::whitelist_difference::Difference;
use crate::content::whitelist_store::{Origin, Store};
use crate::error::{Error, ErrorKind, Result};
use crate::outbound::whitelist::{DomainPattern, MatchKind, Whitelist};

/// Arguments of `whitelist`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the list in force.
    Show {
        /// How to print it.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Take a newer list: upstream's, or one of a file.
    Update {
        /// A `domain_whitelist.json`, a folder with `strict.lst` and `regex.lst`, or one of these two: then the patterns of
        /// the other type stay.
        #[arg(long, value_name = "PATH")]
        from: Option<PathBuf>,
        /// Keep it without asking.
        #[arg(short, long)]
        yes: bool,
        /// Show the difference, and keep nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Forget the kept list and go by the embedded one again.
    Reset,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Format {
    /// Type and pattern, one a line.
    Text,
    /// As a provider's `domain_whitelist.json`.
    Json,
}

/// The list in force for this user. Why a kept one is not used is said on stderr.
pub(super) fn in_force() -> (Whitelist, Origin) {
    let (whitelist, origin) = Store::of_user().in_force();
    if let Some(problem) = &origin.problem {
        tell("warning: ", &format!("{problem}; going by {origin}"));
        tell(
            "hint: ",
            "take it anew: `golem-outbound whitelist update`, or forget it: `golem-outbound whitelist reset`",
        );
    }
    (whitelist, origin)
}

/// The same, with its origin as a sentence calls it.
pub(super) fn in_force_as_words() -> (Whitelist, String) {
    let (whitelist, origin) = in_force();
    (whitelist, origin.to_string())
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    match args.command {
        Command::Show { format } => show(format),
        Command::Update { from, yes, dry_run } => update(from, yes, dry_run),
        Command::Reset => {
            let store = Store::of_user();
            let said = if store.reset()? { "The kept list is gone." } else { "There was no kept list." };
            tell("", &format!("{said} In force: {}.", store.in_force().1));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn show(format: Format) -> Result<ExitCode> {
    let (whitelist, origin) = in_force();
    tell("", &format!("In force: {origin}, {} patterns.", whitelist.patterns().len()));
    match format {
        Format::Text => {
            for pattern in whitelist.patterns() {
                println!("{}", line(pattern));
            }
        }
        Format::Json => {
            let file = serde_json::json!({ "patterns": whitelist.patterns() });
            println!("{}", super::explain::to_json(&file)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(pattern: &DomainPattern) -> String {
    format!("{:6} {}", pattern.kind.word(), pattern.domain)
}

fn update(from: Option<PathBuf>, yes: bool, dry_run: bool) -> Result<ExitCode> {
    let store = Store::of_user();
    let (old, in_force) = in_force();
    let (new, origin) = match from {
        Some(path) => sources::of_path(&path, &old)?,
        None => sources::of_upstream()?,
    };
    sources::check(&new)?;
    let difference = Difference::between(&old, &new);
    tell("", &format!("Compared with {in_force}:"));
    for (sign, patterns) in [("+", &difference.added), ("-", &difference.removed), ("~", &difference.retyped)]
    {
        for pattern in patterns {
            println!("{sign} {}", line(pattern));
        }
    }
    for pattern in new.patterns().iter().filter(|pattern| matches_everything(pattern)) {
        let text =
            format!("the regex pattern `{}` matches every host, so nothing would be refused", pattern.domain);
        tell("warning: ", &text);
    }
    if difference.is_empty() {
        tell("", "No difference: the list in force stays as it is.");
        return Ok(ExitCode::SUCCESS);
    }
    let count = |number: usize, word: &str| format!("{number} {word}");
    let counts = [
        count(difference.added.len(), "added"),
        count(difference.removed.len(), "removed"),
        count(difference.retyped.len(), "of another type"),
    ];
    tell("", &format!("{}.", counts.join(", ")));
    if dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    consent(yes)?;
    let path = store.keep(&new, &today(), origin)?;
    tell("", &format!("Kept in `{}`. `check`, `explain` and `add` go by it from now on.", path.display()));
    Ok(ExitCode::SUCCESS)
}

/// Empty and comment-only patterns do, because blanks and comments are dropped before a pattern is compiled.
fn matches_everything(pattern: &DomainPattern) -> bool {
    pattern.kind == MatchKind::Regex
        && Whitelist::new(vec![pattern.clone()]).is_ok_and(|list| list.matches("").is_some())
}

fn today() -> String {
    time::OffsetDateTime::now_utc().date().to_string()
}

fn consent(yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !console::Term::stderr().is_term() || !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        return Err(Error::usage("the list was not kept, because nobody could be asked")
            .hint("to keep it: the same command with `--yes`"));
    }
    match dialoguer::Confirm::new().with_prompt("Keep this list?").default(true).interact() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::new(ErrorKind::Failed, "the list was not kept")),
        Err(error) => Err(Error::new(ErrorKind::Interrupted, format!("the list was not kept: {error}"))),
    }
}

fn tell(first: &str, text: &str) {
    eprint!("{}", fill(first, "  ", text, error_width().unwrap_or(usize::MAX)));
}
