//! The exe-unit's set of (protocol, IP, port), as far as an egress needs it.
//!
//! May import nothing of the house. Invariant: once built, only addresses count.

use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;

use url::Url;

/// What a manifest requests.
pub enum OutboundRequest {
    /// Nothing.
    None,
    /// These URLs.
    Urls(Vec<Url>),
    /// Everything.
    Unrestricted,
}

/// The transport of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Every scheme but `udp`.
    Tcp,
    /// URLs of the scheme `udp`.
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

/// The set of what a node may reach.
pub enum RuntimeFilter {
    /// Nothing beyond the VPN.
    NoNetwork,
    /// Everything.
    Unrestricted,
    /// These triples.
    Only(HashSet<(Protocol, IpAddr, u16)>),
}

impl RuntimeFilter {
    /// Builds the filter (yagna `exe-unit/src/manifest.rs`).
    ///
    /// # Errors
    /// Why the first unusable URL cannot be used, in yagna's words.
    pub fn build(
        request: &OutboundRequest,
        resolve: &dyn Fn(&str) -> Result<Vec<IpAddr>, String>,
    ) -> Result<Self, String> {
        let urls = match request {
            OutboundRequest::None => return Ok(Self::NoNetwork),
            OutboundRequest::Unrestricted => return Ok(Self::Unrestricted),
            OutboundRequest::Urls(urls) => urls,
        };
        let mut allowed = HashSet::new();
        for url in urls {
            let protocol = if url.scheme() == "udp" { Protocol::Udp } else { Protocol::Tcp };
            let port = url.port_or_known_default().ok_or_else(|| format!("unknown port: {url}"))?;
            let host = url.host_str().ok_or_else(|| format!("invalid url: {url}"))?;
            let addresses = match host.parse() {
                Ok(address) => vec![address],
                Err(_) => resolve(host)?,
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

    /// The line in the provider's own log for a refused connection.
    pub fn refusal(protocol: Protocol, ip: IpAddr, port: u16) -> String {
        format!("URL validation error: address not allowed: {ip}:{port} ({protocol})")
    }
}
