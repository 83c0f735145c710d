//! Which sockets listen on a port, asked of the kernel by sock_diag(7).
//!
//! May import nothing of the house. Reading `/proc/net/tcp` answers the same, but walks every bucket of a table that is
//! there for connections: milliseconds instead of microseconds. Invariant: an answer is whole or none.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::libc::{AF_INET, AF_INET6, IPPROTO_TCP, NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket};

/// `SOCK_DIAG_BY_FAMILY` of linux/sock_diag.h.
const BY_FAMILY: u16 = 20;
/// The bit of TCP_LISTEN among the states asked for.
const LISTENING: u32 = 1 << 10;
/// `struct nlmsghdr`, `struct inet_diag_req_v2`, `struct inet_diag_msg`.
const HEADER: usize = 16;
const REQUEST: usize = 56;
const MESSAGE: usize = 72;

/// The inodes of sockets that listen on `port` at an address which loopback connections reach; none if the kernel does not
/// tell in this way.
pub fn inodes(port: u16) -> Option<Vec<u64>> {
    let kernel =
        socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkSockDiag);
    let kernel = kernel.ok()?;
    let mut found = ask(&kernel, u8::try_from(AF_INET).ok()?, port)?;
    // A kernel without IPv6 has nothing of it that listens.
    found.extend(ask(&kernel, u8::try_from(AF_INET6).ok()?, port).unwrap_or_default());
    Some(found)
}

fn ask(kernel: &OwnedFd, family: u8, port: u16) -> Option<Vec<u64>> {
    let request = request(family, port)?;
    if send(kernel.as_raw_fd(), &request, MsgFlags::empty()).ok()? != request.len() {
        return None;
    }
    let mut found = Vec::new();
    let mut buffer = vec![0; 32 * 1024];
    loop {
        let count = recv(kernel.as_raw_fd(), &mut buffer, MsgFlags::empty()).ok()?;
        let mut rest = buffer.get(..count)?;
        if rest.is_empty() {
            return None;
        }
        while let Some((kind, body, behind)) = message(rest) {
            match i32::from(kind) {
                NLMSG_DONE => return Some(found),
                NLMSG_ERROR => return None,
                _ => found.extend(inode(body, port)),
            }
            rest = behind;
        }
    }
}

fn request(family: u8, port: u16) -> Option<Vec<u8>> {
    let length = HEADER + REQUEST;
    let flags = u16::try_from(NLM_F_REQUEST | NLM_F_DUMP).ok()?;
    let mut bytes = Vec::with_capacity(length);
    bytes.extend(u32::try_from(length).ok()?.to_ne_bytes());
    bytes.extend(BY_FAMILY.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    // The number of the message and the asking process, which the kernel fills in.
    bytes.extend([0; 8]);
    bytes.extend([family, u8::try_from(IPPROTO_TCP).ok()?, 0, 0]);
    bytes.extend(LISTENING.to_ne_bytes());
    bytes.extend(port.to_be_bytes());
    bytes.resize(length, 0);
    Some(bytes)
}

/// The first message of several: its kind, its body, what is behind it.
fn message(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = usize::try_from(u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?)).ok()?;
    let kind = u16::from_ne_bytes(bytes.get(4..6)?.try_into().ok()?);
    let body = bytes.get(HEADER..length)?;
    // Messages begin at multiples of four.
    Some((kind, body, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

fn inode(body: &[u8], port: u16) -> Option<u64> {
    let body = body.get(..MESSAGE)?;
    let is_asked_for = body[4..6] == port.to_be_bytes();
    let is_reached = match i32::from(body[0]) {
        AF_INET => reached_v4(&body[8..12]),
        _ => reached_v6(&body[8..24]),
    };
    let inode = u32::from_ne_bytes(body[68..72].try_into().ok()?);
    (is_asked_for && is_reached).then_some(inode.into())
}

fn reached_v4(address: &[u8]) -> bool {
    address == [0; 4] || address[0] == 127
}

fn reached_v6(address: &[u8]) -> bool {
    match address.split_at(12) {
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], mapped) => reached_v4(mapped),
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], last) => last == [0; 4] || last == [0, 0, 0, 1],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_kernel_tells_of_listening_sockets_alone() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        // A kernel that does not answer is asked by way of /proc.
        let Some(found) = inodes(port) else { return };
        assert_eq!(found.len(), 1);
        let connected = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let connected_from = connected.local_addr().unwrap().port();
        assert_eq!(inodes(port).unwrap(), found, "connections do not count");
        assert!(inodes(connected_from).unwrap().is_empty());
        drop(listener);
        assert!(inodes(port).unwrap().is_empty());
    }

    #[test]
    fn only_addresses_that_loopback_reaches_count() {
        assert!(reached_v4(&[0, 0, 0, 0]) && reached_v4(&[127, 0, 0, 2]) && !reached_v4(&[10, 0, 0, 1]));
        let v6 = |text: &str| reached_v6(&text.parse::<std::net::Ipv6Addr>().unwrap().octets());
        assert!(v6("::") && v6("::1") && v6("::ffff:127.0.0.1") && v6("::ffff:0.0.0.0"));
        assert!(!v6("::2") && !v6("fe80::1") && !v6("::ffff:10.0.0.1"));
    }

    #[test]
    fn half_an_answer_is_none() {
        assert_eq!(message(&[]), None);
        assert_eq!(message(&[200, 0, 0, 0, 20, 0, 0, 0]), None);
        assert_eq!(inode(&[2; 71], 514), None);
    }
}
