//! What yagna and ray-on-golem do with outbound URLs: share links, whitelist, rules, manifest, run-time filter.
//!
//! May import `error` and `diagnostic`. Invariant: everything here is pure; names are resolved only by a closure that
//! the caller brings, and every rule names the place in yagna or ray-on-golem that it mirrors.

pub mod any_url;
pub mod filter;
pub mod known_hosts;
pub mod manifest;
pub mod near_miss;
pub mod negotiation;
pub mod rules;
pub mod share_link;
pub mod whitelist;

use url::Url;

/// What a manifest asks for, as yagna's `OutboundAccess` (`utils/manifest-utils/src/manifest.rs`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboundRequest {
    /// No outbound access: no manifest, no `out`, or an empty list of URLs.
    None,
    /// Everything, `unrestricted: {urls: true}`. ray-on-golem 0.13 cannot ask for it.
    Unrestricted,
    /// These URLs, of which negotiation compares the host only.
    Urls(Vec<Url>),
}
