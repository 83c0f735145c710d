//! `outbound_urls`: the list itself.
//!
//! May import `outbound` and its siblings. Invariant: what pydantic refuses (`AnyUrl` of 1.10) and what breaks the
//! exe-unit's start is an error; what merely does not mean what it seems to mean is less.

use std::collections::HashSet;

use serde_yaml::Value;
use url::Url;

use super::config::node_configs;
use super::document::{Cursor, Document, kind};
use super::rewording;
use crate::diagnostic::{Diagnostic, Severity};
use crate::outbound::any_url::{AnyUrl, AnyUrlError};
use crate::outbound::filter::{FilterError, endpoint};
use crate::outbound::share_link::{Rewrite, rewrite};

const EXAMPLE: &str = "write `outbound_urls: [\"https://ipfs.io\"]`";

/// Every `outbound_urls` that stands where ray-on-golem reads it.
pub(super) fn lists<'d>(document: &'d Document) -> Vec<Cursor<'d>> {
    node_configs(document).iter().filter_map(|config| config.get("demand")?.get("outbound_urls")).collect()
}

pub(super) fn check(text: &str, document: &Document, findings: &mut Vec<Diagnostic>) {
    let lists = lists(document);
    let nothing_asked =
        lists.iter().all(|list| list.value.as_sequence().is_none_or(|items| items.is_empty()));
    for list in &lists {
        match list.value {
            Value::Sequence(items) if items.is_empty() && nothing_asked => {
                findings.push(
                    list.mark_key(
                        Diagnostic::warning(
                            "outbound-urls-empty",
                            "`outbound_urls` is empty, so the nodes get no Internet access",
                        )
                        .help("list what your program downloads from, for example `\"https://ipfs.io\"`"),
                    ),
                );
            }
            Value::Sequence(_) => list.items().iter().for_each(|item| entry(text, item, findings)),
            other => findings.push(not_a_list(list, other)),
        }
    }
    if lists.is_empty() {
        findings.push(
            Diagnostic::warning("no-outbound-urls", "no `outbound_urls`: the nodes get no Internet access")
                .help("add it under `provider.parameters.node_config.demand` if your program downloads anything"),
        );
    }
    duplicates(&lists, findings);
}

fn not_a_list(list: &Cursor<'_>, value: &Value) -> Diagnostic {
    let help = match value {
        Value::String(url) => format!("put it into brackets: `outbound_urls: [\"{url}\"]`"),
        _ => EXAMPLE.to_owned(),
    };
    let message = format!("`outbound_urls` must be a list, but is {}", kind(value));
    list.mark(Diagnostic::error("outbound-urls-not-a-list", message).help(help))
}

fn entry(file: &str, item: &Cursor<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(text) = item.value.as_str() else {
        let message = format!("an entry of `outbound_urls` is {}, not a URL", kind(item.value));
        findings.push(item.mark(Diagnostic::error("outbound-url-invalid", message).help(EXAMPLE)));
        return;
    };
    let text = text.trim();
    findings.extend(url_finding(text).map(|finding| {
        let finding = item.mark(finding);
        match better(text) {
            Some(better) => rewording::offer(finding, file, item, &better),
            None => finding,
        }
    }));
}

/// What says what was meant: with the scheme that was left out, or the origin alone that counts.
fn better(text: &str) -> Option<String> {
    if !text.contains("://") {
        let written = format!("https://{text}");
        return AnyUrl::parse(&written).is_ok().then_some(written);
    }
    let url = Url::parse(text).ok().filter(|url| AnyUrl::parse(text).is_ok() && endpoint(url).is_ok())?;
    let origin = match rewrite(&url) {
        Rewrite::To { url: better, .. } => better.origin(),
        Rewrite::Fine => url.origin(),
        Rewrite::CannotWork { .. } => return None,
    };
    origin.is_tuple().then(|| origin.ascii_serialization())
}

fn url_finding(text: &str) -> Option<Diagnostic> {
    let invalid = |why: String| Diagnostic::error("outbound-url-invalid", format!("`{text}` {why}"));
    // `ipfs.io:443` parses as a URL of the scheme `ipfs.io`, so the slashes are looked for first.
    if !text.contains("://") {
        return Some(
            Diagnostic::error("outbound-url-without-scheme", format!("`{text}` has no scheme"))
                .help(format!("write `https://{text}`")),
        );
    }
    let sent = match AnyUrl::parse(text) {
        Ok(sent) => sent,
        Err(AnyUrlError::Port) => {
            return Some(invalid("has a port that does not exist".into()).help("ports go from 1 to 65535"));
        }
        Err(AnyUrlError::Host) if text.contains('*') => {
            return Some(
                invalid("has a wildcard, which manifests do not know".into())
                    .help("list every host by its full name, with one entry each"),
            );
        }
        Err(error) => return Some(invalid(format!("is refused by ray-on-golem: {error}")).help(EXAMPLE)),
    };
    // What ray-on-golem sends is read by the provider, whose parser is stricter.
    let url = match Url::parse(sent.as_str()) {
        Ok(url) => url,
        Err(error) => return Some(invalid(format!("is no URL to a provider: {error}")).help(EXAMPLE)),
    };
    match endpoint(&url) {
        Err(FilterError::UnknownPort(_)) => Some(
            Diagnostic::error(
                "outbound-url-without-port",
                format!("`{text}` has no port that a provider knows"),
            )
            .help("write the port behind the host, such as `:8080`; without it no node starts"),
        ),
        Err(_) => Some(invalid("has no host".into()).help(EXAMPLE)),
        Ok((_, host, _)) => better_form(&url, host),
    }
}

/// Links that people paste: they pass, but a node cannot follow where they lead.
fn better_form(url: &Url, host: &str) -> Option<Diagnostic> {
    match rewrite(url) {
        Rewrite::To { url: better, why } => Some(
            Diagnostic::warning(
                "outbound-url-redirects",
                format!("`{host}` is not where the content comes from"),
            )
            .help(format!("list `{}`: {why}", better.origin().ascii_serialization())),
        ),
        Rewrite::CannotWork { why } => Some(
            Diagnostic::warning("outbound-url-cannot-work", format!("`{host}` cannot serve this to a node"))
                .help(why),
        ),
        Rewrite::Fine if url.path().len() > 1 || url.query().is_some() => {
            let finding = Diagnostic::warning(
                "outbound-url-with-path",
                format!("the path has no effect: all of `{host}` becomes reachable"),
            )
            .help(format!("`{}` says the same", url.origin().ascii_serialization()));
            Some(Diagnostic { severity: Severity::Note, ..finding })
        }
        Rewrite::Fine => None,
    }
}

fn duplicates(lists: &[Cursor<'_>], findings: &mut Vec<Diagnostic>) {
    for list in lists {
        let mut seen = HashSet::new();
        for item in list.items() {
            let Some(url) = item.value.as_str().and_then(|text| Url::parse(text.trim()).ok()) else {
                continue;
            };
            if !seen.insert(url.clone()) {
                let finding = Diagnostic::warning("outbound-url-twice", format!("`{url}` is listed twice"));
                findings.push(item.mark(finding.help("remove one of the two")));
            }
        }
    }
}
