//! `golem-outbound explain`: would providers accept these URLs, why, and what to write instead.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use serde::Serialize;
use url::Url;

use super::paragraph::{fill, width};
use crate::error::{Error, Result};
use crate::outbound::OutboundRequest;
use crate::outbound::filter::endpoint;
use crate::outbound::near_miss::{meant_host, nearest};
use crate::outbound::rules::{Mode, Rules, decide};
use crate::outbound::share_link::{Rewrite, rewrite};
use crate::outbound::whitelist::{DomainPattern, SNAPSHOT_COMMIT, SNAPSHOT_DATE, Whitelist};

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// URLs as they would stand in `outbound_urls` or in a script.
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
    /// A provider's own whitelist: `domain_whitelist.json`, `strict.lst` or `regex.lst`.
    #[arg(long, value_name = "FILE")]
    whitelist: Option<PathBuf>,
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

/// How a command prints its data.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The verdict on a request.
#[derive(Serialize)]
struct Explanation {
    accepted: bool,
    /// The text that a provider sends with its rejection.
    reason: Option<String>,
    urls: Vec<UrlVerdict>,
}

/// The verdict on one URL.
#[derive(Serialize)]
pub(super) struct UrlVerdict {
    pub(super) url: String,
    pub(super) host: Option<String>,
    pub(super) accepted: bool,
    pub(super) pattern: Option<DomainPattern>,
    pub(super) suggestion: Option<String>,
    pub(super) error: Option<String>,
    /// Sentences for people: why, what comes near, what to do.
    #[serde(skip)]
    notes: Vec<String>,
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    let (whitelist, source) = match &args.whitelist {
        Some(path) => (read_whitelist(path)?, source(Some(path))),
        None => super::whitelist::in_force_as_words(),
    };
    let everyone = match args.everyone {
        Everyone::All => Mode::All,
        Everyone::Whitelist => Mode::Whitelist,
        Everyone::None => Mode::None,
    };
    let rules = Rules { enabled: args.outbound == Outbound::Enabled, everyone, ..Rules::default() };
    let explanation = explain(&rules, &whitelist, &args.urls);
    match args.format {
        Format::Json => println!("{}", to_json(&explanation)?),
        Format::Text => print!("{}", text(&explanation, &source, width())),
    }
    Ok(ExitCode::from(match &explanation {
        Explanation { accepted: true, .. } => 0,
        Explanation { urls, .. } if urls.iter().any(UrlVerdict::is_unparsable) => 2,
        _ => 1,
    }))
}

/// JSON for people's programs.
pub(super) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(value)
        .map_err(|error| Error::internal("failed to write the verdict as JSON").caused_by(error))
}

pub(super) fn read_whitelist(path: &Path) -> Result<Whitelist> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::usage(format!("failed to read `{name}`: {error}")).caused_by(error))?;
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let whitelist = match (stem, extension) {
        (_, "json") => Whitelist::from_json(&text),
        ("strict", _) => Whitelist::from_lists(&text, ""),
        ("regex", _) => Whitelist::from_lists("", &text),
        _ => {
            return Err(Error::usage(format!(
                "failed to read `{name}`: its name does not say what kind of list it is"
            ))
            .hint("name it `domain_whitelist.json`, `strict.lst` or `regex.lst`"));
        }
    };
    whitelist.map_err(|error| Error::usage(format!("failed to read `{name}`: {error}")).caused_by(error))
}

fn source(path: Option<&Path>) -> String {
    match path {
        Some(path) => format!("the whitelist `{}`", path.display()),
        None => {
            format!("the default whitelist of {SNAPSHOT_DATE} (ya-installer-resources {SNAPSHOT_COMMIT})")
        }
    }
}

fn explain(rules: &Rules, whitelist: &Whitelist, texts: &[String]) -> Explanation {
    let urls: Vec<UrlVerdict> = texts.iter().map(|text| judge(rules, whitelist, text)).collect();
    if urls.iter().any(UrlVerdict::is_unparsable) {
        return Explanation { accepted: false, reason: None, urls };
    }
    let request =
        OutboundRequest::Urls(texts.iter().filter_map(|text| Url::parse(text.trim()).ok()).collect());
    let reason = decide(rules, whitelist, &request).err().map(|rejection| rejection.to_string());
    Explanation { accepted: reason.is_none(), reason, urls }
}

/// One URL on its own.
pub(super) fn judge(rules: &Rules, whitelist: &Whitelist, text: &str) -> UrlVerdict {
    let text = text.trim();
    let url = match parse(text) {
        Ok(url) => url,
        Err((error, suggestion)) => {
            return UrlVerdict {
                url: text.to_owned(),
                host: None,
                accepted: false,
                pattern: None,
                suggestion,
                error: Some(error),
                notes: Vec::new(),
            };
        }
    };
    let host = url.host_str().map(str::to_owned);
    let pattern = host.as_deref().and_then(|host| whitelist.matches(host)).cloned();
    let accepted = decide(rules, whitelist, &OutboundRequest::Urls(vec![url.clone()])).is_ok();
    let mut notes = vec![why(rules, host.as_deref(), pattern.as_ref(), accepted)];
    let mut suggestion = None;
    match rewrite(&url) {
        Rewrite::To { url: better, why } => {
            suggestion = Some(better.to_string());
            notes.push(format!("{}.", capitalised(&why)));
        }
        Rewrite::CannotWork { why } => notes.push(format!("{}.", capitalised(&why))),
        Rewrite::Fine if pattern.is_none() && rules.enabled && rules.everyone == Mode::Whitelist => {
            suggestion = repaired(&url, whitelist);
            notes.extend(hints(whitelist, host.as_deref().unwrap_or_default(), suggestion.is_some()));
        }
        Rewrite::Fine => {}
    }
    let error = endpoint(&url).err().map(|error| format!("manifest initialization error: {error}"));
    if let Some(error) = error.as_ref().filter(|_| accepted) {
        notes.push(format!("But no provider can start a node with it: `{error}`."));
    }
    UrlVerdict { url: text.to_owned(), host, accepted, pattern, suggestion, error, notes }
}

fn parse(text: &str) -> std::result::Result<Url, (String, Option<String>)> {
    match Url::parse(text) {
        Ok(url) if text.contains("://") => Ok(url),
        // `localhost:8080` would parse as a URL of the scheme `localhost`.
        Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase) => {
            let suggestion = Url::parse(&format!("https://{text}")).ok().map(|_| format!("https://{text}"));
            Err(("it has no scheme".to_owned(), suggestion))
        }
        Err(error) => Err((format!("it is no URL: {error}"), None)),
    }
}

fn why(rules: &Rules, host: Option<&str>, pattern: Option<&DomainPattern>, accepted: bool) -> String {
    match (host, pattern) {
        _ if !rules.enabled => "The provider has switched outbound access off.".to_owned(),
        _ if rules.everyone == Mode::None => "The provider's Everyone rule lets nothing through.".to_owned(),
        _ if rules.everyone == Mode::All => {
            "The provider's Everyone rule lets everything through.".to_owned()
        }
        (None, _) if accepted => "It has no host, so nothing is compared.".to_owned(),
        (Some(host), Some(pattern)) => {
            format!("`{host}` matches the {} pattern `{}`.", pattern.kind.word(), pattern.domain)
        }
        (host, _) => format!("No pattern of the whitelist matches `{}`.", host.unwrap_or_default()),
    }
}

/// The URL with the host that was probably meant.
fn repaired(url: &Url, whitelist: &Whitelist) -> Option<String> {
    let mut repaired = url.clone();
    repaired.set_host(Some(&meant_host(whitelist, url.host_str()?)?)).ok()?;
    Some(repaired.to_string())
}

fn hints(whitelist: &Whitelist, host: &str, repaired: bool) -> Vec<String> {
    let mut notes: Vec<String> = nearest(whitelist, host)
        .into_iter()
        .map(|miss| {
            format!("Near: {} `{}`, but {}.", miss.pattern.kind.word(), miss.pattern.domain, miss.why)
        })
        .collect();
    if !repaired {
        notes.push(
            "What to do: put the file on IPFS or Dropbox, whose hosts are on the default list, or ask providers to \
             add the host (channel #providers of Golem's Discord)."
                .to_owned(),
        );
    }
    notes
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

impl UrlVerdict {
    fn is_unparsable(&self) -> bool {
        self.host.is_none() && self.notes.is_empty()
    }

    /// What is said below the verdict.
    fn lines(&self) -> Vec<String> {
        match &self.error {
            Some(error) if self.is_unparsable() => vec![format!("{}.", capitalised(error))],
            _ => self.notes.clone(),
        }
    }

    /// The verdict for people.
    fn text(&self, width: usize) -> String {
        let word = match self {
            _ if self.is_unparsable() => "not a URL",
            _ if self.accepted => "accepted",
            _ => "rejected",
        };
        let mut text = format!("{}\n  {word}\n", self.url);
        for note in self.lines() {
            text += &fill("  ", "  ", &note, width);
        }
        if let Some(suggestion) = &self.suggestion {
            text += &format!("  Write instead:\n    {suggestion}\n");
        }
        text
    }
}

fn text(explanation: &Explanation, source: &str, width: usize) -> String {
    let mut text: String = explanation.urls.iter().map(|url| url.text(width) + "\n").collect();
    match &explanation.reason {
        Some(reason) => {
            text +=
                &fill("", "", &format!("A provider with {source} rejects the request as a whole:"), width);
            text += &format!("\n{}\n", fill("  ", "  ", reason, width));
            let several = explanation.urls.len() > 1 && explanation.urls.iter().any(|url| url.accepted);
            if several {
                text += &fill("", "", "One host that does not pass is enough to reject all of them.", width);
            }
        }
        None if explanation.accepted => {
            text += &fill("", "", &format!("A provider with {source} accepts the request."), width);
        }
        None => text += "Nothing was decided: correct what is not a URL first.\n",
    }
    text.trim_end().to_owned() + "\n"
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
