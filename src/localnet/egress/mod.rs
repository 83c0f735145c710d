//! A node's transparent egress: every packet that leaves for somewhere else ends in a socket of the supervisor.
//!
//! May import `error`, `outbound`, the seam `localnet::exe_unit`, `localnet::mirror` and `localnet::market::faults`. Invariant: what a node may
//! reach is decided outside of it, by (protocol, address, port) alone, where a provider's exe-unit decides it; a
//! program on the node can neither see the decision nor go around it.

mod answers;
mod datagrams;
mod dns;
mod filter_binding;
mod gate;
mod names;
mod namespace;
mod nowhere;
pub mod outside;
mod packets;
mod routes;
mod sockets;
pub mod world;

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use tokio::task::JoinHandle;

use self::answers::Answers;
use self::filter_binding::FilterBinding;
use self::gate::Gate;
use self::sockets::Sockets;
pub use self::world::World;
use crate::localnet::exe_unit::OutboundAccess;

/// The name servers whose port 53 a provider answers in their place (yagna `exe-unit/src/dns.rs`: Google,
/// Cloudflare, Quad9). Every other resolver is out of a node's reach.
pub const WELL_KNOWN_RESOLVERS: [Ipv4Addr; 6] = [
    Ipv4Addr::new(8, 8, 8, 8),
    Ipv4Addr::new(8, 8, 4, 4),
    Ipv4Addr::new(1, 1, 1, 1),
    Ipv4Addr::new(1, 0, 0, 1),
    Ipv4Addr::new(9, 9, 9, 9),
    Ipv4Addr::new(149, 112, 112, 112),
];

/// What an egress is made from.
pub struct EgressSpec {
    /// The network namespace whose packets are caught. The caller holds CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_RAW
    /// over it.
    pub netns: OwnedFd,
    /// What may be reached.
    pub access: OutboundAccess,
    /// The namespace's own address toward the outside, 10.42.42.N as in a provider's VM.
    pub local_ip: Ipv4Addr,
    /// What lies outside.
    pub world: Arc<World>,
    /// The provider's name, for its log.
    pub label: String,
}

/// A running egress; dropping it ends its sockets, tasks and connections.
pub struct Egress {
    tasks: Vec<JoinHandle<()>>,
}

impl Egress {
    /// Ends it; what the node has open is cut.
    pub fn close(self) {
        drop(self);
    }
}

impl Drop for Egress {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Opens the egress of a namespace, once in its life, from inside a tokio runtime.
///
/// With [`OutboundAccess::None`] nothing is laid: the namespace has no route outside, so that names fail at once with
/// "Temporary failure in name resolution" and connections with "Network is unreachable".
///
/// # Errors
/// `manifest initialization error: …` when a declared URL cannot be used (yagna `exe-unit/src/manifest.rs`); else
/// what kept the routes or the sockets from being made.
pub async fn attach(spec: EgressSpec) -> io::Result<Egress> {
    let EgressSpec { netns, access, local_ip, world, label } = spec;
    if access == OutboundAccess::None {
        return Ok(Egress { tasks: Vec::new() });
    }
    let answers = Arc::new(Answers::new(Arc::clone(&world)));
    let filter = FilterBinding::bind(&access, &answers).await?;
    let ports = filter.tcp_ports();
    let datagrams = filter.udp_endpoints();
    let (outside, sockets) = tokio::task::spawn_blocking(move || {
        let outside = namespace::new()?;
        namespace::inside(&netns, || routes::lay_cable(local_ip, &outside))?;
        let sockets = namespace::inside(&outside, || Sockets::open(local_ip, &ports, &datagrams))?;
        namespace::inside(&netns, || routes::await_carrier(routes::INTERFACE))?;
        namespace::inside(&outside, || routes::await_carrier(routes::END))?;
        io::Result::Ok((outside, sockets))
    })
    .await
    .map_err(io::Error::other)??;
    let mut egress = Egress { tasks: Vec::new() };
    let mut carried = Vec::new();
    for (to, socket) in sockets.udp {
        carried.push((to, tokio::net::UdpSocket::from_std(socket)?));
    }
    if !carried.is_empty() {
        egress.tasks.push(tokio::spawn(datagrams::carry_all(carried, Arc::clone(&world))));
    }
    let gate = Arc::new(Gate { filter, world, label });
    for listener in sockets.tcp {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        egress.tasks.push(tokio::spawn(gate::keep(Arc::clone(&gate), listener)));
    }
    egress.tasks.push(tokio::spawn(async move {
        if let Err(error) = nowhere::keep(sockets.nowhere, gate, outside).await {
            tracing::error!(%error, "connections to what is not declared find no answer");
        }
    }));
    for socket in sockets.dns {
        let socket = tokio::net::UdpSocket::from_std(socket)?;
        egress.tasks.push(tokio::spawn(dns::serve(socket, Arc::clone(&answers))));
    }
    Ok(egress)
}
