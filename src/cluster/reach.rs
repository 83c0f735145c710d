//! What a program needs against what the cluster file declares, and what providers say to that.
//!
//! May import `outbound` and its siblings. Invariant: coverage is (scheme's protocol, host, port), as the run-time
//! filter sees it; the whitelist is asked for hosts only, as negotiation does.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::config::ClusterConfig;
use super::document::Document;
use super::outbound_urls;
use crate::diagnostic::Diagnostic;
use crate::outbound::filter::endpoint;
use crate::outbound::near_miss::nearest;
use crate::outbound::share_link::{Rewrite, rewrite};
use crate::outbound::whitelist::Whitelist;

static LITERAL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"["'](https?://[^"'\s]+)"#).expect("a test runs this expression"));

/// Whether every node type declares the protocol, host and port of a URL. Tasks run on workers and on the head.
pub(super) fn is_covered(config: &ClusterConfig, url: &Url) -> bool {
    let Ok(wanted) = endpoint(url) else { return false };
    !config.node_types.is_empty()
        && config.node_types.iter().all(|node_type| {
            node_type.demand.outbound_urls.iter().any(|declared| endpoint(declared) == Ok(wanted))
        })
}

/// Findings about URLs in a Python script that no `outbound_urls` covers, one for each host. The places are those of
/// the script.
pub fn script_findings(config: &ClusterConfig, script: &str) -> Vec<Diagnostic> {
    let mut findings: Vec<(Diagnostic, usize)> = Vec::new();
    for (number, line) in script.lines().enumerate() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        for literal in LITERAL.captures_iter(line).filter_map(|captures| captures.get(1)) {
            let Some(finding) = uncovered(config, literal.as_str()) else { continue };
            if let Some((_, again)) = findings.iter_mut().find(|(first, _)| first.message == finding.message)
            {
                *again += 1;
                continue;
            }
            let column = line[..literal.start()].chars().count() + 1;
            findings.push((finding.at(number + 1, column, authority_length(literal.as_str())), 0));
        }
    }
    let say = |(mut finding, again): (Diagnostic, usize)| {
        match again {
            0 => {}
            1 => finding.message += " (once more below)",
            _ => finding.message += &format!(" ({again} times more below)"),
        }
        finding
    };
    findings.into_iter().map(say).collect()
}

/// The characters of scheme and host, which are what matters.
fn authority_length(literal: &str) -> usize {
    let start = literal.find("://").map_or(0, |at| at + 3);
    literal[start..].find(['/', '?', '#']).map_or(literal, |at| &literal[..start + at]).chars().count()
}

fn uncovered(config: &ClusterConfig, literal: &str) -> Option<Diagnostic> {
    // The host of an f-string may be known only when the script runs.
    let authority = literal.split("://").nth(1)?.split('/').next()?;
    if authority.contains(['{', '%']) {
        let finding =
            Diagnostic::warning("script-host-unknown", "which host this is cannot be told from the text");
        return Some(finding.help("make sure that `outbound_urls` has the host that the script will ask"));
    }
    let url = match Url::parse(literal) {
        Ok(url) if !is_covered(config, &url) => url,
        _ => return None,
    };
    let origin = |url: &Url| url.origin().ascii_serialization();
    let message = format!("the script asks `{}`, which `outbound_urls` does not declare", origin(&url));
    let finding = Diagnostic::error("script-url-not-declared", message);
    Some(match rewrite(&url) {
        Rewrite::To { url: better, .. } if is_covered(config, &better) => {
            finding.help(format!("use `{better}`"))
        }
        Rewrite::To { url: better, .. } => {
            finding.help(format!("use `{better}`, and add `\"{}\"` to `outbound_urls`", origin(&better)))
        }
        Rewrite::CannotWork { why } => finding.help(why),
        Rewrite::Fine => finding
            .help(format!("add `\"{}\"` to `outbound_urls`, then `ray down` and `ray up`", origin(&url))),
    })
}

/// Findings about hosts in `outbound_urls` that a whitelist does not have.
pub fn whitelist_findings(text: &str, whitelist: &Whitelist) -> Vec<Diagnostic> {
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let mut findings = Vec::new();
    for item in outbound_urls::lists(&document).iter().flat_map(|list| list.items()) {
        let Some(url) = item.value.as_str().and_then(|text| Url::parse(text.trim()).ok()) else { continue };
        let Some(host) = url.host_str().filter(|host| whitelist.matches(host).is_none()) else { continue };
        let finding = Diagnostic::warning(
            "host-not-whitelisted",
            format!("`{host}` is not on the whitelist: `ray up` may wait for a provider forever"),
        );
        let help = match nearest(whitelist, host).first() {
            Some(miss) => format!("the nearest pattern is `{}`: {}", miss.pattern.domain, miss.why),
            None => format!("ask `golem-outbound explain {url}` what to do"),
        };
        findings.push(item.mark(finding.help(help)));
    }
    findings
}
