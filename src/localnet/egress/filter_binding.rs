//! The run-time filter of `outbound`, bound to one activity's answers.
//!
//! May import `outbound`, the seam and its siblings. Invariant: names are resolved before the node starts, never
//! afterwards.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use super::answers::Answers;
use crate::localnet::exe_unit::OutboundAccess;

/// The ports that are listened on for unrestricted access where the kernel cannot divert all ports.
const COMMON_PORTS: [u16; 8] = [21, 22, 80, 443, 8000, 8080, 8443, 9418];

/// What an activity may reach over TCP.
pub struct FilterBinding {
    /// `None` lets everything pass.
    declared: Option<HashSet<(IpAddr, u16)>>,
}

impl FilterBinding {
    /// Resolves every declared URL once, as the exe-unit does at the activity's start.
    ///
    /// # Errors
    /// `manifest initialization error: …` if one URL has no host, no known port, or a host that does not resolve.
    pub async fn bind(access: &OutboundAccess, answers: &Answers) -> io::Result<Self> {
        let urls = match access {
            OutboundAccess::None => &[][..],
            OutboundAccess::Urls(urls) => urls,
            OutboundAccess::Unrestricted => return Ok(Self { declared: None }),
        };
        let mut declared = HashSet::new();
        for url in urls {
            let triples = resolve(url, answers)
                .await
                .map_err(|why| io::Error::other(format!("manifest initialization error: {why}")))?;
            declared.extend(triples);
        }
        Ok(Self { declared: Some(declared) })
    }

    /// Whether a TCP connection to this address and port may pass.
    pub fn allows_tcp(&self, ip: Ipv4Addr, port: u16) -> bool {
        self.declared.as_ref().is_none_or(|declared| declared.contains(&(IpAddr::V4(ip), port)))
    }

    /// The ports that may pass to some address.
    pub fn tcp_ports(&self) -> Vec<u16> {
        let Some(declared) = &self.declared else { return COMMON_PORTS.to_vec() };
        let ports: BTreeSet<u16> = declared.iter().map(|(_, port)| *port).collect();
        ports.into_iter().collect()
    }
}

async fn resolve(url: &Url, answers: &Answers) -> Result<Vec<(IpAddr, u16)>, String> {
    let port = url.port_or_known_default().ok_or_else(|| format!("unknown port: {url}"))?;
    let host = url.host().ok_or_else(|| format!("invalid url: {url}"))?;
    let addresses = match host {
        Host::Ipv4(ip) => vec![IpAddr::V4(ip)],
        Host::Ipv6(ip) => vec![IpAddr::V6(ip)],
        Host::Domain(name) => match answers.of(name).await {
            Ok(found) if !found.is_empty() => found.into_iter().map(IpAddr::V4).collect(),
            Ok(_) => return Err(format!("no record found for name: {name}. type: AAAA class: IN")),
            Err(error) => return Err(error.to_string()),
        },
    };
    // UDP beside DNS is not carried, so a `udp` URL lets no TCP pass.
    if url.scheme() == "udp" {
        return Ok(Vec::new());
    }
    Ok(addresses.into_iter().map(|ip| (ip, port)).collect())
}
