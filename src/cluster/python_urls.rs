//! Which string literals of a Python text are addresses that the program asks.
//!
//! May import its siblings. Invariant: false alarms are worse than gaps here. A literal counts only if nothing but URLs,
//! or a download command, is in it; docstrings, prose, comparisons and what is printed do not.

use std::ops::Range;

use super::python_literals::{Literal, Scan, Unit, scan};

/// The comment that keeps a URL out of the findings: on its line, on a line of its own before it, or, before any code,
/// for the whole file.
pub const NOT_ON_NODES: &str = "golem-outbound: not-on-nodes";

/// An address in a Python text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ScriptUrl {
    /// What is known of it: up to the first part that only the running program knows.
    pub(super) text: String,
    /// Whether its host is known.
    pub(super) host_known: bool,
    /// Whether nothing is added to it at run time.
    pub(super) is_whole: bool,
    /// Where it is written.
    pub(super) range: Range<usize>,
    /// Scheme and host in it, which are what matters.
    pub(super) authority: Range<usize>,
    /// Whether other text can be written at `range` just as it is.
    pub(super) is_replaceable: bool,
}

const SCHEMES: [&str; 7] = ["https", "http", "wss", "ws", "ftp", "ipfs", "ipns"];

/// Hosts that people copy without a scheme.
const BARE: [&str; 4] = ["www.dropbox.com/", "dropbox.com/", "dl.dropbox.com/", "dl.dropboxusercontent.com/"];

/// Programs whose arguments are downloads, in commands for a shell.
const DOWNLOADERS: [&str; 7] = ["curl", "wget", "aria2c", "git", "pip", "pip3", "uv"];

/// Functions that look at a text or show it, but do not ask it.
const TEXT_FUNCTIONS: [&str; 34] = [
    "replace",
    "startswith",
    "endswith",
    "removeprefix",
    "removesuffix",
    "strip",
    "lstrip",
    "rstrip",
    "split",
    "partition",
    "rpartition",
    "find",
    "index",
    "count",
    "compile",
    "match",
    "fullmatch",
    "search",
    "sub",
    "findall",
    "print",
    "input",
    "exit",
    "debug",
    "info",
    "warning",
    "error",
    "exception",
    "critical",
    "add_argument",
    "add_header",
    "urlparse",
    "urlsplit",
    "set_description",
];

/// Hosts whose URLs are names of vocabularies, not downloads.
const VOCABULARIES: [&str; 7] = [
    "www.w3.org",
    "schema.org",
    "json-schema.org",
    "purl.org",
    "xmlns.com",
    "schemas.xmlsoap.org",
    "schemas.openxmlformats.org",
];

/// The addresses of a text, in its order.
pub(super) fn urls(text: &str) -> Vec<ScriptUrl> {
    let scan = scan(text);
    let excused = excused(text, &scan);
    let asked = scan.literals.iter().filter(|literal| !is_only_text(text, literal));
    let mut found: Vec<ScriptUrl> = asked.flat_map(|literal| of_literal(text, literal)).collect();
    found.retain(|url| !excused.iter().any(|lines| lines.contains(&url.range.start)));
    found.sort_by_key(|url| url.range.start);
    found
}

/// The ranges of the text whose URLs are not asked on nodes, as comments say.
fn excused(text: &str, scan: &Scan) -> Vec<Range<usize>> {
    let comments = scan.comments.iter().filter(|comment| text[comment.range.clone()].contains(NOT_ON_NODES));
    let ranges = comments.map(|comment| {
        if !comment.after_code {
            return 0..text.len();
        }
        let start = text[..comment.range.start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = |from: usize| text[from..].find('\n').map_or(text.len(), |at| from + at + 1);
        let mut end = line_end(comment.range.end);
        if text[start..comment.range.start].trim().is_empty() {
            end = line_end(end);
        }
        start..end
    });
    ranges.collect()
}

fn is_only_text(text: &str, literal: &Literal) -> bool {
    let before = text[..literal.range.start].trim_end();
    let after = text[literal.range.end..].trim_start();
    let compared = before.ends_with("==")
        || before.ends_with("!=")
        || ["==", "!=", "in ", "not in "].iter().any(|sign| after.starts_with(sign));
    // The value of a header says where a request comes from, not where it goes.
    let header = before.strip_suffix(':').is_some_and(|key| {
        let key = key.trim_end().trim_end_matches(['"', '\'']).to_ascii_lowercase();
        ["referer", "origin", "user-agent"].iter().any(|name| key.ends_with(name))
    });
    literal.is_statement || compared || header || TEXT_FUNCTIONS.contains(&literal.call.as_str())
}

fn of_literal(text: &str, literal: &Literal) -> Vec<ScriptUrl> {
    let mut words: Vec<&[Unit]> = literal
        .units
        .split(|unit| unit.character.is_some_and(char::is_whitespace))
        .filter(|word| !word.is_empty())
        .collect();
    let command = words.first().is_some_and(|word| DOWNLOADERS.contains(&known(word).as_str()));
    if command && words.len() > 1 {
        words = words.into_iter().map(without_shell).collect();
    } else if !words.iter().all(|word| begins_as_url(&known(word))) {
        return Vec::new();
    }
    let after = text[literal.range.end..].trim_start();
    let last = words.len().saturating_sub(1);
    let url = |(index, word): (usize, &&[Unit])| {
        let grows = index == last && (after.starts_with('+') || after.starts_with('%'));
        script_url(text, literal, word, grows)
    };
    words.iter().enumerate().filter_map(url).collect()
}

/// The characters up to the first unknown part.
fn known(word: &[Unit]) -> String {
    word.iter().map_while(|unit| unit.character).collect()
}

/// A word of a shell command without quotes around it and without pip's `git+`.
fn without_shell(word: &[Unit]) -> &[Unit] {
    let is = |unit: &Unit, signs: &str| unit.character.is_some_and(|character| signs.contains(character));
    let mut word = word;
    while let [first, rest @ ..] = word
        && is(first, "'\"(")
    {
        word = rest;
    }
    while let [rest @ .., end] = word
        && is(end, "'\");|&")
    {
        word = rest;
    }
    if known(word).starts_with("git+") { &word[4..] } else { word }
}

fn begins_as_url(text: &str) -> bool {
    scheme(text).is_some() || BARE.iter().any(|host| text.starts_with(host))
}

fn scheme(text: &str) -> Option<&'static str> {
    let (scheme, _) = text.split_once("://")?;
    SCHEMES.into_iter().find(|known| known.eq_ignore_ascii_case(scheme))
}

fn script_url(source: &str, literal: &Literal, word: &[Unit], grows: bool) -> Option<ScriptUrl> {
    let text = known(word);
    let start = match scheme(&text) {
        Some(scheme) => scheme.len() + 3,
        None if BARE.iter().any(|host| text.starts_with(host)) => 0,
        None => return None,
    };
    let is_complete = text.chars().count() == word.len();
    let end = text[start..].find(['/', '?', '#', '\\']).map(|at| start + at);
    let authority = &text[start..end.unwrap_or(text.len())];
    if end.is_none() && is_complete && authority.is_empty() && !grows {
        // A scheme alone is what programs cut off or compare.
        return None;
    }
    // `<host>` stands in texts that explain something.
    if authority.contains('<') || VOCABULARIES.contains(&authority) || is_near(authority) {
        return None;
    }
    let host_known = (end.is_some() || is_complete)
        && !authority.is_empty()
        && !authority.contains(['{', '}', '%', '$', '*']);
    let range = word.first()?.range.start..word.last()?.range.end;
    let shown = text[..end.unwrap_or(text.len())].chars().count().max(1);
    let authority = range.start..word[shown.min(word.len()) - 1].range.end;
    let templated = grows || text.contains(['{', '}']) || text.contains("%s") || text.contains("%d");
    Some(
        ScriptUrl {
            host_known,
            is_whole: is_complete && !templated,
            is_replaceable: is_complete && !templated && source.get(range.clone()) == Some(text.as_str()),
            text,
            range,
            authority,
        }
        .within(literal),
    )
}

impl ScriptUrl {
    /// In an f-string even a text without braces could get some by a replacement; so it is left to people.
    fn within(mut self, literal: &Literal) -> Self {
        self.is_replaceable &= !literal.is_format;
        self
    }
}

/// This machine and private networks, the cluster's own among them: no outbound is needed for these.
fn is_near(authority: &str) -> bool {
    let host = authority.rsplit('@').next().unwrap_or_default();
    let name = if host.starts_with('[') {
        host.split(']').next().unwrap_or_default().trim_start_matches('[')
    } else {
        host.split(':').next().unwrap_or_default()
    };
    let local_name = name == "localhost" || name.ends_with(".localhost") || name.ends_with(".local");
    local_name
        || match name.parse() {
            Ok(std::net::IpAddr::V4(ip)) => {
                ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
            }
            Ok(std::net::IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unspecified(),
            Err(_) => false,
        }
}

#[cfg(test)]
#[path = "python_urls_tests.rs"]
mod tests;
