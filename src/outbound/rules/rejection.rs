//! The words of a rejection.
//!
//! May import its parent. Invariant: the texts are yagna's, letter by letter, doubled words and trailing separators
//! included, because people read them in `ray-on-golem network-stats` and search for them.

use std::fmt;

use url::Url;

use super::{Rule, SignatureError};

/// Why a request was rejected. `Display` gives the text that the requestor gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The provider switched outbound access off.
    Disabled,
    /// No rule lets it through, each for its own reason, in yagna's order.
    NoRule(Vec<Reason>),
}

impl fmt::Display for Rejection {
    /// Each reason is followed by ` ; `, the last one too (`rules/outbound.rs:97-118`, `extract_rejected_message`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disabled => f.write_str("outbound is disabled"),
            Self::NoRule(reasons) => {
                f.write_str("Outbound rejected because: ")?;
                reasons.iter().try_for_each(|reason| write!(f, "{reason} ; "))
            }
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Everyone => "Everyone",
            Self::AuditedPayload => "Audited-Payload",
            Self::Partner => "Partner",
        })
    }
}

/// Why one rule does not let a request through (`rules/outbound.rs:120-286`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Its mode is `whitelist`, and a host is not on it or the request is unrestricted.
    #[error("{0} rule didn't match whitelist")]
    NotWhitelisted(Rule),
    /// Its mode is `none`.
    #[error("{0} rule is disabled")]
    RuleDisabled(Rule),
    /// No certificate of the requestor has a rule.
    #[error("{0} rule whole chain of cert_ids is not trusted: {1:?}")]
    ChainNotTrusted(Rule, Vec<String>),
    /// The manifest is not signed: always so for ray-on-golem.
    #[error("Audited-Payload rule requires manifest signature")]
    NoSignature,
    /// The signature is no good.
    #[error("{0}")]
    Signature(SignatureError),
    /// The requestor sent no node descriptor.
    #[error("Partner rule requires node descriptor")]
    NoDescriptor,
    /// The descriptor cannot be verified.
    #[error("Partner {0}")]
    Descriptor(String),
    /// The descriptor was made for another node.
    #[error("Partner rule nodes mismatch. requestor node_id: {requestor} but cert node_id: {certified}")]
    NodesMismatch {
        /// Who asks.
        requestor: String,
        /// Whom the descriptor names.
        certified: String,
    },
    /// The certificate permits other URLs only. The doubled word is yagna's.
    #[error("Partner Partner rule forbidden url requested: {0}")]
    ForbiddenUrl(Url),
    /// The certificate permits URLs, and everything is requested.
    #[error(
        "Partner Manifest tries to use Unrestricted access, but certificate allows only for specific urls"
    )]
    UrlsOnly,
    /// The certificate permits no outbound access.
    #[error("Partner No outbound permissions")]
    NoPermissions,
}
