//! The VPNs: for each a bridge in a network namespace of its own, and one pair of interfaces for each node.
//!
//! May import `error`. Invariant: a bridge's namespace leads nowhere but to nodes of one VPN.

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::netns::{create, ip, within};
use crate::error::{Error, Result};

const BRIDGE: &str = "vpn";

/// How long a node may take to answer a connection, as for an unreachable peer of the real VPN.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The VPNs that have nodes, by their ids: two clusters have one each, and the same addresses in it.
#[derive(Default)]
pub struct Vpns(Mutex<HashMap<String, Weak<Vpn>>>);

impl Vpns {
    /// The VPN of an id, made for its first node; it lives as long as one of its nodes holds it. Blocks.
    pub fn of(&self, id: &str) -> Result<Arc<Vpn>> {
        let mut vpns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        vpns.retain(|_, vpn| vpn.strong_count() > 0);
        if let Some(vpn) = vpns.get(id).and_then(Weak::upgrade) {
            return Ok(vpn);
        }
        let vpn = Arc::new(Vpn::new()?);
        vpns.insert(id.to_owned(), Arc::downgrade(&vpn));
        Ok(vpn)
    }

    /// Makes one and lets it go, so that a machine that has none says so before there is a node. Blocks.
    pub fn try_one(&self) -> Result<()> {
        self.of("").map(drop)
    }
}

/// The network between requestor and nodes.
pub struct Vpn {
    namespace: OwnedFd,
    next: AtomicU32,
    addresses: Mutex<HashSet<(Ipv4Addr, u8)>>,
}

impl Vpn {
    /// An empty network.
    pub fn new() -> Result<Self> {
        let namespace = create()?;
        within(&namespace, || {
            ip(&["link", "set", "lo", "up"])?;
            ip(&["link", "add", BRIDGE, "type", "bridge"])?;
            ip(&["link", "set", BRIDGE, "up"])
        })?;
        Ok(Self { namespace, next: AtomicU32::new(1), addresses: Mutex::default() })
    }

    /// Gives the network namespace of process `pid`, which is `node`, its loopback and its interface. Blocks.
    pub fn join(&self, pid: u32, node: &OwnedFd, address: Ipv4Addr, prefix: u8) -> Result<()> {
        let name = format!("node{}", self.next.fetch_add(1, Ordering::Relaxed));
        let requestor = requestor_address(address, prefix);
        let is_new = {
            let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
            addresses.insert((requestor, prefix))
        };
        within(&self.namespace, || {
            if is_new {
                ip(&["addr", "add", &format!("{requestor}/{prefix}"), "dev", BRIDGE])?;
            }
            let pid = pid.to_string();
            ip(&["link", "add", &name, "type", "veth", "peer", "name", "eth0", "netns", &pid])?;
            ip(&["link", "set", &name, "master", BRIDGE, "up"])
        })?;
        within(node, || {
            ip(&["link", "set", "lo", "up"])?;
            ip(&["addr", "add", &format!("{address}/{prefix}"), "dev", "eth0"])?;
            ip(&["link", "set", "eth0", "up"])
        })
    }

    /// A connection from the requestor's address to a node. Blocks.
    pub fn connect(&self, to: SocketAddr) -> std::io::Result<TcpStream> {
        let connected = within(&self.namespace, || {
            let stream = TcpStream::connect_timeout(&to, CONNECT_TIMEOUT);
            Ok(stream.and_then(|stream| {
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                Ok(stream)
            }))
        });
        connected.unwrap_or_else(|error: Error| Err(std::io::Error::other(error)))
    }
}

/// The network's first address: ray-on-golem takes it for the requestor.
fn requestor_address(address: Ipv4Addr, prefix: u8) -> Ipv4Addr {
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
    Ipv4Addr::from((u32::from(address) & mask) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requestor_has_the_first_address() {
        assert_eq!(requestor_address(Ipv4Addr::new(192, 168, 3, 4), 16), Ipv4Addr::new(192, 168, 0, 1));
        assert_eq!(requestor_address(Ipv4Addr::new(10, 1, 2, 3), 24), Ipv4Addr::new(10, 1, 2, 1));
        assert_eq!(requestor_address(Ipv4Addr::new(10, 1, 2, 3), 0), Ipv4Addr::new(0, 0, 0, 1));
    }
}
