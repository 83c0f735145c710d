//! What goes wrong with a localnet as a whole: the `faults:` of its providers' file, or `--fault`.
//!
//! May import `error`. Invariant: a fault with an unknown or a missing field is refused, never guessed at; without faults
//! nothing goes wrong; the same seed makes the same things go wrong.

pub mod chance;
pub mod node_fault;
pub mod odd_url;

use serde::Deserialize;
use serde_yaml::{Mapping, Value};

pub use chance::{Chance, Share};
pub use node_fault::{Mishap, Moment, NodeFault, Victim};
pub use odd_url::{OddAnswer, OddUrl, OddUrls};

/// Everything that goes wrong. `docs/localnet.md` lists it for people.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// What decides about everything that happens by chance.
    pub seed: u64,
    /// Nobody offers anything.
    pub no_offers: bool,
    /// Every provider rejects every counter-proposal.
    pub proposals_rejected: bool,
    /// Every provider rejects every agreement that is proposed to it.
    pub agreements_rejected: bool,
    /// No provider can deploy the image.
    pub deploy_fails: bool,
    /// No provider ever finishes to deploy the image.
    pub deploy_hangs: bool,
    /// No node's ssh can be reached.
    pub ssh_never_up: bool,
    /// What happens to nodes while they run.
    pub nodes: Vec<NodeFault>,
    /// The requestor's wallet holds nothing, on every payment network.
    pub wallet_empty: bool,
    /// The faucet gives nothing.
    pub faucet_silent: bool,
    /// Allocations are spent from the beginning.
    pub budget_exhausted: bool,
    /// Tags of images that the registry does not know.
    pub missing_tags: Vec<String>,
    /// So many seconds the machine's clock is ahead of the world's; below zero, behind it.
    pub clock_ahead: i64,
    /// Names that no resolver answers for.
    pub unresolved_names: Vec<String>,
    /// Which share of a node's DNS queries fails.
    pub dns_fails: Share,
    /// URLs to which the mirror gives another answer than their content.
    pub urls: Vec<OddUrl>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            seed: 0,
            no_offers: false,
            proposals_rejected: false,
            agreements_rejected: false,
            deploy_fails: false,
            deploy_hangs: false,
            ssh_never_up: false,
            nodes: Vec::new(),
            wallet_empty: false,
            faucet_silent: false,
            budget_exhausted: false,
            missing_tags: Vec::new(),
            clock_ahead: 0,
            unresolved_names: Vec::new(),
            dns_fails: Share::NEVER,
            urls: Vec::new(),
        }
    }
}

/// Faults of which there may be several.
const LISTS: [&str; 4] = ["nodes", "missing_tags", "unresolved_names", "urls"];

impl Faults {
    /// The source of chance.
    pub fn chance(&self) -> Chance {
        Chance::new(self.seed)
    }
}

/// Adds a fault as a command line has it, `NAME` or `NAME=VALUE` with a value in YAML, to a `faults:` section. One more of
/// a kind of which there may be several joins the others; else the last one counts.
///
/// # Errors
/// When the value is no YAML. Whether there is such a fault turns out when the whole section is read.
pub fn add(section: &mut Mapping, fault: &str) -> Result<(), String> {
    let (name, value) = fault.split_once('=').unwrap_or((fault, "true"));
    let value: Value = serde_yaml::from_str(value).map_err(|error| error.to_string())?;
    let name = name.trim();
    if !LISTS.contains(&name) {
        section.insert(name.into(), value);
        return Ok(());
    }
    let more = match value {
        Value::Sequence(several) => several,
        one => vec![one],
    };
    match section.get_mut(name) {
        Some(Value::Sequence(known)) => known.extend(more),
        _ => drop(section.insert(name.into(), Value::Sequence(more))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(given: &[&str]) -> Result<Faults, String> {
        let mut section = Mapping::new();
        given.iter().try_for_each(|fault| add(&mut section, fault))?;
        serde_yaml::from_value(section.into()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_fault_of_the_command_line_is_a_name_or_a_name_with_a_value() {
        let read = faults(&[
            "no_offers",
            "dns_fails=0.5",
            "seed=7",
            "unresolved_names=a.io",
            "unresolved_names=b.io",
        ]);
        let read = read.unwrap();
        assert!(read.no_offers && read.seed == 7);
        assert_eq!(read.unresolved_names, ["a.io", "b.io"]);
        let nodes = faults(&["nodes={what: killed, after: 5}", "nodes=[{what: killed, at: ray-submit}]"]);
        assert_eq!(nodes.unwrap().nodes.len(), 2);
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for fault in ["no_ofers", "no_offers=perhaps", "dns_fails=2", "urls={", "nodes={what: killed}", "=1"]
        {
            assert!(faults(&[fault]).is_err(), "{fault}");
        }
    }
}
