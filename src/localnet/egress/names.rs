//! Addresses for names when nothing outside is asked: every plausible name gets one of 198.18.0.0/15.
//!
//! May import nothing of the house. Invariant: two names never share an address, so that a filter of addresses
//! tells hosts apart.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use sha2::{Digest, Sha256};

/// 198.18.0.0, the range for benchmarks (RFC 2544), which no host of the Internet has.
const FIRST: u32 = 0xc612_0000;

/// Addresses of the range.
const COUNT: u32 = 1 << 17;

/// Endings that no public name has (RFC 6761, RFC 8375, RFC 9476).
const RESERVED: [&str; 9] =
    ["invalid", "localhost", "local", "test", "example", "onion", "internal", "alt", "home.arpa"];

/// The names that were asked for, and their addresses.
#[derive(Default)]
pub struct Names {
    by_name: HashMap<String, Ipv4Addr>,
    by_address: HashMap<Ipv4Addr, String>,
}

impl Names {
    /// The address of a name (lower case, no final dot); none if no public name can look like this.
    pub fn address_of(&mut self, name: &str) -> Option<Ipv4Addr> {
        if let Some(known) = self.by_name.get(name) {
            return Some(*known);
        }
        if !is_public(name) || self.by_name.len() >= COUNT as usize {
            return None;
        }
        let mut place = place_of(name);
        let mut address = Ipv4Addr::from(FIRST + place);
        while self.by_address.contains_key(&address) {
            place = (place + 1) % COUNT;
            address = Ipv4Addr::from(FIRST + place);
        }
        self.by_name.insert(name.to_owned(), address);
        self.by_address.insert(address, name.to_owned());
        Some(address)
    }

    /// The name that was given this address.
    pub fn name_at(&self, address: Ipv4Addr) -> Option<&str> {
        self.by_address.get(&address).map(String::as_str)
    }
}

fn place_of(name: &str) -> u32 {
    let digest = Sha256::digest(name.as_bytes());
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) % COUNT
}

fn is_public(name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    let sound = |label: &&str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let reserved = RESERVED
        .iter()
        .any(|ending| name == *ending || name.strip_suffix(ending).is_some_and(|rest| rest.ends_with('.')));
    name.len() <= 253
        && labels.len() >= 2
        && labels.iter().all(sound)
        && labels.last().is_some_and(|top| top.bytes().any(|byte| byte.is_ascii_alphabetic()))
        && !reserved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_address_and_the_address_its_name() {
        let mut names = Names::default();
        let address = names.address_of("ipfs.io").unwrap();
        assert_eq!(names.address_of("ipfs.io"), Some(address));
        assert_eq!(names.name_at(address), Some("ipfs.io"));
        assert_eq!(Names::default().address_of("ipfs.io"), Some(address), "the same in every run");
        assert_eq!(address.octets()[0], 198);
        assert!(matches!(address.octets()[1], 18 | 19));
    }

    #[test]
    fn names_never_share_an_address() {
        let mut names = Names::default();
        let mut seen = std::collections::HashSet::new();
        // 2,000 names in 131,072 places collide about 15 times.
        for number in 0..2000 {
            assert!(seen.insert(names.address_of(&format!("host{number}.golem.network")).unwrap()));
        }
    }

    #[test]
    fn what_cannot_be_public_does_not_exist() {
        let mut names = Names::default();
        for name in [
            "nothing.invalid",
            "localhost",
            "a.localhost",
            "x.test",
            "single",
            "a..b",
            "-a.io",
            "1.2.3.4",
            "",
        ] {
            assert_eq!(names.address_of(name), None, "{name}");
        }
        assert!(names.address_of("contest.io").is_some());
        assert!(names.address_of("xn--mnchen-3ya.de").is_some());
    }
}
