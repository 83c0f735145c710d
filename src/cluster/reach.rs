//! What a program needs against what the cluster file declares, and what providers say to that.
//!
//! May import `outbound` and its siblings. Invariant: coverage is (scheme's protocol, host, port), as the run-time
//! filter sees it; the whitelist is asked for hosts only, as negotiation does.

use url::Url;

use super::config::ClusterConfig;
use super::document::Document;
use super::outbound_urls;
use super::python_urls::{ScriptUrl, urls};
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::outbound::filter::endpoint;
use crate::outbound::near_miss::nearest;
use crate::outbound::share_link::{Rewrite, rewrite};
use crate::outbound::whitelist::Whitelist;

/// Whether every node type declares the protocol, host and port of a URL. Tasks run on workers and on the head.
pub(super) fn is_covered(config: &ClusterConfig, url: &Url) -> bool {
    !config.node_types.is_empty() && lacking(config, url).is_empty()
}

/// The node types that do not declare the protocol, host and port of a URL.
fn lacking<'c>(config: &'c ClusterConfig, url: &Url) -> Vec<&'c str> {
    let wanted = endpoint(url);
    let declares = |declared: &Url| wanted.is_ok() && endpoint(declared) == wanted;
    let types = config.node_types.iter();
    let lacking = types.filter(|node_type| !node_type.demand.outbound_urls.iter().any(declares));
    lacking.map(|node_type| node_type.name.as_str()).collect()
}

/// Findings about the URLs in a Python text that nodes cannot reach as they are written, one for each host and kind.
/// The places are those of the text.
pub fn script_findings(config: &ClusterConfig, whitelist: &Whitelist, script: &str) -> Vec<Diagnostic> {
    let mut findings: Vec<(Diagnostic, usize)> = Vec::new();
    for url in urls(script) {
        let Some(finding) = script_finding(config, whitelist, &url) else { continue };
        let first = findings.iter_mut().find(|(first, _)| first.message == finding.message);
        let Some((first, again)) = first else {
            findings.push((finding.at_range(script, url.authority.clone()), 0));
            continue;
        };
        *again += 1;
        match (&mut first.fix, finding.fix) {
            (Some(fix), Some(more)) => fix.edits.extend(more.edits),
            (none, more) => *none = none.take().or(more),
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

fn script_finding(config: &ClusterConfig, whitelist: &Whitelist, url: &ScriptUrl) -> Option<Diagnostic> {
    if url.text.starts_with("ipfs://") && !url.is_whole {
        let finding =
            Diagnostic::error("script-url-redirects", "no node can ask `ipfs://` addresses as they are");
        return Some(finding.help("write `https://ipfs.io/ipfs/` before the CID instead"));
    }
    if !url.host_known {
        let finding =
            Diagnostic::warning("script-host-unknown", "which host this is cannot be told from the text");
        return Some(finding.help("make sure that `outbound_urls` has the host that the script will ask"));
    }
    let written = if url.text.contains("://") { url.text.clone() } else { format!("https://{}", url.text) };
    // What pins the content is no part of the address.
    let (address, pin) = written.split_once('#').unwrap_or((&written, ""));
    let parsed = Url::parse(address).ok()?;
    // What grows at run time may still get what a rewriting would miss.
    match rewrite(&parsed) {
        // The host is the right one, so only what is declared counts.
        Rewrite::To { url: better, .. } if url.is_whole && better.host() == parsed.host() => {
            let finding = undeclared(config, whitelist, &parsed)?;
            let safe = is_covered(config, &better).then(|| replacement(url, &parsed, better, pin)).flatten();
            Some(match safe {
                Some(fix) => finding.fix(fix),
                None => finding,
            })
        }
        Rewrite::To { url: better, why } if url.is_whole => {
            Some(redirects(config, url, &parsed, better, pin, &why))
        }
        Rewrite::CannotWork { why } if url.is_whole => {
            let message = format!("no node can download this from `{}`", place(&parsed));
            Some(Diagnostic::error("script-url-cannot-work", message).help(why))
        }
        _ => undeclared(config, whitelist, &parsed),
    }
}

/// A link whose rewriting is known. It works nowhere on a node, so replacing it loses nothing.
fn redirects(
    config: &ClusterConfig,
    url: &ScriptUrl,
    parsed: &Url,
    better: Url,
    pin: &str,
    why: &str,
) -> Diagnostic {
    let message = format!("`{}` is not where a node can get this", place(parsed));
    let mut help = format!("use `{better}`: {why}");
    if !is_covered(config, &better) {
        help += &format!("; and add `\"{}\"` to `outbound_urls`", origin(&better));
    }
    let mut finding = Diagnostic::error("script-url-redirects", message).help(help);
    if is_covered(config, parsed) {
        finding.severity = Severity::Warning;
    }
    match replacement(url, parsed, better, pin) {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

/// Writes the better URL in the place of the other, where that means the same between any quotes.
fn replacement(url: &ScriptUrl, parsed: &Url, mut better: Url, pin: &str) -> Option<Fix> {
    let title = match better.host() == parsed.host() {
        true => format!("write `{}` instead of `{}`", origin(&better), origin(parsed)),
        false => format!("write `{}` instead of `{}`", origin(&better), place(parsed)),
    };
    if pin.starts_with("sha256=") {
        better.set_fragment(Some(pin));
    }
    let plain = !better.as_str().contains(['\'', '"', '\\']);
    (url.is_replaceable && plain).then(|| Fix::of(title, Edit::replace(url.range.clone(), better.as_str())))
}

fn undeclared(config: &ClusterConfig, whitelist: &Whitelist, url: &Url) -> Option<Diagnostic> {
    let lacking = lacking(config, url);
    if lacking.is_empty() && !config.node_types.is_empty() {
        return None;
    }
    let origin = origin(url);
    let host = url.host_str()?;
    let declared = config.node_types.iter().flat_map(|node_type| &node_type.demand.outbound_urls);
    let same_host = declared
        .clone()
        .find(|declared| declared.host_str() == Some(host) && endpoint(declared) != endpoint(url));
    let somewhere = lacking.len() < config.node_types.len();
    let finding = match same_host {
        _ if somewhere => {
            let types: Vec<String> = lacking.iter().map(|name| format!("`{name}`")).collect();
            let message =
                format!("the script asks `{origin}`, which {} does not declare", types.join(" and "));
            Diagnostic::error("script-url-not-declared", message)
        }
        Some(other) => {
            let message = format!(
                "the script asks `{origin}`, but `outbound_urls` declares `{}`, which is another port",
                self::origin(other)
            );
            Diagnostic::error("script-port-not-declared", message)
        }
        None => {
            let message = format!("the script asks `{origin}`, which `outbound_urls` does not declare");
            Diagnostic::error("script-url-not-declared", message)
        }
    };
    let listed = whitelist.matches(host).is_some();
    Some(finding.help(match same_host {
        Some(other) if !somewhere => {
            format!("ask `{}` instead, or add `\"{origin}\"` to `outbound_urls`", self::origin(other))
        }
        _ if listed => format!("add `\"{origin}\"` to `outbound_urls`, then `ray down` and `ray up`"),
        _ => format!("no default whitelist has `{host}`: ask `golem-outbound explain {origin}` what to do"),
    }))
}

/// Scheme, host and port; the scheme alone where the rest is no host.
fn origin(url: &Url) -> String {
    match url.scheme() {
        scheme @ ("ipfs" | "ipns") => format!("{scheme}://"),
        _ => url.origin().ascii_serialization(),
    }
}

/// The host; for addresses of IPFS the scheme, because what stands there is a CID.
fn place(url: &Url) -> String {
    match url.scheme() {
        "ipfs" | "ipns" => origin(url),
        _ => url.host_str().unwrap_or_default().to_owned(),
    }
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
