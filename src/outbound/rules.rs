//! The provider's outbound rules: whether a request is accepted, and the words of a rejection.
//!
//! May import nothing of the house. Invariant: a [`Rejection`]'s text is yagna's, letter by letter, because people
//! read it in `ray-on-golem network-stats` and search for it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use super::OutboundRequest;
use super::whitelist::Whitelist;

/// What a rule lets through (`agent/provider/src/rules/outbound.rs`, `Mode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Everything, unrestricted access too.
    All,
    /// URLs whose hosts are all on the whitelist; unrestricted access never.
    #[default]
    Whitelist,
    /// Nothing.
    None,
}

/// The rule of one certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertRule {
    /// What the rule lets through.
    pub mode: Mode,
    /// The provider's own note.
    #[serde(default)]
    pub description: String,
}

/// The object `outbound` of a provider's `rules.json`, with yagna's defaults (`rules/outbound.rs:303-312`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Rules {
    /// `false` rejects whatever requests outbound access.
    pub enabled: bool,
    /// The rule for requestors without signatures, such as ray-on-golem.
    pub everyone: Mode,
    /// Certificate to rule, for signed manifests. ray-on-golem does not sign, so these never apply to it.
    pub audited_payload: BTreeMap<String, CertRule>,
    /// Certificate to rule, for requestors with a node descriptor. None is considered by [`decide`].
    pub partner: BTreeMap<String, CertRule>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            enabled: true,
            everyone: Mode::Whitelist,
            audited_payload: BTreeMap::new(),
            partner: BTreeMap::new(),
        }
    }
}

/// Why a request was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Nothing was requested, so no rule was asked (`negotiator/builtin/manifest.rs`).
    NotRequested,
    /// The Everyone rule lets it through.
    Everyone,
}

/// Why a request was rejected. `Display` gives yagna's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The provider switched outbound access off.
    Disabled,
    /// No rule lets it through; the Everyone rule says whether it is switched off or did not match.
    NoRule {
        /// The mode of the Everyone rule, which is not [`Mode::All`].
        everyone: Mode,
    },
}

impl fmt::Display for Rejection {
    /// Each reason is followed by ` ; `, the last one too (`rules/outbound.rs:97-118`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let everyone = match self {
            Self::Disabled => return f.write_str("outbound is disabled"),
            Self::NoRule { everyone: Mode::None } => "Everyone rule is disabled",
            Self::NoRule { everyone: _ } => "Everyone rule didn't match whitelist",
        };
        write!(
            f,
            "Outbound rejected because: {everyone} ; Audited-Payload rule requires manifest signature ; \
             Partner rule requires node descriptor ; "
        )
    }
}

/// Decides about an unsigned request without a node descriptor, as every request of ray-on-golem 0.13 is unless its
/// yaml names a descriptor (`rules/outbound.rs:88-118`). One host that is not on the whitelist fails it for all URLs.
///
/// # Errors
/// The rejection that a provider sends.
pub fn decide(
    rules: &Rules,
    whitelist: &Whitelist,
    request: &OutboundRequest,
) -> Result<Accepted, Rejection> {
    if *request == OutboundRequest::None {
        return Ok(Accepted::NotRequested);
    }
    if !rules.enabled {
        return Err(Rejection::Disabled);
    }
    let accepted = match (rules.everyone, request) {
        (Mode::All, _) => true,
        (Mode::Whitelist, OutboundRequest::Urls(urls)) => not_whitelisted(whitelist, urls).is_empty(),
        (Mode::Whitelist | Mode::None, _) => false,
    };
    if accepted { Ok(Accepted::Everyone) } else { Err(Rejection::NoRule { everyone: rules.everyone }) }
}

/// The URLs whose host no pattern matches. A URL without a host is not compared at all (`rules/outbound.rs:229-233`).
pub fn not_whitelisted<'a>(whitelist: &Whitelist, urls: &'a [Url]) -> Vec<&'a Url> {
    urls.iter().filter(|url| url.host_str().is_some_and(|host| whitelist.matches(host).is_none())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(texts: &[&str]) -> OutboundRequest {
        OutboundRequest::Urls(texts.iter().map(|text| Url::parse(text).unwrap()).collect())
    }

    fn verdict(rules: &Rules, request: &OutboundRequest) -> Result<Accepted, String> {
        decide(rules, &Whitelist::snapshot(), request).map_err(|rejection| rejection.to_string())
    }

    const NO_MATCH: &str = "Outbound rejected because: Everyone rule didn't match whitelist ; Audited-Payload rule \
                            requires manifest signature ; Partner rule requires node descriptor ; ";

    #[test]
    fn only_the_host_counts_in_negotiation() {
        let request = urls(&[
            "http://ipfs.io:8443/x",
            "ftp://ipfs.io",
            "https://u:p@ipfs.io",
            "https://0x37aCF53",
            "data:,x",
        ]);
        assert_eq!(verdict(&Rules::default(), &request), Ok(Accepted::Everyone));
    }

    #[test]
    fn one_host_off_the_list_fails_all() {
        let request = urls(&["https://ipfs.io", "https://www.dropbox.com/s/a/b"]);
        assert_eq!(verdict(&Rules::default(), &request), Err(NO_MATCH.to_owned()));
    }

    #[test]
    fn unrestricted_never_passes_a_whitelist() {
        assert_eq!(verdict(&Rules::default(), &OutboundRequest::Unrestricted), Err(NO_MATCH.to_owned()));
        let all = Rules { everyone: Mode::All, ..Rules::default() };
        assert_eq!(verdict(&all, &OutboundRequest::Unrestricted), Ok(Accepted::Everyone));
    }

    #[test]
    fn modes_have_their_own_words() {
        let none = Rules { everyone: Mode::None, ..Rules::default() };
        assert_eq!(
            verdict(&none, &urls(&["https://ipfs.io"])).unwrap_err(),
            NO_MATCH.replace("rule didn't match whitelist", "rule is disabled")
        );
        let disabled = Rules { enabled: false, everyone: Mode::All, ..Rules::default() };
        assert_eq!(verdict(&disabled, &urls(&["https://ipfs.io"])).unwrap_err(), "outbound is disabled");
    }

    #[test]
    fn what_asks_for_nothing_is_accepted_even_where_outbound_is_disabled() {
        let disabled = Rules { enabled: false, ..Rules::default() };
        assert_eq!(verdict(&disabled, &OutboundRequest::None), Ok(Accepted::NotRequested));
    }

    #[test]
    fn rules_are_read_from_provider_files() {
        let rules: Rules = serde_yaml::from_str("{enabled: true, everyone: whitelist}").unwrap();
        assert_eq!(rules, Rules::default());
        let rules: Rules = serde_yaml::from_str("audited-payload: {ab12: {mode: all}}").unwrap();
        assert_eq!(rules.audited_payload["ab12"].mode, Mode::All);
        assert!(serde_yaml::from_str::<Rules>("everybody: all").is_err());
        assert!(serde_yaml::from_str::<Rules>("everyone: some").is_err());
    }
}
