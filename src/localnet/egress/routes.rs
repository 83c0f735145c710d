//! The routes and the one firewall rule that lead a namespace's packets into our sockets.
//!
//! May import its siblings. Invariant: the tables `local` and `main` stay as they are, so loopback and the VPN work as
//! if there were no egress.

use std::fmt::Write;
use std::io;
use std::net::Ipv4Addr;

use super::WELL_KNOWN_RESOLVERS;
use super::namespace::administer;

/// A device that swallows what is sent to it: a bridge without ports, because bridges are needed by the VPN anyway.
const SINK: &str = "nowhere";
/// Protocols go by number: their names stand in /etc/protocols, which a minimal Debian does not have.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Which TCP connections for elsewhere are led to the loopback device.
#[derive(Clone, Copy)]
pub enum Caught<'a> {
    /// All of them, because [`divert`] gives every port to one listener.
    EveryPort,
    /// Those to ports that have a listener. Others find the network unreachable: a reset is not possible, because the
    /// kernel sends none from an address that is not the namespace's.
    Ports(&'a [u16]),
}

/// Sends caught TCP and the declared UDP `datagrams` to the loopback device (table 100), queries to the well-known
/// resolvers too, and everything else to nowhere (table 101), both consulted only after the table `main`.
pub fn lay(local_ip: Ipv4Addr, caught: Caught<'_>, datagrams: &[(Ipv4Addr, u16)]) -> io::Result<()> {
    administer("ip", &["-batch", "-"], &batch(local_ip, caught, datagrams))
}

fn batch(local_ip: Ipv4Addr, caught: Caught<'_>, datagrams: &[(Ipv4Addr, u16)]) -> String {
    let mut lines = format!(
        "link set dev lo up\n\
         addr replace {local_ip}/32 dev lo\n\
         link add name {SINK} type bridge\n\
         link set dev {SINK} arp off up\n\
         route replace local default dev lo table 100 src {local_ip}\n\
         route replace default dev {SINK} table 101 src {local_ip}\n"
    );
    for resolver in WELL_KNOWN_RESOLVERS {
        let _ = writeln!(lines, "route replace local {resolver} dev lo table 101 src {local_ip}");
    }
    match caught {
        Caught::EveryPort => {
            let _ = writeln!(lines, "rule add pref 40000 ipproto {TCP} lookup 100");
        }
        Caught::Ports(ports) => {
            for port in ports {
                let _ = writeln!(lines, "rule add pref 40000 ipproto {TCP} dport {port} lookup 100");
            }
            let _ = writeln!(lines, "rule add unreachable pref 40001 ipproto {TCP}");
        }
    }
    for (ip, port) in datagrams {
        let _ = writeln!(lines, "rule add pref 40000 ipproto {UDP} to {ip}/32 dport {port} lookup 100");
    }
    lines.push_str("rule add pref 40002 lookup 101\n");
    lines
}

/// Diverts TCP for elsewhere, whatever its port, to the transparent listener at `local_ip`:`port`.
///
/// # Errors
/// Where `nft` is missing or the kernel lacks NFT_TPROXY; then only declared ports can be listened on.
pub fn divert(local_ip: Ipv4Addr, vpn: Option<(Ipv4Addr, u8)>, port: u16) -> io::Result<()> {
    administer("nft", &["-f", "-"], &ruleset(local_ip, vpn, port))
}

fn ruleset(local_ip: Ipv4Addr, vpn: Option<(Ipv4Addr, u8)>, port: u16) -> String {
    let mut spared = format!("127.0.0.0/8, {local_ip}/32");
    if let Some((address, prefix)) = vpn {
        // A node's own VPN address is reached through the loopback device as well.
        let _ = write!(spared, ", {}/{prefix}", network(address, prefix));
    }
    format!(
        "table ip egress {{\n\
         chain arriving {{\n\
         type filter hook prerouting priority mangle; policy accept;\n\
         iifname != \"lo\" accept\n\
         ip daddr {{ {spared} }} accept\n\
         meta l4proto {TCP} tproxy to {local_ip}:{port} accept\n\
         }}\n\
         }}\n"
    )
}

fn network(address: Ipv4Addr, prefix: u8) -> Ipv4Addr {
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
    Ipv4Addr::from(u32::from(address) & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_firewall_spares_loopback_and_the_vpn() {
        let rules = ruleset(Ipv4Addr::new(10, 42, 42, 3), Some((Ipv4Addr::new(192, 168, 0, 5), 16)), 1);
        assert!(rules.contains("ip daddr { 127.0.0.0/8, 10.42.42.3/32, 192.168.0.0/16 } accept"), "{rules}");
    }

    #[test]
    fn protocols_go_by_number_for_machines_without_their_names() {
        let ip = Ipv4Addr::new(10, 42, 42, 3);
        for caught in [Caught::EveryPort, Caught::Ports(&[443])] {
            let lines = batch(ip, caught, &[(ip, 53)]) + ruleset(ip, None, 1).as_str();
            assert!(!lines.contains("tcp") && !lines.contains("udp"), "{lines}");
        }
    }

    #[test]
    fn a_network_is_the_address_without_its_host_part() {
        let address = Ipv4Addr::new(192, 168, 7, 9);
        assert_eq!(network(address, 24), Ipv4Addr::new(192, 168, 7, 0));
        assert_eq!(network(address, 32), address);
        assert_eq!(network(address, 0), Ipv4Addr::UNSPECIFIED);
    }
}
