//! The sockets that a namespace's packets end in, made inside the namespace and used outside of it.
//!
//! May import its siblings. Invariant: they accept only what arrives over the namespace's loopback device, never the
//! VPN's packets.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

use super::WELL_KNOWN_RESOLVERS;
use super::routes::{self, Caught};
use crate::outbound::filter::DNS_PORT;

/// The transparent listener's port on the namespace's outside address. Port 1 is one that no program on a node uses.
const TRANSPARENT_PORT: u16 = 1;

/// Waiting connections; a program that sweeps ports must not be told "refused" by a full queue.
const BACKLOG: i32 = 1024;

/// The sockets of one egress, non-blocking.
pub struct Sockets {
    /// Listeners whose accepted connections have the original destination as local address.
    pub tcp: Vec<TcpListener>,
    /// One socket for each well-known resolver, bound to that resolver's own address.
    pub dns: Vec<UdpSocket>,
    /// One socket for each declared `udp://` destination, bound to that destination.
    pub udp: Vec<(Ipv4Addr, u16, UdpSocket)>,
}

impl Sockets {
    /// Lays the routes and opens the sockets; called inside the namespace.
    ///
    /// Where the kernel can divert every port to one listener it does, so that an undeclared port is accepted and
    /// then reset as by a provider. Else there is a listener for each of `ports`, and the kernel says at once that
    /// others cannot be reached.
    pub fn open(
        local_ip: Ipv4Addr,
        vpn: Option<(Ipv4Addr, u8)>,
        ports: &[u16],
        datagrams: &[(Ipv4Addr, u16)],
    ) -> io::Result<Self> {
        let tcp = match routes::divert(local_ip, vpn, TRANSPARENT_PORT) {
            Ok(()) => {
                routes::lay(local_ip, Caught::EveryPort, datagrams)?;
                vec![transparent_listener(SocketAddrV4::new(local_ip, TRANSPARENT_PORT))?]
            }
            Err(error) => {
                tracing::info!(%error, "only declared ports can be listened on, all others are unreachable");
                routes::lay(local_ip, Caught::Ports(ports), datagrams)?;
                ports.iter().map(|port| plain_listener(*port)).collect::<io::Result<_>>()?
            }
        };
        let dns = WELL_KNOWN_RESOLVERS
            .iter()
            .map(|resolver| datagram_socket(*resolver, DNS_PORT))
            .collect::<io::Result<_>>()?;
        let bound = |(ip, port): &(Ipv4Addr, u16)| Ok((*ip, *port, datagram_socket(*ip, *port)?));
        let udp = datagrams.iter().map(bound).collect::<io::Result<_>>()?;
        Ok(Self { tcp, dns, udp })
    }
}

/// The listener that every port is diverted to.
fn transparent_listener(address: SocketAddrV4) -> io::Result<TcpListener> {
    listen(transparent(Type::STREAM, Protocol::TCP)?, address)
}

/// A listener on one port of every address that the loopback device receives for, which is all of them.
fn plain_listener(port: u16) -> io::Result<TcpListener> {
    let socket = transparent(Type::STREAM, Protocol::TCP)?;
    socket.bind_device(Some(b"lo"))?;
    listen(socket, SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port))
}

fn listen(socket: Socket, address: SocketAddrV4) -> io::Result<TcpListener> {
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A socket that receives what is sent to a foreign address, and answers from there.
fn datagram_socket(ip: Ipv4Addr, port: u16) -> io::Result<UdpSocket> {
    let socket = transparent(Type::DGRAM, Protocol::UDP)?;
    socket.bind(&SocketAddrV4::new(ip, port).into())?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A transparent socket, because the kernel lets no other one answer from an address that is not the namespace's.
fn transparent(kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, kind, Some(protocol))?;
    socket.set_ip_transparent_v4(true)?;
    Ok(socket)
}
