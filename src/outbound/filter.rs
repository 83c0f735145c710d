//! What a running node may reach: the exe-unit's set of (protocol, IP, port).
//!
//! May import nothing of the house. Invariant: names are resolved once, when the filter is built; afterwards only
//! addresses count, as in yagna (`exe-unit/src/manifest.rs:394-493`).

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

/// Why an activity cannot start. The texts are yagna's; it prefixes them with `manifest initialization error: `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A scheme without a default port, and no port written.
    #[error("unknown port: {0}")]
    UnknownPort(Url),
    /// A URL without a host.
    #[error("invalid url: {0}")]
    NoHost(Url),
    /// A name that does not resolve; the text is the resolver's.
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
    /// Builds the filter at the start of an activity. `resolve` gives a host's addresses; a host that is written as
    /// an address is not resolved.
    ///
    /// # Errors
    /// The first URL that cannot be used: the exe-unit then shuts down (`exe-unit/src/exe_unit.rs:438-455`).
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
                Err(_) => resolve(host).map_err(FilterError::NotResolved)?,
            };
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

    /// The line in the provider's own log for a refused connection; the requestor never sees it.
    pub fn refusal(protocol: Protocol, ip: IpAddr, port: u16) -> String {
        format!("URL validation error: address not allowed: {ip}:{port} ({protocol})")
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const IPFS: IpAddr = IpAddr::V4(Ipv4Addr::new(209, 94, 90, 1));

    fn build(urls: &[&str]) -> Result<RuntimeFilter, FilterError> {
        let request = OutboundRequest::Urls(urls.iter().map(|url| Url::parse(url).unwrap()).collect());
        RuntimeFilter::build(&request, &|host| match host {
            "ipfs.io" => Ok(vec![IPFS]),
            other => Err(format!("no record found for name: {other}")),
        })
    }

    #[test]
    fn the_exact_triple_counts() {
        let filter = build(&["https://ipfs.io/ipfs/x"]).unwrap();
        assert!(filter.allows(Protocol::Tcp, IPFS, 443));
        assert!(!filter.allows(Protocol::Tcp, IPFS, 80), "https does not imply http");
        assert!(!filter.allows(Protocol::Udp, IPFS, 443));
        assert!(!filter.allows(Protocol::Tcp, [1, 2, 3, 4].into(), 443));
    }

    #[test]
    fn dns_is_allowed_over_udp_to_well_known_servers_only() {
        let filter = build(&["https://ipfs.io"]).unwrap();
        assert!(filter.allows(Protocol::Udp, [8, 8, 8, 8].into(), 53));
        assert!(!filter.allows(Protocol::Tcp, [8, 8, 8, 8].into(), 53));
        assert!(!filter.allows(Protocol::Udp, [4, 4, 4, 4].into(), 53));
    }

    #[test]
    fn the_scheme_gives_protocol_and_port() {
        let filter = build(&["ws://ipfs.io", "udp://ipfs.io:9", "ftp://10.1.2.3"]).unwrap();
        assert!(filter.allows(Protocol::Tcp, IPFS, 80));
        assert!(filter.allows(Protocol::Udp, IPFS, 9));
        assert!(filter.allows(Protocol::Tcp, [10, 1, 2, 3].into(), 21));
    }

    #[test]
    fn what_cannot_start_says_why_in_yagnas_words() {
        let text = |url| build(&[url]).unwrap_err().to_string();
        assert_eq!(text("udp://ipfs.io"), "unknown port: udp://ipfs.io");
        assert_eq!(text("data:,x"), "unknown port: data:,x");
        assert_eq!(text("https://nowhere.example"), "no record found for name: nowhere.example");
        assert_eq!(
            RuntimeFilter::refusal(Protocol::Tcp, IPFS, 80),
            "URL validation error: address not allowed: 209.94.90.1:80 (TCP)"
        );
    }

    #[test]
    fn no_request_means_no_network() {
        let filter = RuntimeFilter::build(&OutboundRequest::None, &|_| Ok(vec![])).unwrap();
        assert!(!filter.allows(Protocol::Udp, [8, 8, 8, 8].into(), 53));
    }
}
