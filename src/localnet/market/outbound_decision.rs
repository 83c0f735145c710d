//! Whether a provider accepts a demand's outbound request: the seam to the outbound rules.
//!
//! May import `outbound`. Invariant: the rules themselves live in the room `outbound`, never
//! here.

use std::sync::Arc;

use crate::outbound::OutboundRequest;
use crate::outbound::negotiation::{ManifestCheck, Policy, answer};
use crate::outbound::rules::{Credentials, Rules};
use crate::outbound::whitelist::Whitelist;

/// What a node may reach outside the VPN (yagna `exe-unit/src/manifest.rs`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboundAccess {
    /// No manifest, so no network beside the VPN; names do not resolve.
    None,
    /// The URLs of the manifest, resolved once at start to (protocol, IP, port), and DNS.
    Urls(Vec<url::Url>),
    /// Everything.
    Unrestricted,
}

/// A provider's outbound configuration.
#[derive(Clone, Debug)]
pub struct ProviderPolicy {
    /// Its rules.
    pub rules: Rules,
    /// Its whitelist.
    pub whitelist: Whitelist,
}

/// Decides on a demand's manifest (`golem.srv.comp.payload`, if there is one): what the node may reach, or the
/// rejection's text as yagna words it.
pub type OutboundDecision =
    Arc<dyn Fn(&ProviderPolicy, Option<&str>) -> Result<OutboundAccess, String> + Send + Sync>;

/// The decision that every provider of a localnet takes: yagna's.
pub fn by_the_rules() -> OutboundDecision {
    Arc::new(|policy, payload| {
        let policy =
            Policy { check: ManifestCheck::default(), rules: &policy.rules, whitelist: &policy.whitelist };
        // No certificate authority is emulated: a node descriptor counts as none.
        let (request, _) = answer(policy, payload, &Credentials::default())?;
        Ok(match request {
            OutboundRequest::None => OutboundAccess::None,
            OutboundRequest::Unrestricted => OutboundAccess::Unrestricted,
            OutboundRequest::Urls(urls) => OutboundAccess::Urls(urls),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::localnet::market::Provider;
    use crate::localnet::market::provider::DEFAULT_PROVIDERS;
    use crate::outbound::manifest::Manifest;
    use crate::outbound::rules::Mode;

    /// How many of the default providers in a subnet accept these URLs.
    fn accepting(subnet: &str, urls: &[&str]) -> usize {
        let urls: Vec<url::Url> = urls.iter().map(|url| url.parse().unwrap()).collect();
        let manifest = Manifest::of_ray_on_golem("http://image", "00", &urls).to_base64();
        let providers = Provider::list(DEFAULT_PROVIDERS, "providers.yaml").unwrap();
        let decide = by_the_rules();
        providers
            .iter()
            .filter(|provider| provider.subnet == subnet)
            .filter(|provider| decide(&provider.policy(), Some(&manifest)).is_ok())
            .count()
    }

    #[test]
    fn the_default_market_takes_the_tutorials_hosts_and_hardly_any_other() {
        let tutorial = ["https://ipfs.io", "https://dl.dropboxusercontent.com"];
        assert!(accepting("public", &tutorial) >= 6);
        assert!(accepting("ray-on-golem-heads", &tutorial) >= 3);
        assert!((1..=2).contains(&accepting("public", &["https://example.org"])));
    }

    #[test]
    fn a_refusal_is_in_yagnas_words() {
        let policy = ProviderPolicy {
            rules: Rules { everyone: Mode::Whitelist, ..Rules::default() },
            whitelist: Whitelist::snapshot(),
        };
        let urls: [url::Url; 1] = ["https://example.org".parse().unwrap()];
        let manifest = Manifest::of_ray_on_golem("http://image", "00", &urls).to_base64();
        let refusal = by_the_rules()(&policy, Some(&manifest)).unwrap_err();
        assert_eq!(
            refusal,
            "Outbound rejected because: Everyone rule didn't match whitelist ; Audited-Payload rule requires \
             manifest signature ; Partner rule requires node descriptor ; "
        );
        assert_eq!(by_the_rules()(&policy, None), Ok(OutboundAccess::None));
    }
}
