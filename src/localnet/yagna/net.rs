//! VPNs as the requestor sees them: networks, its own addresses, and which provider has which address.
//!
//! May import nothing of the house. Invariant: an address in a network belongs to one node.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::exchange::Refusal;
use super::state::new_id;

/// A VPN.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub body: Value,
    pub addresses: Vec<String>,
    /// Node ids by address.
    pub nodes: BTreeMap<String, String>,
}

/// All VPNs by id.
#[derive(Default)]
pub(crate) struct Networks(pub BTreeMap<String, Network>);

impl Networks {
    /// Makes a network from `{"ip": "192.168.0.1/16"}` or `{"ip", "mask"}`.
    pub fn create(&mut self, body: &Value) -> Result<Value, Refusal> {
        let ip = body["ip"].as_str().unwrap_or_default();
        let invalid = || Refusal::Invalid(format!("invalid network address `{ip}`"));
        let (address, prefix) = ip.split_once('/').map_or((ip, None), |(ip, prefix)| (ip, Some(prefix)));
        let address: Ipv4Addr = address.parse().map_err(|_| invalid())?;
        let mask = match (prefix, body["mask"].as_str()) {
            (Some(prefix), _) => {
                let prefix: u32 = prefix.parse().ok().filter(|prefix| *prefix <= 32).ok_or_else(invalid)?;
                Ipv4Addr::from(u32::MAX.checked_shl(32 - prefix).unwrap_or(0))
            }
            (None, Some(mask)) => mask.parse().map_err(|_| invalid())?,
            (None, None) => Ipv4Addr::new(255, 255, 255, 0),
        };
        let id = new_id();
        let gateway = body["gateway"].as_str().map_or_else(|| address.to_string(), str::to_owned);
        let network = json!({"id": id, "ip": ip, "mask": mask.to_string(), "gateway": gateway});
        let stored = Network { body: network.clone(), addresses: Vec::new(), nodes: BTreeMap::new() };
        self.0.insert(id, stored);
        Ok(network)
    }

    /// A network.
    pub fn network(&mut self, id: &str) -> Result<&mut Network, Refusal> {
        self.0.get_mut(id).ok_or_else(|| Refusal::NotFound(format!("Network {id} not found.")))
    }
}

/// The prefix length of a mask such as 255.255.0.0.
pub(crate) fn prefix_of(mask: &str) -> Option<u8> {
    let bits = u32::from(mask.parse::<Ipv4Addr>().ok()?);
    (bits.leading_ones() == bits.count_ones()).then_some(bits.leading_ones() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_answers_with_its_mask_and_gateway() {
        let network = Networks::default().create(&json!({"ip": "192.168.0.1/16"})).unwrap();
        assert_eq!(network["mask"], "255.255.0.0");
        assert_eq!(network["gateway"], "192.168.0.1");
        assert_eq!(network["ip"], "192.168.0.1/16");
        assert!(Networks::default().create(&json!({"ip": "nowhere"})).is_err());
        assert!(Networks::default().create(&json!({"ip": "10.0.0.1/33"})).is_err());
    }

    #[test]
    fn masks_have_prefixes() {
        assert_eq!(prefix_of("255.255.0.0"), Some(16));
        assert_eq!(prefix_of("255.0.255.0"), None);
    }
}
