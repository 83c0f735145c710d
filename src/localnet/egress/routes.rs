//! The cable from a namespace to one of ours behind it, and the routes at both ends.
//!
//! May import its siblings. Invariant: in the first there is but one more interface, as in a provider's VM, so its
//! loopback, its ports and its VPN stay its own; whatever decides lies in the second.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use super::WELL_KNOWN_RESOLVERS;
use super::namespace::administer;
use crate::outbound::filter::DNS_PORT;

/// The interface to the outside, behind that of the VPN.
pub const INTERFACE: &str = "eth1";
/// Our end of the cable.
pub const END: &str = "end";
/// The address of both ends: without ARP a packet is sent to the sender's own.
const HARDWARE: &str = "02:00:00:00:00:01";
/// The mark of packets that are handed in again, for a socket of ours whatever their port.
pub const HANDED_IN: u32 = 1;
/// The kernel's work takes milliseconds; a machine that is very busy is granted some seconds.
const CARRIER_WITHIN: Duration = Duration::from_secs(20);
/// Protocols go by number: their names stand in /etc/protocols, which a minimal Debian does not have.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Lays the cable and leads everything that is not for the namespace itself or its VPN into it; called inside the
/// namespace. `outside` is where the cable ends.
pub fn lay_cable(local_ip: Ipv4Addr, outside: &OwnedFd) -> io::Result<()> {
    let there = format!("/proc/{}/fd/{}", std::process::id(), outside.as_raw_fd());
    batch(&format!(
        "link set dev lo up\n\
         link add name {INTERFACE} address {HARDWARE} type veth peer name {END} address {HARDWARE} netns {there}\n\
         link set dev {INTERFACE} arp off up\n\
         addr add {local_ip}/32 dev {INTERFACE}\n\
         route add default dev {INTERFACE} src {local_ip}\n"
    ))
}

/// Leads TCP to `ports`, the declared UDP `datagrams` and queries to the well-known resolvers to sockets of ours;
/// everything else is dropped without a word. Called at the cable's end.
pub fn lay(local_ip: Ipv4Addr, ports: &[u16], datagrams: &[SocketAddrV4]) -> io::Result<()> {
    batch(&ending(local_ip, ports, datagrams))
}

/// Leads TCP to one more port to a socket of ours.
pub fn lead_tcp(port: u16) -> io::Result<()> {
    batch(&tcp_rule(port))
}

/// Leads datagrams for one more place to a socket of ours.
pub fn lead_udp(to: SocketAddrV4) -> io::Result<()> {
    batch(&udp_rule(to))
}

/// Waits until this end of the cable carries. The kernel sets a device up at once, but the end that was up before the
/// other one learns of its carrier by a work of the kernel's own; what is sent before that is dropped without a word.
pub fn await_carrier(end: &str) -> io::Result<()> {
    let begun = Instant::now();
    while !administer("ip", &["-oneline", "link", "show", "dev", end], "")?.contains(" state UP ") {
        if begun.elapsed() > CARRIER_WITHIN {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("`{end}` has no carrier after {} s", CARRIER_WITHIN.as_secs()),
            ));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn batch(lines: &str) -> io::Result<()> {
    administer("ip", &["-batch", "-"], lines).map(drop)
}

fn tcp_rule(port: u16) -> String {
    format!("rule add pref 11 iif {END} ipproto {TCP} dport {port} lookup 100\n")
}

fn udp_rule(to: SocketAddrV4) -> String {
    format!("rule add pref 11 iif {END} ipproto {UDP} to {}/32 dport {} lookup 100\n", to.ip(), to.port())
}

/// A blackhole, because a machine that forwards packets would answer that there is no route.
fn ending(local_ip: Ipv4Addr, ports: &[u16], datagrams: &[SocketAddrV4]) -> String {
    let mut lines = format!(
        "link set dev lo up\n\
         link set dev {END} arp off up\n\
         route add {local_ip}/32 dev {END}\n\
         route add blackhole default\n\
         route add local default dev lo table 100\n\
         route add {local_ip}/32 dev {END} table 100\n\
         rule add pref 10 fwmark {HANDED_IN} lookup 100\n"
    );
    lines.extend(ports.iter().map(|port| tcp_rule(*port)));
    let resolvers = WELL_KNOWN_RESOLVERS.map(|resolver| SocketAddrV4::new(resolver, DNS_PORT));
    lines.extend(resolvers.iter().chain(datagrams).map(|to| udp_rule(*to)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_go_by_number_for_machines_without_their_names() {
        let ip = Ipv4Addr::new(10, 42, 42, 3);
        let lines = ending(ip, &[443], &[SocketAddrV4::new(ip, 53)]);
        assert!(!lines.contains("tcp") && !lines.contains("udp"), "{lines}");
    }
}
