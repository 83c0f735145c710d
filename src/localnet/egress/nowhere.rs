//! Packets that no socket waits for. A TCP connection is accepted and then reset, as a provider does it; where the filter
//! lets everything pass, a socket is opened for what was seen, and the packet is handed in again.
//!
//! May import its siblings. Invariant: what the filter refuses gets nothing but the reset; datagrams get no answer at all.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddrV4;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use socket2::{Domain, Protocol, SockAddr, SockAddrStorage, Socket, Type};
use tokio::io::unix::AsyncFd;
use tokio::task::JoinSet;

use super::gate::{self, BEFORE_RESET, Gate};
use super::packets::{Opening, Packet};
use super::sockets::{datagram_socket, plain_listener};
use super::{WELL_KNOWN_RESOLVERS, datagrams, namespace, routes};
use crate::outbound::filter::DNS_PORT;

/// The largest packet.
const PACKET: usize = 64 * 1024;

/// So many sockets are opened for what was not declared; then packets go nowhere. Nodes cannot get there, because no
/// cluster file asks for unrestricted access; the requestor's commands do not come near.
const MOST_SOCKETS: usize = 2_000;

/// What takes the packets in, and what answers.
pub struct Nowhere {
    arriving: Socket,
    answering: Socket,
}

impl Nowhere {
    /// Sees what comes through the cable; called at its end.
    pub fn open() -> io::Result<Self> {
        let arriving = Socket::new(Domain::PACKET, Type::DGRAM, None)?;
        arriving.set_nonblocking(true)?;
        arriving.bind(&packets_at(routes::END)?)?;
        let answering = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(nix::libc::IPPROTO_RAW)))?;
        answering.set_mark(routes::HANDED_IN)?;
        answering.set_nonblocking(true)?;
        Ok(Self { arriving, answering })
    }
}

/// The address of a socket that sees the IPv4 packets arriving at a device.
fn packets_at(device: &str) -> io::Result<SockAddr> {
    let mut address = SockAddrStorage::zeroed();
    // SAFETY: sockaddr_ll is one of the kinds of address that the storage is for, and valid when all its bytes are 0.
    let link = unsafe { address.view_as::<nix::libc::sockaddr_ll>() };
    link.sll_family = nix::libc::AF_PACKET as u16;
    link.sll_protocol = (nix::libc::ETH_P_IP as u16).to_be();
    link.sll_ifindex = i32::try_from(nix::net::if_::if_nametoindex(device)?).map_err(io::Error::other)?;
    // SAFETY: the storage holds a whole sockaddr_ll, of this length.
    Ok(unsafe { SockAddr::new(address, size_of::<nix::libc::sockaddr_ll>() as nix::libc::socklen_t) })
}

/// Takes every packet in until aborted; then everything that was opened ends too.
pub async fn keep(nowhere: Nowhere, gate: Arc<Gate>, outside: OwnedFd) -> io::Result<()> {
    let Nowhere { arriving, answering } = nowhere;
    // SAFETY: the socket keeps its descriptor, the same one, until the AsyncFd drops it.
    let arriving = unsafe { AsyncFd::register(arriving) }?;
    let mut keeper = Keeper {
        gate,
        outside: Arc::new(outside),
        answering: Arc::new(answering),
        doors: HashMap::new(),
        running: JoinSet::new(),
    };
    keeper.know_declared();
    let mut buffer = vec![0; PACKET];
    loop {
        let length = arriving.async_io(tokio::io::Interest::READABLE, |socket| {
            use std::io::Read;
            (&mut &*socket).read(&mut buffer)
        });
        match length.await {
            Ok(length) => keeper.take(&buffer[..length]).await,
            Err(error) => {
                tracing::warn!(%error, "a packet for elsewhere could not be read");
                tokio::time::sleep(BEFORE_RESET).await;
            }
        }
        while keeper.running.try_join_next().is_some() {}
    }
}

struct Keeper {
    gate: Arc<Gate>,
    outside: Arc<OwnedFd>,
    answering: Arc<Socket>,
    doors: HashMap<Door, Opened>,
    running: JoinSet<()>,
}

/// What a socket is opened for: a port of every address, or one place for datagrams.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Door {
    Tcp(u16),
    Udp(SocketAddrV4),
}

impl Door {
    fn transport(self) -> Transport {
        match self {
            Self::Tcp(_) => Transport::Tcp,
            Self::Udp(_) => Transport::Udp,
        }
    }
}

/// Since when a socket waits at a door.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opened {
    /// From the beginning: the kernel led every packet there.
    Before,
    /// For a packet seen here; some that followed it may have come too early for the kernel.
    HereFor(Transport),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Tcp,
    Udp,
}

impl Keeper {
    /// What is seen here is everything that arrives, also what a socket of the egress waits for.
    fn know_declared(&mut self) {
        let resolvers = WELL_KNOWN_RESOLVERS.map(|resolver| SocketAddrV4::new(resolver, DNS_PORT));
        let datagrams = self.gate.filter.udp_endpoints().into_iter().chain(resolvers).map(Door::Udp);
        let ports = self.gate.filter.tcp_ports().into_iter().map(Door::Tcp);
        self.doors.extend(ports.chain(datagrams).map(|door| (door, Opened::Before)));
    }

    async fn take(&mut self, bytes: &[u8]) {
        match Packet::read(bytes) {
            // A socket waits at that port of every address, and decides.
            Some(Packet::Opening(opening)) if self.is_declared(Door::Tcp(opening.to.port())) => {}
            Some(Packet::Opening(opening)) => {
                match self.gate.filter.check_tcp(*opening.to.ip(), opening.to.port()) {
                    Ok(()) => self.open(Door::Tcp(opening.to.port()), bytes).await,
                    Err(refusal) => {
                        tracing::info!(provider = %self.gate.label, "{refusal}");
                        self.running.spawn(refuse(Arc::clone(&self.answering), opening));
                    }
                }
            }
            // What is for many is for the neighbours, of whom there are none.
            Some(Packet::Datagram(to)) if to.ip().is_multicast() || to.ip().is_broadcast() => {}
            Some(Packet::Datagram(to)) if self.gate.filter.allows_udp(*to.ip(), to.port()) => {
                self.open(Door::Udp(to), bytes).await;
            }
            Some(Packet::Datagram(_)) | None => {}
        }
    }

    fn is_declared(&self, door: Door) -> bool {
        self.doors.get(&door) == Some(&Opened::Before)
    }

    /// Opens a socket where none is yet, and hands the packet in. Later packets are led there by the kernel; an opening
    /// that came too early for that is handed in as well, because a second copy of it does no harm, while a datagram
    /// would arrive twice.
    async fn open(&mut self, door: Door, packet: &[u8]) {
        match self.doors.get(&door) {
            Some(Opened::Before | Opened::HereFor(Transport::Udp)) => return,
            Some(Opened::HereFor(Transport::Tcp)) => {}
            None if self.doors.len() >= MOST_SOCKETS => return,
            None => {
                if let Err(error) = self.make(door).await {
                    tracing::warn!(provider = %self.gate.label, %error, "a way out could not be opened");
                    return;
                }
                self.doors.insert(door, Opened::HereFor(door.transport()));
            }
        }
        if let (Some(packet), Some(to)) = (Packet::completed(packet), destination(packet)) {
            send(&self.answering, &packet, to);
        }
    }

    async fn make(&mut self, door: Door) -> io::Result<()> {
        let outside = Arc::clone(&self.outside);
        let inside = move || {
            namespace::inside(&outside, move || match door {
                Door::Tcp(port) => {
                    let listener = plain_listener(port)?;
                    routes::lead_tcp(port)?;
                    Ok(Made::Listener(listener))
                }
                Door::Udp(to) => {
                    let socket = datagram_socket(*to.ip(), to.port())?;
                    routes::lead_udp(to)?;
                    Ok(Made::Datagrams(to, socket))
                }
            })
        };
        let world = Arc::clone(&self.gate.world);
        match tokio::task::spawn_blocking(inside).await.map_err(io::Error::other)?? {
            Made::Listener(listener) => {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                self.running.spawn(gate::keep(Arc::clone(&self.gate), listener));
            }
            Made::Datagrams(to, socket) => {
                let socket = tokio::net::UdpSocket::from_std(socket)?;
                self.running.spawn(datagrams::carry(socket, *to.ip(), to.port(), world));
            }
        }
        Ok(())
    }
}

enum Made {
    Listener(std::net::TcpListener),
    Datagrams(SocketAddrV4, std::net::UdpSocket),
}

fn destination(packet: &[u8]) -> Option<SocketAddrV4> {
    match Packet::read(packet)? {
        Packet::Opening(opening) => Some(opening.to),
        Packet::Datagram(to) => Some(to),
    }
}

async fn refuse(answering: Arc<Socket>, opening: Opening) {
    for answer in [opening.accepted(), opening.reset()] {
        if let Some(packet) = answer {
            send(&answering, &packet, opening.from());
        }
        tokio::time::sleep(BEFORE_RESET).await;
    }
}

/// A packet may be lost, as anywhere; whoever sent the first one sends it again.
fn send(socket: &Socket, packet: &[u8], to: SocketAddrV4) {
    if let Err(error) = socket.send_to(packet, &SocketAddrV4::new(*to.ip(), 0).into()) {
        tracing::debug!(%error, "a packet could not be handed in");
    }
}
