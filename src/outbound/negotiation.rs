//! A provider's answer to a demand, as far as the demand's manifest decides it.
//!
//! May import nothing of the house. Invariant: the order of the questions is that of yagna's component
//! (`agent/provider/src/market/negotiator/builtin/manifest.rs:21-110`).

use super::OutboundRequest;
use super::manifest::Manifest;
use super::rules::{Accepted, Credentials, Rules, decide_for};
use super::whitelist::Whitelist;

/// The property that a provider can trust, so that manifests which ask for the Internet are not looked at.
const CAPABILITIES: &str = "golem.runtime.capabilities";

/// Whether a provider looks at manifests at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManifestCheck {
    enabled: bool,
}

impl Default for ManifestCheck {
    /// A provider that was started without arguments looks.
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl ManifestCheck {
    /// Of the arguments `--policy-disable-component` and `--policy-trust-property`, or the variables of these names:
    /// names of components, and properties with the values that are trusted, `a=1|2`, or all of them, `a`
    /// (`utils/manifest-utils/src/policy.rs`).
    pub fn of(disabled: &[&str], trusted: &[&str]) -> Self {
        let off = |name: &&str| {
            name.eq_ignore_ascii_case("all") || name.eq_ignore_ascii_case("manifest_signature_validation")
        };
        // Of several entries for one property the last counts.
        let capabilities = trusted.iter().rev().find_map(|entry| match entry.split_once('=') {
            Some((CAPABILITIES, values)) => Some(values.split('|').any(|value| value.trim() == "inet")),
            None if *entry == CAPABILITIES => Some(true),
            _ => None,
        });
        Self { enabled: !disabled.iter().any(off) && !capabilities.unwrap_or(false) }
    }
}

/// What a provider decides by.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// Whether it looks at all.
    pub check: ManifestCheck,
    /// Its rules.
    pub rules: &'a Rules,
    /// Its whitelist.
    pub whitelist: &'a Whitelist,
}

/// Answers a demand with this `golem.srv.comp.payload`, if it has one: what a node may reach, and why.
///
/// # Errors
/// The reason of the rejection, which is final (`is_final: true`, `negotiator/builtin/manifest.rs:113-118`).
pub fn answer(
    policy: Policy<'_>,
    payload: Option<&str>,
    credentials: &Credentials,
) -> Result<(OutboundRequest, Accepted), String> {
    let Some(payload) = payload else { return Ok((OutboundRequest::None, Accepted::NotAsked)) };
    let manifest = Manifest::decode(payload);
    if !policy.check.enabled {
        let request = manifest.map_or(OutboundRequest::None, |manifest| manifest.request());
        return Ok((request, Accepted::NotAsked));
    }
    let request = manifest.map_err(|error| error.to_string())?.request();
    let accepted = decide_for(policy.rules, policy.whitelist, &request, credentials)
        .map_err(|rejection| rejection.to_string())?;
    Ok((request, accepted))
}

#[cfg(test)]
mod tests {
    use super::super::any_url::AnyUrl;
    use super::super::rules::{Mode, Rule};
    use super::*;

    fn payload(urls: &[&str]) -> String {
        let urls: Vec<AnyUrl> = urls.iter().map(|url| AnyUrl::parse(url).unwrap()).collect();
        Manifest::of_ray_on_golem("http://image", "00", &urls).to_base64()
    }

    fn by(check: ManifestCheck, rules: &Rules, payload: Option<&str>) -> Result<Accepted, String> {
        let policy = Policy { check, rules, whitelist: &Whitelist::snapshot() };
        answer(policy, payload, &Credentials::default()).map(|(_, accepted)| accepted)
    }

    fn looks(disabled: &[&str], trusted: &[&str]) -> bool {
        let closed = Rules { enabled: false, ..Rules::default() };
        by(ManifestCheck::of(disabled, trusted), &closed, Some(&payload(&["https://ipfs.io"]))).is_err()
    }

    #[test]
    fn rules_run_only_if_outbound_is_requested() {
        let closed = Rules { enabled: false, ..Rules::default() };
        let (nothing, something) = (payload(&[]), payload(&["https://ipfs.io"]));
        let by = |payload| by(ManifestCheck::default(), &closed, payload);
        assert_eq!(by(None), Ok(Accepted::NotAsked));
        assert_eq!(by(Some(&nothing)), Ok(Accepted::NotAsked));
        assert_eq!(by(Some(&something)), Err("outbound is disabled".into()));
    }

    #[test]
    fn a_manifest_that_cannot_be_decoded_is_rejected_even_where_all_is_allowed() {
        let open = Rules { everyone: Mode::All, ..Rules::default() };
        let refused = by(ManifestCheck::default(), &open, Some("e30=")).unwrap_err();
        assert!(refused.starts_with("invalid manifest: ManifestFormat("), "{refused}");
        assert_eq!(
            by(ManifestCheck::default(), &open, Some(&payload(&["https://x.io"]))),
            Ok(Accepted::By(Rule::Everyone))
        );
    }

    #[test]
    fn the_component_can_be_disabled_by_its_name_or_with_all_others() {
        assert!(looks(&[], &[]));
        assert!(!looks(&["all"], &[]));
        assert!(!looks(&["manifest_signature_validation"], &[]));
        assert!(!looks(&["MANIFEST_SIGNATURE_VALIDATION"], &[]));
        assert!(looks(&["manifest_compliance", "manifest_inet_url_compliance"], &[]));
    }

    #[test]
    fn a_provider_that_trusts_the_capability_inet_does_not_look() {
        assert!(!looks(&[], &["golem.runtime.capabilities"]));
        assert!(!looks(&[], &["golem.runtime.capabilities=inet"]));
        assert!(!looks(&[], &["golem.runtime.capabilities=vpn | inet", "golem.srv.caps"]));
        assert!(looks(&[], &["golem.runtime.capabilities=vpn"]));
        assert!(looks(&[], &["golem.srv.caps=inet"]));
    }

    #[test]
    fn a_provider_that_does_not_look_accepts_what_it_cannot_read() {
        let check = ManifestCheck::of(&["all"], &[]);
        assert_eq!(by(check, &Rules::default(), Some("%")), Ok(Accepted::NotAsked));
    }
}
