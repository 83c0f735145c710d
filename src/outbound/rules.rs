//! The provider's outbound rules: whether a request is accepted.
//!
//! May import nothing of the house. Invariant: each rule judges the whole request, and one that says yes is enough, so
//! two URLs are never covered by two different rules (`agent/provider/src/rules/outbound.rs:88-118`).

mod credentials;
mod file;
mod rejection;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::OutboundRequest;
use super::whitelist::Whitelist;

pub use credentials::{Credentials, NodeDescriptor, Permissions, SignatureError};
pub use rejection::{Reason, Rejection};

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
    /// `false` rejects whatever requests outbound access, whatever the rules say.
    pub enabled: bool,
    /// The rule for requestors without signatures, such as ray-on-golem.
    pub everyone: Mode,
    /// Certificate to rule, for signed manifests. ray-on-golem does not sign, so these never apply to it.
    pub audited_payload: BTreeMap<String, CertRule>,
    /// Certificate to rule, for requestors with a node descriptor (`demand.node_descriptor` of ray-on-golem).
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

/// A kind of rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// For every requestor.
    Everyone,
    /// For signed manifests.
    AuditedPayload,
    /// For requestors with a node descriptor.
    Partner,
}

/// Why a request was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Nothing was requested, or the provider does not look, so no rule was asked (`negotiator/builtin/manifest.rs`).
    NotAsked,
    /// This rule lets it through; of several the first in yagna's order.
    By(Rule),
}

/// Decides about an unsigned request without a node descriptor, as every request of ray-on-golem 0.13 is unless its
/// yaml names a descriptor. One host that is not on the whitelist fails it for all URLs.
///
/// # Errors
/// The rejection that a provider sends.
pub fn decide(
    rules: &Rules,
    whitelist: &Whitelist,
    request: &OutboundRequest,
) -> Result<Accepted, Rejection> {
    decide_for(rules, whitelist, request, &Credentials::default())
}

/// Decides about a request with what its requestor shows (`rules/outbound.rs:88-118`).
///
/// # Errors
/// The rejection that a provider sends. It is final: the provider answers no further proposal of this negotiation
/// (`negotiator/builtin/manifest.rs:113-118`).
pub fn decide_for(
    rules: &Rules,
    whitelist: &Whitelist,
    request: &OutboundRequest,
    credentials: &Credentials,
) -> Result<Accepted, Rejection> {
    if *request == OutboundRequest::None {
        return Ok(Accepted::NotAsked);
    }
    if !rules.enabled {
        return Err(Rejection::Disabled);
    }
    let judge = Judge { rules, whitelist, request };
    let reasons = [
        (Rule::Everyone, judge.mode(Rule::Everyone, rules.everyone)),
        (Rule::AuditedPayload, judge.audited_payload(credentials)),
        (Rule::Partner, judge.partner(credentials)),
    ];
    match reasons.iter().find(|(_, verdict)| verdict.is_ok()) {
        Some((rule, _)) => Ok(Accepted::By(*rule)),
        None => {
            Err(Rejection::NoRule(reasons.into_iter().filter_map(|(_, verdict)| verdict.err()).collect()))
        }
    }
}

/// One request before one provider.
struct Judge<'a> {
    rules: &'a Rules,
    whitelist: &'a Whitelist,
    request: &'a OutboundRequest,
}

impl Judge<'_> {
    /// `rules/outbound.rs:207-248`.
    fn mode(&self, rule: Rule, mode: Mode) -> Result<(), Reason> {
        match (mode, self.request) {
            (Mode::All, _) => Ok(()),
            (Mode::None, _) => Err(Reason::RuleDisabled(rule)),
            (Mode::Whitelist, OutboundRequest::Urls(urls))
                if not_whitelisted(self.whitelist, urls).is_empty() =>
            {
                Ok(())
            }
            (Mode::Whitelist, _) => Err(Reason::NotWhitelisted(rule)),
        }
    }

    /// The rule of the certificate nearest to the leaf wins; others are not asked (`rules/outbound.rs:127-160`).
    fn audited_payload(&self, credentials: &Credentials) -> Result<(), Reason> {
        let chain = match &credentials.manifest_signature {
            None => return Err(Reason::NoSignature),
            Some(Err(error)) => return Err(Reason::Signature(error.clone())),
            Some(Ok(chain)) => chain,
        };
        match chain.iter().rev().find_map(|cert| self.rules.audited_payload.get(cert)) {
            Some(rule) => self.mode(Rule::AuditedPayload, rule.mode),
            None => Err(Reason::ChainNotTrusted(Rule::AuditedPayload, chain.clone())),
        }
    }

    /// Descriptor, node, permissions, certificate, in this order (`rules/outbound.rs:162-205`).
    fn partner(&self, credentials: &Credentials) -> Result<(), Reason> {
        let descriptor = match &credentials.node_descriptor {
            None => return Err(Reason::NoDescriptor),
            Some(Err(error)) => return Err(Reason::Descriptor(error.clone())),
            Some(Ok(descriptor)) => descriptor,
        };
        if descriptor.node_id != credentials.requestor_id {
            return Err(Reason::NodesMismatch {
                requestor: credentials.requestor_id.clone(),
                certified: descriptor.node_id.clone(),
            });
        }
        descriptor.permissions.cover(self.request)?;
        match descriptor.chain.iter().find_map(|cert| self.rules.partner.get(cert)) {
            Some(rule) => self.mode(Rule::Partner, rule.mode),
            None => Err(Reason::ChainNotTrusted(Rule::Partner, descriptor.chain.clone())),
        }
    }
}

/// The URLs whose host no pattern matches. A URL without a host is not compared at all (`rules/outbound.rs:229-233`).
pub fn not_whitelisted<'a>(whitelist: &Whitelist, urls: &'a [Url]) -> Vec<&'a Url> {
    urls.iter().filter(|url| url.host_str().is_some_and(|host| whitelist.matches(host).is_none())).collect()
}
