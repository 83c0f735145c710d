//! The run-time filter, bound to one activity's answers.
//!
//! May import `outbound`, the seam and its siblings. Invariant: names are resolved before the node starts, never
//! afterwards.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};

use super::WELL_KNOWN_RESOLVERS;
use super::answers::Answers;
use crate::localnet::exe_unit::OutboundAccess;
use crate::outbound::OutboundRequest;
use crate::outbound::filter::{DNS_PORT, Protocol, RuntimeFilter, START_ERROR, no_record};

/// What an activity may reach.
pub struct FilterBinding {
    filter: RuntimeFilter,
}

impl FilterBinding {
    /// Resolves every declared URL once, as the exe-unit does at the activity's start.
    ///
    /// # Errors
    /// `manifest initialization error: …` if one URL has no host, no known port, or a host that does not resolve.
    pub async fn bind(access: &OutboundAccess, answers: &Answers) -> io::Result<Self> {
        let (request, addresses) = match access {
            OutboundAccess::None => (OutboundRequest::None, HashMap::new()),
            OutboundAccess::Unrestricted => (OutboundRequest::Unrestricted, HashMap::new()),
            OutboundAccess::Urls(urls) => {
                let mut addresses = HashMap::new();
                for host in urls.iter().filter_map(|url| url.domain()) {
                    if !addresses.contains_key(host) {
                        addresses.insert(host.to_owned(), resolve(host, answers).await);
                    }
                }
                (OutboundRequest::Urls(urls.clone()), addresses)
            }
        };
        // The filter asks synchronously, so every answer is there before.
        let resolved = |host: &str| addresses.get(host).cloned().unwrap_or_else(|| Err(no_record(host)));
        let filter = RuntimeFilter::build(&request, &resolved)
            .map_err(|why| io::Error::other(format!("{START_ERROR}{why}")))?;
        Ok(Self { filter })
    }

    /// Whether a TCP connection to this address and port may pass; if not, the line for the provider's log.
    pub fn check_tcp(&self, ip: Ipv4Addr, port: u16) -> Result<(), String> {
        let (protocol, ip) = (Protocol::Tcp, IpAddr::V4(ip));
        if self.filter.allows(protocol, ip, port) {
            Ok(())
        } else {
            Err(RuntimeFilter::refusal(protocol, ip, port))
        }
    }

    /// Whether datagrams to this address and port may pass.
    pub fn allows_udp(&self, ip: Ipv4Addr, port: u16) -> bool {
        self.filter.allows(Protocol::Udp, IpAddr::V4(ip), port)
    }

    /// The addresses and ports that `udp://` URLs declare; DNS is answered elsewhere. Of unrestricted access none is
    /// known beforehand.
    pub fn udp_endpoints(&self) -> Vec<SocketAddrV4> {
        let RuntimeFilter::Only(allowed) = &self.filter else { return Vec::new() };
        let declared = allowed.iter().filter_map(|(protocol, ip, port)| match ip {
            IpAddr::V4(ip) if *protocol == Protocol::Udp => Some((*ip, *port)),
            _ => None,
        });
        let others = declared.filter(|(ip, port)| *port != DNS_PORT || !WELL_KNOWN_RESOLVERS.contains(ip));
        others.map(|(ip, port)| SocketAddrV4::new(ip, port)).collect()
    }

    /// The TCP ports that may pass to some address, as far as they are known beforehand.
    pub fn tcp_ports(&self) -> Vec<u16> {
        match &self.filter {
            RuntimeFilter::NoNetwork | RuntimeFilter::Unrestricted => Vec::new(),
            RuntimeFilter::Only(allowed) => {
                let tcp = allowed.iter().filter(|(protocol, _, _)| *protocol == Protocol::Tcp);
                tcp.map(|(_, _, port)| *port).collect::<BTreeSet<_>>().into_iter().collect()
            }
        }
    }
}

async fn resolve(host: &str, answers: &Answers) -> Result<Vec<IpAddr>, String> {
    match answers.of(host).await {
        Ok(found) if found.is_empty() => Err(no_record(host)),
        Ok(found) => Ok(found.into_iter().map(IpAddr::V4).collect()),
        Err(error) => Err(error.to_string()),
    }
}
