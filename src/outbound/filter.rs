//! What a running node may reach: the exe-unit's set of (protocol, IP, port).
//!
//! May import nothing of the house. Invariant: names are resolved once, when the filter is built; afterwards only
//! addresses count, as in yagna (`exe-unit/src/manifest.rs:394-493`).

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Url;

use super::OutboundRequest;

/// The transport of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Every scheme but `udp`.
    Tcp,
    /// URLs of the scheme `udp`, and DNS.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        })
    }
}

/// The port on which a node may ask the well-known DNS servers.
pub const DNS_PORT: u16 = 53;

/// Google, Cloudflare and Quad9: UDP to port 53 of these is always allowed, and redirected to Golem's own resolver
/// (`exe-unit/src/dns.rs:54-70`).
pub const WELL_KNOWN_DNS: [IpAddr; 12] = [
    IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)),
    IpAddr::V4(Ipv4Addr::new(8, 8, 4, 4)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8844)),
    IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1)),
    IpAddr::V4(Ipv4Addr::new(1, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111)),
    IpAddr::V6(Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1001)),
    IpAddr::V4(Ipv4Addr::new(9, 9, 9, 9)),
    IpAddr::V4(Ipv4Addr::new(149, 112, 112, 112)),
    IpAddr::V6(Ipv6Addr::new(0x2620, 0x00fe, 0, 0, 0, 0, 0, 0x00fe)),
    IpAddr::V6(Ipv6Addr::new(0x2620, 0x00fe, 0, 0, 0, 0, 0x00fe, 0x0009)),
];

/// What stands in front of a [`FilterError`] where the exe-unit reports it (`exe-unit/src/exe_unit.rs:438-455`).
pub const START_ERROR: &str = "manifest initialization error: ";

/// Why an activity cannot start. The texts are yagna's; it puts [`START_ERROR`] in front of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A scheme without a default port, and no port written.
    #[error("unknown port: {0}")]
    UnknownPort(Url),
    /// A URL without a host.
    #[error("invalid url: {0}")]
    NoHost(Url),
    /// A name that does not resolve; the text is the resolver's. `stable-dns.dev.golem.network`, which all names are asked
    /// of, must resolve, too, so it ends the same way for every manifest if it does not (`exe-unit/src/dns.rs`).
    #[error("{0}")]
    NotResolved(String),
}

/// The set of what a node may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuntimeFilter {
    /// The node has no network beyond the VPN: there was no manifest or it requested nothing.
    NoNetwork,
    /// Everything is allowed.
    Unrestricted,
    /// These triples are allowed.
    Only(HashSet<(Protocol, IpAddr, u16)>),
}

impl RuntimeFilter {
    /// Builds the filter at the start of an activity. `resolve` gives a host's addresses of both families; a host that
    /// is written as an IPv4 address is not resolved. An IPv6 address is, because `host_str` leaves its brackets, and no
    /// server has a record for it.
    ///
    /// # Errors
    /// The first URL that cannot be used: the exe-unit then shuts down (`exe-unit/src/exe_unit.rs:438-455`), however
    /// good the others are.
    pub fn build(
        request: &OutboundRequest,
        resolve: &dyn Fn(&str) -> Result<Vec<IpAddr>, String>,
    ) -> Result<Self, FilterError> {
        let urls = match request {
            OutboundRequest::None => return Ok(Self::NoNetwork),
            OutboundRequest::Unrestricted => return Ok(Self::Unrestricted),
            OutboundRequest::Urls(urls) => urls,
        };
        let mut allowed: HashSet<_> = WELL_KNOWN_DNS.map(|ip| (Protocol::Udp, ip, DNS_PORT)).into();
        for url in urls {
            let (protocol, host, port) = endpoint(url)?;
            let addresses = match host.parse() {
                Ok(address) => vec![address],
                Err(_) => v4_or_else_v6(resolve(host).map_err(FilterError::NotResolved)?),
            };
            if addresses.is_empty() {
                return Err(FilterError::NotResolved(no_record(host)));
            }
            allowed.extend(addresses.into_iter().map(|ip| (protocol, ip, port)));
        }
        Ok(Self::Only(allowed))
    }

    /// Whether a connection passes.
    pub fn allows(&self, protocol: Protocol, ip: IpAddr, port: u16) -> bool {
        match self {
            Self::NoNetwork => false,
            Self::Unrestricted => true,
            Self::Only(allowed) => allowed.contains(&(protocol, ip, port)),
        }
    }

    /// Whether a connection arrives: it passes, and it is IPv4, which is all that a node's network interface has
    /// (`exe-unit/src/network/inet.rs:82-101`).
    pub fn reaches(&self, protocol: Protocol, ip: IpAddr, port: u16) -> bool {
        ip.is_ipv4() && self.allows(protocol, ip, port)
    }

    /// The line in the provider's own log for a refused connection; the requestor never sees it.
    pub fn refusal(protocol: Protocol, ip: IpAddr, port: u16) -> String {
        format!("URL validation error: address not allowed: {ip}:{port} ({protocol})")
    }
}

/// yagna's resolver looks for IPv6 addresses only of a name that has no IPv4 address (`Ipv4thenIpv6`).
fn v4_or_else_v6(mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    if addresses.iter().any(IpAddr::is_ipv4) {
        addresses.retain(IpAddr::is_ipv4);
    }
    addresses
}

/// The words of yagna's resolver for a name without addresses; IPv6 is what it asks for last.
pub fn no_record(host: &str) -> String {
    format!("no record found for name: {host}. type: AAAA class: IN")
}

/// What a URL opens: protocol, host, port. The port is asked for before the host, as yagna does, so a URL that lacks
/// both is reported for its port.
///
/// # Errors
/// If it has no known port or no host.
pub fn endpoint(url: &Url) -> Result<(Protocol, &str, u16), FilterError> {
    let protocol = if url.scheme() == "udp" { Protocol::Udp } else { Protocol::Tcp };
    let port = url.port_or_known_default().ok_or_else(|| FilterError::UnknownPort(url.clone()))?;
    let host = url.host_str().ok_or_else(|| FilterError::NoHost(url.clone()))?;
    Ok((protocol, host, port))
}

/// Where a redirect leads, as far as it can be told from the declared URLs alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// To something declared: it works.
    Declared,
    /// To another port of a declared host, such as from `http` to `https`: the other URL must be declared, too.
    OtherPort,
    /// To another host: blocked, unless it happens to share an address and port with a declared one, because the
    /// filter knows addresses and not names.
    OtherHost,
    /// To something that no node can be started with.
    Nowhere,
}

impl Redirect {
    /// Looks at a redirect's target (`exe-unit/src/manifest.rs:394-493`, read for redirects).
    pub fn to(target: &Url, declared: &[Url]) -> Self {
        let Ok(wanted) = endpoint(target) else { return Self::Nowhere };
        let open: Vec<_> = declared.iter().filter_map(|url| endpoint(url).ok()).collect();
        if open.contains(&wanted) {
            Self::Declared
        } else if open.iter().any(|(_, host, _)| *host == wanted.1) {
            Self::OtherPort
        } else {
            Self::OtherHost
        }
    }
}
