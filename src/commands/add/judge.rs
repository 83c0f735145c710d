//! What a look at a URL means for its entry.
//!
//! Invariant: a pure function of what was seen. An entry never has a pin that was neither measured nor given, and what could
//! not be told is never held against the URL.

use url::Url;

use super::size::words;
use crate::content::fetch::{Body, Fetched};
use crate::content::source::{Expected, expected};
use crate::content::whitelist_store::Origin;
use crate::error::{Error, ErrorKind};
use crate::outbound::near_miss::nearest;
use crate::outbound::whitelist::Whitelist;

/// What `--unpinned` means; the script reports such a download as not verified.
const NO_PIN: &str = "entered without a pin, so the script will take whatever arrives";

/// What the learner asked for.
pub(super) struct Asked<'a> {
    /// A sha256 that was given.
    pub(super) pin: Option<&'a str>,
    pub(super) unpinned: bool,
    pub(super) max_size: u64,
}

/// What to do with a URL.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// As it stands in the list; none if it failed.
    pub(super) entry: Option<String>,
    /// What was seen, for people.
    pub(super) notes: Vec<String>,
    /// What needs consent.
    pub(super) concerns: Vec<String>,
    /// Why it is not entered.
    pub(super) failure: Option<Error>,
}

impl Verdict {
    fn enter(mut self, entry: String, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        Self { entry: Some(entry), ..self }
    }

    fn fail(error: Error) -> Self {
        Self { failure: Some(error), ..Self::default() }
    }
}

/// Judges one URL. `existing` is its entry in the list, if it has one; `fetched` is missing if nobody was asked.
pub(super) fn judge(
    url: &Url,
    existing: Option<&str>,
    fetched: Option<Fetched>,
    asked: &Asked<'_>,
    whitelist: &Whitelist,
) -> Verdict {
    let block = match expected(url) {
        Expected::Cid(cid) => cid.sha256(),
        _ => None,
    };
    if let (Some(block), Some(pin)) = (&block, asked.pin)
        && block != pin
    {
        return Verdict::fail(Error::usage(format!(
            "failed to add `{url}`: its CID names the sha256 {block}, not {pin}"
        )));
    }
    let failed = |why: String| Error::new(ErrorKind::Failed, format!("failed to add `{url}`: {why}"));
    match fetched {
        Some(Fetched::Body(body)) => match block {
            Some(block) if block != body.sha256 => Verdict::fail(failed(format!(
                "its body is not the block that its CID names ({})",
                seen(&body)
            ))),
            Some(_) => of_block(url, &body),
            None => of_file(url, existing, &body, asked),
        },
        Some(Fetched::TooLarge(size)) => {
            let size = size.map_or("more".to_owned(), words);
            let why = format!("it has {size}, and the limit is {}", words(asked.max_size));
            let error = failed(why.clone()).hint("a larger limit: `--max-size 5GB`").hint(
                "or without fetching all of it: `--sha256 HEX`, with what `sha256sum` prints of your copy",
            );
            unseen(url, existing, block, asked, &why, error)
        }
        Some(Fetched::Elsewhere { chain, to, status }) => {
            Verdict::fail(elsewhere(&failed, &chain, &to, status, whitelist))
        }
        Some(Fetched::Refused(why)) => Verdict::fail(
            failed(why)
                .hint("to enter it without asking for it: `--no-fetch`, with `--sha256 HEX` or `--unpinned`"),
        ),
        Some(Fetched::CannotTell(why)) => could_not_tell(url, existing, block, asked, &why),
        None => {
            let error = Error::new(
                ErrorKind::Inconclusive,
                format!("failed to add `{url}`: nothing is known of its content"),
            );
            unseen(url, existing, block, asked, "not fetched", with_ways(error, url))
        }
    }
}

/// A raw block proves itself, here and on every node.
fn of_block(url: &Url, body: &Body) -> Verdict {
    let mut verdict = Verdict::default();
    if body.bytes == 0 {
        verdict.concerns.push("the file is empty".to_owned());
    }
    verdict.enter(url.to_string(), format!("fetched {}: it is the block that its CID names", seen(body)))
}

fn of_file(url: &Url, existing: Option<&str>, body: &Body, asked: &Asked<'_>) -> Verdict {
    if let Some(pin) = asked.pin.filter(|pin| *pin != body.sha256) {
        let why = format!("failed to add `{url}`: its sha256 is {}, not {pin}", body.sha256);
        return Verdict::fail(Error::new(ErrorKind::Failed, why));
    }
    let mut verdict = Verdict::default();
    if body.bytes == 0 {
        verdict.concerns.push("the file is empty".to_owned());
    } else if is_unexpected_page(url, body) {
        verdict.concerns.push(format!(
            "a web page came where a file was expected, {}: is the link public, and does it lead to the file itself?",
            seen(body)
        ));
    }
    if let [_, .., last] = &body.chain[..] {
        verdict.notes.push(format!("redirected to {last}, on the same origin, which nodes may follow"));
    }
    verdict.notes.extend(of_tree(url));
    let old = existing.and_then(pin_of);
    if let Some(old) = old.filter(|old| *old != body.sha256) {
        verdict.concerns.push(format!(
            "the file changed since it was pinned: its sha256 was {old}, now it is {}",
            body.sha256
        ));
    }
    if asked.unpinned && old.is_none() {
        return verdict.enter(url.to_string(), format!("fetched {}; {NO_PIN}", seen(body)));
    }
    verdict.enter(
        pinned(url, &body.sha256),
        format!("fetched {}, to be pinned by its sha256 {}", seen(body), body.sha256),
    )
}

fn could_not_tell(
    url: &Url,
    existing: Option<&str>,
    block: Option<String>,
    asked: &Asked<'_>,
    why: &str,
) -> Verdict {
    let error = Error::new(ErrorKind::Inconclusive, format!("could not tell what is at `{url}`: {why}"))
        .hint("that says nothing about the URL; type the command again where there is Internet");
    unseen(url, existing, block, asked, &format!("could not tell: {why}"), with_ways(error, url))
}

/// The two ways to enter a file that was not seen.
fn with_ways(error: Error, url: &Url) -> Error {
    error
        .hint(format!(
            "pin a copy that you have: `golem-outbound add '{url}' --sha256 $(sha256sum FILE | cut -c-64)`"
        ))
        .hint(format!("or take whatever arrives: `golem-outbound add '{url}' --unpinned`"))
}

/// Without a look at the content an entry is made of what is known in another way, or not at all.
fn unseen(
    url: &Url,
    existing: Option<&str>,
    block: Option<String>,
    asked: &Asked<'_>,
    why: &str,
    error: Error,
) -> Verdict {
    let mut verdict = Verdict::default();
    if block.is_none() {
        verdict.notes.extend(of_tree(url));
    }
    let old = existing.and_then(pin_of);
    match (block, asked.pin) {
        (Some(_), _) => verdict.enter(url.to_string(), format!("{why}; its CID lets the script check it")),
        (None, Some(pin)) => {
            let mut verdict =
                verdict.enter(pinned(url, pin), format!("{why}; pinned by the sha256 that was given"));
            if let Some(old) = old.filter(|old| *old != pin) {
                verdict.concerns.push(format!("it was pinned before, by another sha256: {old}"));
            }
            verdict
        }
        (None, None) => match existing {
            Some(entry) => verdict.enter(entry.to_owned(), why),
            None if asked.unpinned => verdict.enter(url.to_string(), format!("{why}; {NO_PIN}")),
            None => Verdict::fail(error),
        },
    }
}

fn elsewhere(
    failed: &dyn Fn(String) -> Error,
    chain: &[Url],
    to: &Url,
    status: u16,
    whitelist: &Whitelist,
) -> Error {
    let origin = to.origin().ascii_serialization();
    let way: Vec<&str> = chain.iter().chain([to]).map(Url::as_str).collect();
    let passing = if matches!(status, 301 | 308) { "" } else { ", an address that may change" };
    let error = failed(format!(
        "it redirects to `{origin}`{passing}; the script does not follow it, and a node could reach it only if it were declared\n  {}",
        way.join("\n  -> ")
    ));
    match to.host_str() {
        Some(host) if whitelist.matches(host).is_some() => {
            error.hint(format!("enter where it leads to: `golem-outbound add '{to}'`"))
        }
        _ => error
            .hint(format!("that host is not whitelisted: `golem-outbound explain '{origin}'`"))
            .hint("put the file on IPFS or Dropbox, whose hosts are, and enter that link"),
    }
}

/// The concern that no provider's whitelist has the host.
pub(super) fn not_whitelisted(url: &Url, whitelist: &Whitelist, origin: &Origin) -> Option<String> {
    let host = url.host_str().filter(|host| whitelist.matches(host).is_none())?;
    let near = nearest(whitelist, host).into_iter().next();
    let near =
        near.map(|miss| format!(" (near: `{}`, but {})", miss.pattern.domain, miss.why)).unwrap_or_default();
    Some(format!(
        "`{host}` is not on {origin}{near}: providers with that list refuse the whole cluster because of it, and \
         `ray up` may wait at [1/9] for ever; see `golem-outbound explain {}`",
        url.origin().ascii_serialization()
    ))
}

/// What is to be known of a file on IPFS whose CID is not the hash of its bytes. It needs no consent: a pin mends it.
fn of_tree(url: &Url) -> Option<String> {
    let warning = "warning: its CID names a tree of blocks, by which nobody can check the file itself; only a pinned sha256 can";
    url.path().contains("/ipfs/").then(|| warning.to_owned())
}

/// The URL with its pin, as the script's `verify` reads it.
fn pinned(url: &Url, sha256: &str) -> String {
    format!("{url}#sha256={sha256}")
}

fn pin_of(entry: &str) -> Option<&str> {
    Some(entry.split_once("#sha256=")?.1)
}

/// Whether a web page came although the URL does not look like one: sign-in pages, previews, listings of gateways.
fn is_unexpected_page(url: &Url, body: &Body) -> bool {
    let declared = body.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    let head =
        String::from_utf8_lossy(&body.head).trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    let is_page = declared.starts_with("text/html")
        || declared.starts_with("application/xhtml")
        || head.starts_with("<!doctype html")
        || head.starts_with("<html");
    let name = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let data = match extension.as_deref() {
        Some("html" | "htm" | "xhtml" | "php" | "asp" | "aspx" | "jsp") => false,
        Some(_) => true,
        None => url.path().contains("/ipfs/") || url.host_str().is_some_and(|host| host.contains("dropbox")),
    };
    is_page && data
}

/// `1.2 MB (text/csv)`.
fn seen(body: &Body) -> String {
    match body.content_type.as_deref().and_then(|kind| kind.split(';').next()) {
        Some(kind) => format!("{} ({kind})", words(body.bytes)),
        None => words(body.bytes),
    }
}

#[cfg(test)]
mod tests;
