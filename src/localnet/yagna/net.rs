//! VPNs as the requestor sees them: networks, its own addresses, and which provider has which address.
//!
//! May import nothing of the house. Invariant: an address in a network belongs to one node.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::Deserialize;
use serde_json::{Value, json};

use super::exchange::Refusal;
use super::state::new_id;

/// A VPN.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    /// As the API shows it.
    pub body: Value,
    base: Ipv4Addr,
    prefix: u8,
    /// The requestor's own addresses, with the prefix.
    pub addresses: Vec<String>,
    /// Node ids by address.
    pub nodes: BTreeMap<Ipv4Addr, String>,
}

/// All VPNs by id.
#[derive(Default)]
pub(crate) struct Networks(pub BTreeMap<String, Network>);

/// The body of `POST /net`.
#[derive(Deserialize)]
pub(crate) struct NewNetwork {
    pub ip: String,
    pub mask: Option<String>,
    pub gateway: Option<String>,
}

impl Networks {
    /// Makes a network from `{"ip": "192.168.0.1/16"}` or `{"ip", "mask"}`. Its first address is the requestor's.
    pub fn create(&mut self, new: &NewNetwork) -> Result<Value, Refusal> {
        let ip = &new.ip;
        let invalid = || Refusal::Invalid(format!("Invalid network IP address: {ip}"));
        let (address, prefix) = match (ip.split_once('/'), &new.mask) {
            (Some((address, prefix)), _) => {
                let prefix = prefix.parse().ok().filter(|prefix| *prefix <= 32).ok_or_else(invalid)?;
                (address, prefix)
            }
            (None, Some(mask)) => (ip.as_str(), prefix_of(mask).ok_or_else(invalid)?),
            (None, None) => (ip.as_str(), 24),
        };
        let address = parse_ip(address)?;
        let mask = mask_of(prefix);
        let base = Ipv4Addr::from(u32::from(address) & u32::from(mask));
        let own = if address == base { Ipv4Addr::from(u32::from(base).saturating_add(1)) } else { address };
        let gateway = match &new.gateway {
            Some(gateway) => parse_ip(gateway)?,
            None => own,
        };
        let id = new_id();
        let body = json!({
            "id": id,
            "ip": format!("{address}/{prefix}"),
            "mask": mask.to_string(),
            "gateway": gateway.to_string(),
        });
        let addresses = vec![format!("{own}/{prefix}")];
        let network = Network { body: body.clone(), base, prefix, addresses, nodes: BTreeMap::new() };
        self.0.insert(id, network);
        Ok(body)
    }

    /// A network.
    pub fn network(&mut self, id: &str) -> Result<&mut Network, Refusal> {
        self.0.get_mut(id).ok_or(Refusal::Forbidden)
    }
}

impl Network {
    fn has(&self, ip: Ipv4Addr) -> bool {
        u32::from(ip) & u32::from(mask_of(self.prefix)) == u32::from(self.base)
    }

    /// An address of the requestor.
    pub fn add_address(&mut self, ip: &str) -> Result<(), Refusal> {
        let ip = parse_ip(ip)?;
        if !self.has(ip) {
            return Err(Refusal::Invalid(format!("Network not found for IP address: {ip}")));
        }
        let address = format!("{ip}/{}", self.prefix);
        if !self.addresses.contains(&address) {
            self.addresses.push(address);
        }
        Ok(())
    }

    /// A node and its address; an address that has a node already keeps it.
    pub fn add_node(&mut self, id: String, ip: &str) -> Result<(), Refusal> {
        let ip = parse_ip(ip)?;
        if !self.has(ip) {
            return Err(Refusal::Invalid(format!("Invalid network IP address: {ip}")));
        }
        self.nodes.entry(ip).or_insert(id);
        Ok(())
    }
}

/// An address, refused in yagna's words.
pub(crate) fn parse_ip(text: &str) -> Result<Ipv4Addr, Refusal> {
    let refuse = |_| Refusal::Invalid("Invalid IP address: invalid IP address syntax".to_owned());
    text.parse().map_err(refuse)
}

fn mask_of(prefix: u8) -> Ipv4Addr {
    Ipv4Addr::from(u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0))
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
        let create = |ip: &str, mask: Option<&str>| {
            let new = NewNetwork { ip: ip.into(), mask: mask.map(str::to_owned), gateway: None };
            Networks::default().create(&new)
        };
        let network = create("192.168.0.1/16", None).unwrap();
        assert_eq!(network["mask"], "255.255.0.0");
        assert_eq!(network["gateway"], "192.168.0.1");
        assert_eq!(network["ip"], "192.168.0.1/16");
        let network = create("10.0.0.0", Some("255.255.255.0")).unwrap();
        assert_eq!((&network["ip"], &network["gateway"]), (&json!("10.0.0.0/24"), &json!("10.0.0.1")));
        assert!(create("nowhere", None).is_err());
        assert!(create("10.0.0.1/33", None).is_err());
    }

    #[test]
    fn masks_have_prefixes() {
        assert_eq!(prefix_of("255.255.0.0"), Some(16));
        assert_eq!(prefix_of("255.0.255.0"), None);
    }
}
