//! The sockets that a namespace's packets end in, made at the cable's end.
//!
//! May import its siblings. Invariant: they are in a network namespace of ours, so that no port of the node is taken.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

use super::nowhere::Nowhere;
use super::{WELL_KNOWN_RESOLVERS, routes};
use crate::outbound::filter::DNS_PORT;

/// Waiting connections; a program that opens many at once must not be told "refused" by a full queue.
const BACKLOG: i32 = 1024;

/// The sockets of one egress, non-blocking.
pub struct Sockets {
    /// Listeners on the declared ports; an accepted connection has the original destination as local address.
    pub tcp: Vec<TcpListener>,
    /// One socket for each well-known resolver, bound to that resolver's own address.
    pub dns: Vec<UdpSocket>,
    /// One socket for each declared `udp://` destination, bound to that destination.
    pub udp: Vec<(SocketAddrV4, UdpSocket)>,
    /// Where everything else ends.
    pub nowhere: Nowhere,
}

impl Sockets {
    /// Lays the routes and opens the sockets; called at the cable's end.
    pub fn open(local_ip: Ipv4Addr, ports: &[u16], datagrams: &[SocketAddrV4]) -> io::Result<Self> {
        routes::lay(local_ip, ports, datagrams)?;
        let nowhere = Nowhere::open()?;
        let tcp = ports.iter().map(|port| plain_listener(*port)).collect::<io::Result<_>>()?;
        let dns = WELL_KNOWN_RESOLVERS
            .iter()
            .map(|resolver| datagram_socket(*resolver, DNS_PORT))
            .collect::<io::Result<_>>()?;
        let bound = |to: &SocketAddrV4| Ok((*to, datagram_socket(*to.ip(), to.port())?));
        let udp = datagrams.iter().map(bound).collect::<io::Result<_>>()?;
        Ok(Self { tcp, dns, udp, nowhere })
    }
}

/// A listener on one port of every address.
pub fn plain_listener(port: u16) -> io::Result<TcpListener> {
    let socket = transparent(Type::STREAM, Protocol::TCP)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port).into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A socket that receives what is sent to a foreign address, and answers from there.
pub fn datagram_socket(ip: Ipv4Addr, port: u16) -> io::Result<UdpSocket> {
    let socket = transparent(Type::DGRAM, Protocol::UDP)?;
    socket.bind(&SocketAddrV4::new(ip, port).into())?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A transparent socket, because the kernel lets no other one have an address that is not the namespace's.
fn transparent(kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, kind, Some(protocol))?;
    socket.set_ip_transparent_v4(true)?;
    Ok(socket)
}
