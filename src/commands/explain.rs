//! `golem-outbound explain`: would providers accept these URLs or this manifest, why, and what to write instead.

mod input;
mod instead;
mod text;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use serde::Serialize;

use super::format::Format;
use super::paragraph::width;
use crate::error::{Error, Result};
use crate::outbound::rules::{Mode, Rules};
use crate::outbound::whitelist::Whitelist;

use verdict::{Explanation, explain, explain_manifest};
pub(super) use verdict::{UrlVerdict, judge};

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// URLs as they would stand in `outbound_urls` or in a script.
    #[arg(required_unless_present = "manifest", value_name = "URL")]
    urls: Vec<String>,
    /// A Computation Payload Manifest, as JSON or base64, instead of URLs: what it asks for, and whether providers
    /// accept it. `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "urls")]
    manifest: Option<PathBuf>,
    /// A provider's own whitelist: `domain_whitelist.json`, `strict.lst` or `regex.lst`.
    #[arg(long, value_name = "FILE")]
    whitelist: Option<PathBuf>,
    /// A provider's own `rules.json`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["everyone", "outbound"])]
    rules: Option<PathBuf>,
    /// The mode of the provider's Everyone rule.
    #[arg(long, value_enum, default_value = "whitelist")]
    everyone: Everyone,
    /// Whether the provider allows outbound access at all.
    #[arg(long, value_enum, default_value = "enabled")]
    outbound: Outbound,
    /// How to print the verdict.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Everyone {
    All,
    Whitelist,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Outbound {
    Enabled,
    Disabled,
}

/// A provider that somebody asks about.
struct Provider {
    rules: Rules,
    whitelist: Whitelist,
    /// `the default whitelist of …` or the file's name.
    source: String,
}

impl Provider {
    fn of(args: &Args) -> Result<Self> {
        let rules = match &args.rules {
            Some(path) => input::rules(path)?,
            None => Rules {
                enabled: args.outbound == Outbound::Enabled,
                everyone: match args.everyone {
                    Everyone::All => Mode::All,
                    Everyone::Whitelist => Mode::Whitelist,
                    Everyone::None => Mode::None,
                },
                ..Rules::default()
            },
        };
        let (whitelist, source) = match &args.whitelist {
            Some(path) => (input::whitelist(path)?, format!("the whitelist `{}`", path.display())),
            None => super::whitelist::in_force_as_words(),
        };
        Ok(Self { rules, whitelist, source })
    }
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    let provider = Provider::of(&args)?;
    let explanation = match &args.manifest {
        Some(path) => explain_manifest(&provider, &input::manifest(path)?),
        None => explain(&provider, &args.urls),
    };
    match args.format {
        Format::Json => println!("{}", to_json(&explanation)?),
        Format::Text => print!("{}", text::styled(&text::text(&explanation, &provider, width()))),
    }
    Ok(ExitCode::from(exit_code(&explanation)))
}

/// A URL that cannot be read counts more than one that is refused.
fn exit_code(explanation: &Explanation) -> u8 {
    match explanation {
        Explanation { accepted: true, .. } => 0,
        Explanation { urls, .. } if urls.iter().any(UrlVerdict::is_unparsable) => 2,
        _ => 1,
    }
}

/// A provider's whitelist in a file.
pub(super) fn read_whitelist(path: &Path) -> Result<Whitelist> {
    input::whitelist(path)
}

/// JSON for people's programs.
pub(super) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(value)
        .map_err(|error| Error::internal("failed to write the verdict as JSON").caused_by(error))
}

#[cfg(test)]
mod tests;
