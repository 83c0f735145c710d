//! The verdict for people.

use std::collections::BTreeSet;

use url::Url;

use super::Provider;
use super::verdict::{Explanation, UrlVerdict, capitalised};
use crate::commands::paragraph::fill;
use crate::outbound::filter::{Redirect, endpoint};
use crate::outbound::known_hosts::request_to_providers;
use crate::outbound::whitelist::Whitelist;

/// Found in every rejection of a request as ray-on-golem makes it.
const NOT_SIGNED: &str = "Audited-Payload rule requires manifest signature";

/// All of it, in lines that fit.
pub(super) fn text(explanation: &Explanation, provider: &Provider, width: usize) -> String {
    let mut text: String = explanation.asks.iter().map(|sentence| fill("", "  ", sentence, width)).collect();
    if !text.is_empty() {
        text.push('\n');
    }
    text.extend(explanation.urls.iter().map(|url| one(url, width) + "\n"));
    text += &whole(explanation, &provider.source, width);
    if explanation.accepted {
        text += &at_run_time(&explanation.urls, width);
    }
    text += &to_ask(&explanation.urls, width);
    text.trim_end().to_owned() + "\n"
}

/// One URL: the verdict's word on a line of its own, then why and what to do.
fn one(url: &UrlVerdict, width: usize) -> String {
    let word = match url {
        _ if url.is_unparsable() => "not a URL",
        _ if url.accepted => "accepted",
        _ => "rejected",
    };
    let mut text = format!("{}\n  {word}\n", url.url);
    if let Some(error) = url.error.as_ref().filter(|_| url.is_unparsable()) {
        text += &fill("  ", "  ", &format!("{}.", capitalised(error)), width);
    }
    for note in &url.notes {
        text += &fill("  ", "  ", note, width);
    }
    if let Some(suggestion) = &url.suggestion {
        text += &format!("  Write instead:\n    {suggestion}\n");
    }
    text
}

/// The decision about all of them.
fn whole(explanation: &Explanation, source: &str, width: usize) -> String {
    let several = explanation.urls.len() > 1;
    let mut text = String::new();
    match &explanation.reason {
        Some(reason) => {
            let whole = if several { " as a whole" } else { "" };
            text += &fill("", "", &format!("A provider with {source} rejects the request{whole}:"), width);
            text += &format!("\n{}\n", fill("  ", "  ", reason, width));
            if reason.contains(NOT_SIGNED) && explanation.asks.is_empty() {
                let only_first = "Of these reasons only the first is about your URLs: ray-on-golem signs no manifest, \
                                  and shows a node descriptor only if the cluster file has one.";
                text += &format!("{}\n", fill("", "", only_first, width));
            }
            if several && explanation.urls.iter().any(|url| url.accepted) {
                text += &fill(
                    "",
                    "",
                    "All URLs must pass under one rule together: one host that does not is enough to reject all of \
                     them.",
                    width,
                );
                text.push('\n');
            }
        }
        None if explanation.accepted => {
            let obstacles = explanation.urls.iter().any(|url| url.error.is_some());
            let end = match several {
                _ if obstacles => ", but no node can have it: see above",
                true => ": all URLs pass together under one rule",
                false => "",
            };
            text += &fill("", "", &format!("A provider with {source} accepts the request{end}."), width);
        }
        None => {
            text += &fill("", "", "Nothing was decided: correct what is not a URL first.", width);
            text.push('\n');
        }
    }
    text
}

/// What the nodes of an accepted request can reach, and what they cannot.
fn at_run_time(urls: &[UrlVerdict], width: usize) -> String {
    let parsed: Vec<&Url> = urls.iter().filter_map(|url| url.parsed.as_ref()).collect();
    let opened: BTreeSet<String> = parsed
        .iter()
        .filter_map(|url| endpoint(url).ok())
        .map(|(protocol, host, port)| format!("{protocol} {host}:{port}"))
        .collect();
    if opened.is_empty() || urls.iter().any(|url| url.error.is_some()) {
        return String::new();
    }
    let opened: Vec<String> = opened.into_iter().collect();
    let sentence = format!(
        "A node resolves these names once, when it starts, and then reaches {} and DNS. Every other host and port is \
         closed, also where a redirect leads there.",
        opened.join(", ")
    );
    format!("\n{}{}", fill("", "", &sentence, width), beside(&parsed, width))
}

/// A host that is declared with one of the two schemes may redirect to the other.
fn beside(urls: &[&Url], width: usize) -> String {
    let declared: Vec<Url> = urls.iter().map(|url| (*url).clone()).collect();
    let mut text = String::new();
    for url in &declared {
        let mut secure = url.clone();
        if url.scheme() == "http"
            && url.port().is_none()
            && secure.set_scheme("https").is_ok()
            && Redirect::to(&secure, &declared) == Redirect::OtherPort
        {
            let host = url.host_str().unwrap_or_default();
            let sentence = format!(
                "Most servers redirect `http` to `https`: declare `https://{host}`, too, or use only that."
            );
            text += &fill("", "", &sentence, width);
        }
    }
    text
}

/// A message for the providers, with nothing in front of its lines: it is there to be copied. It speaks to all of them,
/// so it does not ask for what only the one provider of `--whitelist` lacks.
fn to_ask(urls: &[UrlVerdict], width: usize) -> String {
    let default = Whitelist::snapshot();
    let lacking = |url: &&Url| url.host_str().is_some_and(|host| default.matches(host).is_none());
    let asked = urls.iter().filter(|url| url.worth_asking).filter_map(|url| url.parsed.as_ref());
    let asked: Vec<&Url> = asked.filter(lacking).collect();
    if asked.is_empty() {
        return String::new();
    }
    let intro = "Or ask. Providers decide about their own whitelists; this can be pasted into the channel #providers \
                 of https://chat.golem.network:";
    let message = request_to_providers(&asked);
    // Commands stay whole.
    let lines = message.lines().map(|line| match line.starts_with("ya-provider ") {
        true => format!("{line}\n"),
        false => fill("", "", line, width),
    });
    let message: String = lines.collect();
    format!("{}\n{message}", fill("", "", intro, width))
}

/// The words of the verdicts in colour, where the terminal has it.
pub(super) fn styled(text: &str) -> String {
    let style = |line: &str| match line {
        "  accepted" => format!("  {}\n", console::style("accepted").green()),
        "  rejected" => format!("  {}\n", console::style("rejected").red()),
        "  not a URL" => format!("  {}\n", console::style("not a URL").yellow()),
        other => format!("{other}\n"),
    };
    text.lines().map(style).collect()
}
