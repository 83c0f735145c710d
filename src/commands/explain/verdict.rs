//! What providers would say to URLs, and what can be done about it.

use serde::Serialize;
use url::Url;

use super::Provider;
use super::instead::{Instead, instead};
use crate::outbound::OutboundRequest;
use crate::outbound::any_url::{AnyUrl, AnyUrlError};
use crate::outbound::filter::{FilterError, START_ERROR, endpoint};
use crate::outbound::manifest::{Access, Manifest};
use crate::outbound::near_miss::{NearMiss, nearest};
use crate::outbound::rules::{Mode, Rules, decide};
use crate::outbound::share_link::{Rewrite, rewrite, with_scheme};
use crate::outbound::whitelist::{DomainPattern, Whitelist};

/// The verdict on a request.
#[derive(Serialize)]
pub(super) struct Explanation {
    pub(super) accepted: bool,
    /// The text that a provider sends with its rejection.
    pub(super) reason: Option<String>,
    pub(super) urls: Vec<UrlVerdict>,
    /// What a manifest asks for; empty for bare URLs.
    #[serde(skip)]
    pub(super) asks: Vec<String>,
}

/// The verdict on one URL.
#[derive(Serialize)]
pub(in crate::commands) struct UrlVerdict {
    pub(in crate::commands) url: String,
    pub(in crate::commands) host: Option<String>,
    pub(in crate::commands) accepted: bool,
    pub(in crate::commands) pattern: Option<DomainPattern>,
    pub(in crate::commands) suggestion: Option<String>,
    pub(in crate::commands) error: Option<String>,
    /// The URL, if it is one.
    #[serde(skip)]
    pub(super) parsed: Option<Url>,
    /// Whether it can help to ask providers for the host.
    #[serde(skip)]
    pub(super) worth_asking: bool,
    /// Sentences for people: why, what comes near, what to do.
    #[serde(skip)]
    pub(super) notes: Vec<String>,
}

impl UrlVerdict {
    pub(super) fn is_unparsable(&self) -> bool {
        self.parsed.is_none()
    }
}

/// The verdict on URLs that are requested together.
pub(super) fn explain(provider: &Provider, texts: &[String]) -> Explanation {
    let urls: Vec<UrlVerdict> =
        texts.iter().map(|text| judge(&provider.rules, &provider.whitelist, text)).collect();
    let request = OutboundRequest::Urls(urls.iter().filter_map(|url| url.parsed.clone()).collect());
    let (accepted, reason) =
        if urls.iter().any(UrlVerdict::is_unparsable) { (false, None) } else { whole(provider, &request) };
    Explanation { accepted, reason, urls, asks: Vec::new() }
}

/// The verdict on a manifest. What a provider parses in it, parses here: its URLs are URLs.
pub(super) fn explain_manifest(provider: &Provider, manifest: &Manifest) -> Explanation {
    let texts: &[String] = match manifest.out().map(|out| &out.access) {
        Some(Access::Urls(urls)) => urls,
        _ => &[],
    };
    let urls = texts
        .iter()
        .filter_map(|text| Some((text, Url::parse(text).ok()?)))
        .map(|(text, url)| judge_url(&provider.rules, &provider.whitelist, text, url))
        .collect();
    let (accepted, reason) = whole(provider, &manifest.request());
    Explanation { accepted, reason, urls, asks: manifest.describe() }
}

fn whole(provider: &Provider, request: &OutboundRequest) -> (bool, Option<String>) {
    let rejection = decide(&provider.rules, &provider.whitelist, request).err();
    (rejection.is_none(), rejection.map(|rejection| rejection.to_string()))
}

/// One URL on its own.
pub(in crate::commands) fn judge(rules: &Rules, whitelist: &Whitelist, text: &str) -> UrlVerdict {
    let text = text.trim();
    match parse(text) {
        Ok(url) => judge_url(rules, whitelist, text, url),
        Err((error, suggestion)) => UrlVerdict {
            url: text.to_owned(),
            host: None,
            accepted: false,
            pattern: None,
            suggestion,
            error: Some(error),
            parsed: None,
            worth_asking: false,
            notes: Vec::new(),
        },
    }
}

/// `ipfs.io:443` and `localhost:8080` parse as URLs of the schemes `ipfs.io` and `localhost`, but nobody means that.
fn parse(text: &str) -> Result<Url, (String, Option<String>)> {
    let has_port_for_path =
        |url: &Url| url.cannot_be_a_base() && url.path().starts_with(|c: char| c.is_ascii_digit());
    let is_host = |url: &Url| url.scheme().contains('.') || has_port_for_path(url);
    match Url::parse(text) {
        Ok(url) if !is_host(&url) => Ok(url),
        Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase) => {
            Err(("it has no scheme".to_owned(), with_scheme(text)))
        }
        Err(error) => Err((format!("it is no URL: {error}"), None)),
    }
}

fn judge_url(rules: &Rules, whitelist: &Whitelist, text: &str, url: Url) -> UrlVerdict {
    let host = url.host_str().map(str::to_owned);
    let pattern = host.as_deref().and_then(|host| whitelist.matches(host)).cloned();
    let accepted = decide(rules, whitelist, &OutboundRequest::Urls(vec![url.clone()])).is_ok();
    let mut notes = vec![format!("Negotiation: {}.", negotiation(rules, host.as_deref(), pattern.as_ref()))];
    let not_listed = !accepted && pattern.is_none() && rules.enabled && rules.everyone == Mode::Whitelist;
    if let Some(host) = host.as_deref().filter(|_| not_listed) {
        notes.extend(near_misses(whitelist, host));
    }
    let obstacle = obstacle(text, &url);
    notes.push(match &obstacle {
        None => run_time(&url, accepted),
        Some(obstacle) => obstacle.sentence(),
    });
    let error = obstacle.as_ref().map(Obstacle::text);
    let Instead { suggestion, notes: advice, worth_asking } =
        instead(&url, whitelist, accepted, not_listed && obstacle.is_none());
    notes.extend(advice);
    UrlVerdict {
        url: text.to_owned(),
        host,
        accepted,
        pattern,
        suggestion,
        error,
        parsed: Some(url),
        worth_asking,
        notes,
    }
}

/// What is compared, and with which result.
fn negotiation(rules: &Rules, host: Option<&str>, pattern: Option<&DomainPattern>) -> String {
    match (host, pattern) {
        _ if !rules.enabled => "the provider has switched outbound access off".to_owned(),
        _ if rules.everyone == Mode::None => "the provider's Everyone rule lets nothing through".to_owned(),
        _ if rules.everyone == Mode::All => "the provider's Everyone rule lets everything through".to_owned(),
        (None, _) => "it has no host, so the whitelist is not asked".to_owned(),
        (Some(host), Some(pattern)) => {
            format!("`{host}` matches the {} pattern `{}`", pattern.kind.word(), pattern.domain)
        }
        (Some(host), None) => format!("no pattern of the whitelist matches `{host}`"),
    }
}

fn near_misses(whitelist: &Whitelist, host: &str) -> Vec<String> {
    let say = |miss: NearMiss<'_>| {
        format!("Near: {} `{}`, but {}.", miss.pattern.kind.word(), miss.pattern.domain, miss.why)
    };
    nearest(whitelist, host).into_iter().map(say).collect()
}

/// Why no node can have a URL, whatever providers say to it.
enum Obstacle {
    /// ray-on-golem never sends it.
    Refused(AnyUrlError),
    /// It is the end of every node that is started with it.
    NoStart(FilterError),
    /// An address that the exe-unit takes for a name, and that nodes could not reach either.
    Ipv6,
}

impl Obstacle {
    fn text(&self) -> String {
        match self {
            Self::Refused(why) => format!("ray-on-golem refuses it: {why}"),
            Self::NoStart(why) => format!("{START_ERROR}{why}"),
            Self::Ipv6 => "nodes have no IPv6".to_owned(),
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Refused(AnyUrlError::Host) => {
                "But ray-on-golem refuses it in `outbound_urls`: `URL host invalid`. \
                                                 There are no wildcards: list every host by its full name."
                    .to_owned()
            }
            Self::Refused(why) => format!("But ray-on-golem refuses it in `outbound_urls`: `{why}`."),
            Self::NoStart(FilterError::UnknownPort(url))
                if url.has_host() && rewrite(url) == Rewrite::Fine =>
            {
                format!(
                    "But no node starts with it: `{}`. Write the port behind the host, such as `:8080`.",
                    self.text()
                )
            }
            Self::NoStart(_) => format!("But no node starts with it: `{}`.", self.text()),
            Self::Ipv6 => {
                "But nodes have no IPv6, and none starts with an IPv6 address among its URLs.".to_owned()
            }
        }
    }
}

fn obstacle(text: &str, url: &Url) -> Option<Obstacle> {
    if let Err(why) = endpoint(url) {
        return Some(Obstacle::NoStart(why));
    }
    if matches!(url.host(), Some(url::Host::Ipv6(_))) {
        return Some(Obstacle::Ipv6);
    }
    // What is behind the host may be written in a script as a list has it not; only the origin is declared.
    AnyUrl::parse(text)
        .err()
        .filter(|why| {
            matches!(why, AnyUrlError::Scheme | AnyUrlError::Host | AnyUrlError::Port | AnyUrlError::Idna)
        })
        .map(Obstacle::Refused)
}

/// What it opens when a node starts.
fn run_time(url: &Url, accepted: bool) -> String {
    let Ok((protocol, host, port)) = endpoint(url) else { return String::new() };
    let beside = match url.scheme() {
        _ if !accepted => {
            return format!("Run time: if a provider accepts it, {protocol} port {port} opens.");
        }
        "https" if port == 443 => format!("; `http://{host}` (port 80) is an entry of its own"),
        "http" if port == 80 => format!("; `https://{host}` (port 443) is an entry of its own"),
        _ => String::new(),
    };
    format!("Run time: {protocol} port {port} of `{host}` opens{beside}.")
}

pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
