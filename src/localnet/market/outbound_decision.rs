//! Whether a provider accepts a demand's outbound request: the seam to the outbound rules.
//!
//! May import `localnet::exe_unit`. Invariant: the rules themselves live in the room `outbound`, never here.

use std::sync::Arc;

use crate::localnet::exe_unit::OutboundAccess;

/// A provider's outbound configuration as its YAML says it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderPolicy {
    /// `rules`, as in `providers.yaml`.
    pub rules: serde_yaml::Value,
    /// `whitelist`, as in `providers.yaml`; null for the default whitelist.
    pub whitelist: serde_yaml::Value,
}

/// Decides on a demand's manifest (`golem.srv.comp.payload`, if there is one): what the node may reach, or the
/// rejection's text as yagna words it.
pub type OutboundDecision =
    Arc<dyn Fn(&ProviderPolicy, Option<&str>) -> Result<OutboundAccess, String> + Send + Sync>;
