//! An entry of `outbound_urls` as ray-on-golem reads it: pydantic 1.10's `AnyUrl` (`pydantic/networks.py`).
//!
//! May import nothing of the house. Invariant: the text is kept as it was written, because the text is what
//! ray-on-golem sends; only a host that pydantic takes for an international one makes it put the URL together anew.

#[cfg(test)]
mod tests;

use std::fmt;

use url::{Position, Url};

/// Why ray-on-golem refuses an entry. `Display` is pydantic's message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnyUrlError {
    /// An empty text.
    #[error("ensure this value has at least 1 characters")]
    Empty,
    /// More than 65536 characters.
    #[error("ensure this value has at most {MAX_LENGTH} characters")]
    TooLong,
    /// No `scheme://` in front, such as `ipfs.io` or `mailto:a@b`.
    #[error("invalid or missing URL scheme")]
    Scheme,
    /// A port that does not exist.
    #[error("URL port invalid, port cannot exceed 65535")]
    Port,
    /// Something that belongs to no part of a URL, such as a blank.
    #[error("URL invalid, extra characters found after valid URL: {0}")]
    Extra(String),
    /// No host, or one with a character that no host has, such as the `*` of a wildcard.
    #[error("URL host invalid")]
    Host,
    /// An international host that has no ASCII form. The words are Python's.
    #[error("encoding with 'idna' codec failed")]
    Idna,
}

const MAX_LENGTH: usize = 1 << 16;

/// A URL that ray-on-golem accepts, in the text that it sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnyUrl {
    text: String,
    /// As written, in upper case if it was.
    scheme: String,
}

impl AnyUrl {
    /// Reads an entry of `outbound_urls`.
    ///
    /// # Errors
    /// What pydantic refuses, with its message.
    pub fn parse(entry: &str) -> Result<Self, AnyUrlError> {
        let text = entry.trim();
        match text.chars().count() {
            0 => return Err(AnyUrlError::Empty),
            length if length > MAX_LENGTH => return Err(AnyUrlError::TooLong),
            _ => {}
        }
        let (parts, extra) = Parts::of(text);
        let scheme = parts.scheme.ok_or(AnyUrlError::Scheme)?;
        if parts.port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(AnyUrlError::Port);
        }
        if !extra.is_empty() {
            return Err(AnyUrlError::Extra(quoted(extra)));
        }
        let text = match international(parts.host)? {
            Some(host) => parts.put_together(scheme, &host),
            None => text.to_owned(),
        };
        Ok(Self { text, scheme: scheme.to_owned() })
    }

    /// The text that is sent.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme, which becomes one of the manifest's `protocols`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }
}

impl fmt::Display for AnyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<&Self> for AnyUrl {
    fn from(url: &Self) -> Self {
        url.clone()
    }
}

/// For a URL whose text as written is not at hand: the slash that the parser adds to a bare host is left out.
impl From<&Url> for AnyUrl {
    fn from(url: &Url) -> Self {
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let text = if bare { &url[..Position::BeforePath] } else { url.as_str() };
        Self { text: text.to_owned(), scheme: url.scheme().to_owned() }
    }
}

/// What pydantic's expression finds in a text, from its start.
#[derive(Debug, PartialEq)]
struct Parts<'t> {
    scheme: Option<&'t str>,
    user: Option<&'t str>,
    password: Option<&'t str>,
    host: &'t str,
    port: Option<&'t str>,
    path: &'t str,
    query: Option<&'t str>,
    fragment: Option<&'t str>,
}

impl<'t> Parts<'t> {
    /// The parts, and what is left over behind them.
    fn of(text: &'t str) -> (Self, &'t str) {
        let (scheme, rest) = scheme(text);
        let (user, password, rest) = user_info(rest);
        let (host, rest) = host(rest);
        let (port, rest) = match rest.strip_prefix(':') {
            Some(behind) if behind.starts_with(|c: char| c.is_ascii_digit()) => {
                let (port, rest) = split_at(behind, |c| !c.is_ascii_digit());
                (Some(port), rest)
            }
            _ => (None, rest),
        };
        let is_path_end = |c: char| c.is_whitespace() || matches!(c, '?' | '#');
        let (path, rest) = if rest.starts_with('/') { split_at(rest, is_path_end) } else { ("", rest) };
        let (query, rest) = marked(rest, '?', |c| c.is_whitespace() || c == '#');
        let (fragment, rest) = marked(rest, '#', |c| c.is_whitespace() || c == '#');
        (Self { scheme, user, password, host, port, path, query, fragment }, rest)
    }

    /// `AnyUrl.build`, which leaves out what is empty.
    fn put_together(&self, scheme: &str, host: &str) -> String {
        let filled = |part: Option<&'t str>| part.filter(|text| !text.is_empty());
        let (user, password) = (filled(self.user), filled(self.password));
        let mut text = format!("{scheme}://");
        text += user.unwrap_or_default();
        text += &password.map(|password| format!(":{password}")).unwrap_or_default();
        if user.or(password).is_some() {
            text.push('@');
        }
        text += host;
        text += &self.port.map(|port| format!(":{port}")).unwrap_or_default();
        text += self.path;
        text += &filled(self.query).map(|query| format!("?{query}")).unwrap_or_default();
        text += &filled(self.fragment).map(|fragment| format!("#{fragment}")).unwrap_or_default();
        text
    }
}

fn split_at(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

fn marked(text: &str, mark: char, ends: impl Fn(char) -> bool) -> (Option<&str>, &str) {
    match text.strip_prefix(mark) {
        Some(behind) => {
            let (part, rest) = split_at(behind, ends);
            (Some(part), rest)
        }
        None => (None, text),
    }
}

/// A text in quotes, as Python shows it.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let shown = text.chars().map(|character| match character {
        '\\' => "\\\\".to_owned(),
        _ if character == quote => format!("\\{character}"),
        _ if character.is_control() => character.escape_default().to_string(),
        _ => character.to_string(),
    });
    format!("{quote}{}{quote}", shown.collect::<String>())
}

/// At least two characters in front of `://`.
fn scheme(text: &str) -> (Option<&str>, &str) {
    let Some((scheme, rest)) = text.split_once("://") else { return (None, text) };
    let mut characters = scheme.chars();
    let begins = characters.next().is_some_and(|c| c.is_ascii_alphabetic());
    let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    if begins && scheme.len() > 1 && characters.all(goes_on) { (Some(scheme), rest) } else { (None, text) }
}

/// What stands in front of the last `@` before the path: the expression is greedy.
fn user_info(text: &str) -> (Option<&str>, Option<&str>, &str) {
    let (authority, _) = split_at(text, |c| c.is_whitespace() || c == '/');
    let colon = authority.find(':');
    if let Some(colon) = colon
        && let Some(at) = authority.rfind('@').filter(|&at| at > colon)
    {
        return (Some(&text[..colon]), Some(&text[colon + 1..at]), &text[at + 1..]);
    }
    match authority[..colon.unwrap_or(authority.len())].rfind('@') {
        Some(at) => (Some(&text[..at]), None, &text[at + 1..]),
        None => (None, None, text),
    }
}

/// A domain or an IPv4 address ends at a colon; an IPv6 address has colons in its brackets.
fn host(text: &str) -> (&str, &str) {
    let ends = |c: char| c.is_whitespace() || matches!(c, '/' | ':' | '?' | '#');
    if let Some(close) = text.find(']').filter(|_| text.starts_with('[')) {
        let (address, rest) = (&text[1..close], &text[close + 1..]);
        let (before, behind) = address.split_once(':').unwrap_or((address, ""));
        let hex = |part: &str| part.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
        if hex(before) && hex(behind) && !behind.is_empty() && rest.chars().next().is_none_or(ends) {
            return text.split_at(close + 1);
        }
    }
    split_at(text, ends)
}

/// The ASCII form of a host that pydantic takes for an international one; none for another host, which stays as it is.
fn international(host: &str) -> Result<Option<String>, AnyUrlError> {
    if host.is_empty() {
        return Err(AnyUrlError::Host);
    }
    if host.starts_with('[') && host.ends_with(']') || is_ipv4(host) {
        return Ok(None);
    }
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    let ascii = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let wide = |c: char| ascii(c) || ('a'..='\u{40000}').contains(&c);
    if labels.iter().all(|label| is_label(label, ascii)) {
        let tld = labels.last().is_some_and(|last| last.len() > 1 && last.chars().all(|c| c.is_alphabetic()));
        // Without a top-level domain, as in `localhost`, the URL is put together anew from an unchanged host.
        return Ok((labels.len() == 1 || !tld).then(|| host.to_owned()));
    }
    if !labels.iter().all(|label| is_label(label, wide)) {
        return Err(AnyUrlError::Host);
    }
    let encoded: Result<Vec<String>, AnyUrlError> = labels.iter().map(|label| to_ascii(label)).collect();
    let dot = if host.ends_with('.') { "." } else { "" };
    Ok(Some(encoded?.join(".") + dot))
}

/// Three digits four times; that a number is above 255 is for the provider to find out.
fn is_ipv4(host: &str) -> bool {
    let parts: Vec<&str> = host.split('.').collect();
    parts.len() == 4
        && parts.iter().all(|part| (1..=3).contains(&part.len()) && part.chars().all(|c| c.is_ascii_digit()))
}

/// One to 63 characters, of which neither the first nor the last is a hyphen.
fn is_label(label: &str, allowed: impl Fn(char) -> bool) -> bool {
    (1..=63).contains(&label.chars().count())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c == '-' || allowed(c))
}

/// Python's codec follows the older IDNA 2003, which had no `ß`, no final `ς` and no joiners; an ASCII label is left
/// as it is, in upper case too.
fn to_ascii(label: &str) -> Result<String, AnyUrlError> {
    if label.is_ascii() {
        return Ok(label.to_owned());
    }
    let older = label.replace('ß', "ss").replace('ς', "σ").replace(['\u{200c}', '\u{200d}'], "");
    let encoded = idna::domain_to_ascii(&older).map_err(|_| AnyUrlError::Idna)?;
    if (1..=63).contains(&encoded.len()) { Ok(encoded) } else { Err(AnyUrlError::Idna) }
}
