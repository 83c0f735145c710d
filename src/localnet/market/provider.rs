//! A provider of the localnet as data: one entry of `providers.yaml`.
//!
//! May import `error` and `outbound`. Invariant: an entry with an unknown or a missing field is refused, never guessed at.

use sha2::{Digest, Sha256};

use super::glm::Glm;
use super::outbound_decision::ProviderPolicy;
use super::pricing::LinearPricing;
use crate::error::{Error, Result};
use crate::outbound::rules::Rules;
use crate::outbound::whitelist::Whitelist;

/// The providers of every localnet that names no others.
pub const DEFAULT_PROVIDERS: &str = include_str!("providers.yaml");

/// A provider. The file's head documents every field for people.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// `golem.node.id.name`.
    pub name: String,
    /// `golem.node.debug.subnet`.
    pub subnet: String,
    /// `golem.inf.cpu.threads`.
    pub cpu_threads: u32,
    /// `golem.inf.mem.gib`.
    pub mem_gib: f64,
    /// `golem.inf.storage.gib`.
    pub storage_gib: f64,
    /// What it asks for.
    pub prices: Prices,
    /// Outbound rules; absent for yagna's defaults.
    #[serde(default)]
    pub rules: Rules,
    /// Its whitelist; absent for the one that the installer brings.
    #[serde(default = "installed_whitelist")]
    pub whitelist: Whitelist,
    /// Whether it supports payments while an agreement runs.
    #[serde(default = "yes")]
    pub mid_agreement_payments: bool,
    /// The longest time that an agreement may last, in hours.
    #[serde(default = "a_decade")]
    pub max_agreement_hours: u64,
    /// The words in which it rejects every counter-proposal, if it does.
    #[serde(default)]
    pub rejects_with: Option<String>,
    /// What goes wrong with it.
    #[serde(default)]
    pub faults: Vec<Fault>,
}

/// Prices in GLM.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Once, when an activity starts.
    pub start: Glm,
    /// For an hour of one busy thread.
    pub cpu_hour: Glm,
    /// For an hour of the activity's life.
    pub env_hour: Glm,
}

/// Something that a provider gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Never answers a counter-proposal.
    NoProposalResponse,
    /// Rejects every counter-proposal, in the words of a provider that is busy.
    RejectsProposals,
    /// Rejects every agreement that is proposed to it.
    RejectsAgreement,
    /// The exe-unit's `deploy` ends with an error.
    DeployFails,
    /// The exe-unit's `deploy` never ends.
    DeployHangs,
    /// Nothing answers on its nodes' port 22.
    SshNeverUp,
}

fn installed_whitelist() -> Whitelist {
    Whitelist::snapshot()
}

fn yes() -> bool {
    true
}

fn a_decade() -> u64 {
    24 * 366 * 10
}

impl Provider {
    /// Reads a list of providers; `origin` names it in errors.
    ///
    /// # Errors
    /// When the text is not such a list, or two providers bear one name.
    pub fn list(yaml: &str, origin: &str) -> Result<Vec<Self>> {
        let unusable = |why: String| {
            Error::usage(format!("failed to read providers from `{origin}`: {why}"))
                .hint("the format is described in `docs/localnet.md`, under Providers")
        };
        let providers: Vec<Self> =
            serde_yaml::from_str(yaml).map_err(|error| unusable(entry_named(yaml, &error.to_string())))?;
        if providers.is_empty() {
            return Err(unusable("it holds no provider".into()));
        }
        for (index, provider) in providers.iter().enumerate() {
            if providers[..index].iter().any(|other| other.name == provider.name) {
                let name = &provider.name;
                return Err(unusable(format!("entry {}: another one is named `{name}`, too", index + 1)));
            }
        }
        Ok(providers)
    }

    /// The node id: `0x` and 40 hex digits, derived from the name, so that it is the same in every run.
    pub fn id(&self) -> String {
        node_id(&self.name)
    }

    /// Prices by the second.
    pub fn pricing(&self) -> LinearPricing {
        LinearPricing::per_hour(self.prices.start, self.prices.cpu_hour, self.prices.env_hour)
    }

    /// What the outbound decision needs.
    pub fn policy(&self) -> ProviderPolicy {
        ProviderPolicy { rules: self.rules.clone(), whitelist: self.whitelist.clone() }
    }

    /// Whether the provider has a fault.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }
}

/// The reader's own words for a place in the list: `.[1].colour: …` becomes ``entry 2 (`b`): colour: …``.
fn entry_named(yaml: &str, error: &str) -> String {
    let place =
        error.strip_prefix(".[").or_else(|| error.strip_prefix('[')).and_then(|rest| rest.split_once(']'));
    let Some((index, rest)) = place.and_then(|(index, rest)| Some((index.parse::<usize>().ok()?, rest)))
    else {
        return error.to_owned();
    };
    let entries: Option<serde_yaml::Value> = serde_yaml::from_str(yaml).ok();
    let name = entries.as_ref().and_then(|entries| entries.get(index)?.get("name")?.as_str());
    let name = name.map(|name| format!(" (`{name}`)")).unwrap_or_default();
    format!("entry {}{name}: {}", index + 1, rest.trim_start_matches(['.', ':', ' ']))
}

/// A node id derived from a name.
pub fn node_id(name: &str) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(format!("golem-outbound localnet node {name}").as_bytes());
    digest.iter().take(20).fold(String::from("0x"), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults() -> Vec<Provider> {
        Provider::list(DEFAULT_PROVIDERS, "providers.yaml").unwrap()
    }

    #[test]
    fn the_default_list_is_a_market_worth_looking_at() {
        let providers = defaults();
        assert!(providers.len() >= 24);
        let heads = providers.iter().filter(|provider| provider.subnet == "ray-on-golem-heads").count();
        assert!(heads >= 3, "fewer heads cost ray-on-golem thirty seconds");
        assert!(
            providers.iter().all(|provider| ["ray-on-golem-heads", "public"].contains(&&*provider.subnet))
        );
    }

    #[test]
    fn ids_are_node_ids_and_differ() {
        let mut ids: Vec<String> = defaults().iter().map(Provider::id).collect();
        assert!(ids.iter().all(|id| id.len() == 42 && id.starts_with("0x")));
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), defaults().len());
    }

    #[test]
    fn an_unknown_field_and_a_doubled_name_are_refused() {
        let entry = "{name: a, subnet: public, cpu_threads: 1, mem_gib: 1, storage_gib: 1, prices: {start: 0, \
                     cpu_hour: 0, env_hour: 0}";
        let unknown = Provider::list(&format!("[{entry}, colour: red}}]"), "x.yaml").unwrap_err();
        assert!(unknown.message().contains("colour"), "{unknown}");
        let doubled = Provider::list(&format!("[{entry}}}, {entry}}}]"), "x.yaml").unwrap_err();
        assert_eq!(
            doubled.message(),
            "failed to read providers from `x.yaml`: entry 2: another one is named `a`, too"
        );
        assert!(
            unknown.message().starts_with("failed to read providers from `x.yaml`: entry 1 (`a`): "),
            "{unknown}"
        );
    }

    #[test]
    fn a_market_without_providers_is_refused() {
        for yaml in ["", "[]", "name: a"] {
            assert!(Provider::list(yaml, "x.yaml").is_err(), "{yaml}");
        }
    }
}
