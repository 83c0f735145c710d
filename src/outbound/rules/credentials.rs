//! What a requestor shows beside its request: a signature of the manifest, a node descriptor.
//!
//! May import its parent. Invariant: nothing is verified here. Whether a signature is good is known to the caller; the
//! rules only say what follows from it.

use url::Url;

use super::{OutboundRequest, Reason};

/// What a requestor shows. The default is a requestor that shows nothing.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The node ID of the requestor.
    pub requestor_id: String,
    /// The certificates of a signed manifest, from the root to the leaf, or why its signature is no good.
    pub manifest_signature: Option<Result<Vec<String>, SignatureError>>,
    /// The verified node descriptor, or why it cannot be verified.
    pub node_descriptor: Option<Result<NodeDescriptor, String>>,
}

/// Why a signature is no good. The texts are those of the provider's key store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The certificate cannot be verified; yagna gives the text alone (`keystore.rs`, `verifier`).
    #[error("{0}")]
    Certificate(String),
    /// The signature does not fit the manifest.
    #[error("Audited-Payload rule: {0}")]
    Mismatch(String),
}

/// A node descriptor whose own signature is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeDescriptor {
    /// The node that it was made for.
    pub node_id: String,
    /// What its certificate permits.
    pub permissions: Permissions,
    /// The fingerprints of its certificates, in the order in which rules are looked for.
    pub chain: Vec<String>,
}

/// What a Golem certificate permits its nodes to request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permissions {
    /// Everything.
    All,
    /// All outbound access.
    Unrestricted,
    /// These URLs and no others.
    Urls(Vec<Url>),
    /// Other things, but no outbound access.
    NoOutbound,
}

impl Permissions {
    /// URLs are compared whole, not by their hosts: `https://a.io/x` is not covered by `https://a.io`
    /// (`rules/outbound.rs:256-286`).
    pub(super) fn cover(&self, request: &OutboundRequest) -> Result<(), Reason> {
        match (self, request) {
            (Self::All | Self::Unrestricted, _) => Ok(()),
            (Self::NoOutbound, _) => Err(Reason::NoPermissions),
            (Self::Urls(_), OutboundRequest::Unrestricted) => Err(Reason::UrlsOnly),
            (Self::Urls(_), OutboundRequest::None) => Ok(()),
            (Self::Urls(permitted), OutboundRequest::Urls(requested)) => {
                match requested.iter().find(|url| !permitted.contains(url)) {
                    Some(url) => Err(Reason::ForbiddenUrl(url.clone())),
                    None => Ok(()),
                }
            }
        }
    }
}
