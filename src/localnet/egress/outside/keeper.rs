//! The keeper's side: plain threads in the machine's own network.
//!
//! May import its siblings. Invariant: a thread serves one request and ends; the end of the sandbox ends the loop.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::{Reply, Request, passing};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Serves the supervisor's requests until its end of the socket is closed.
pub fn serve_outside(socket: UnixStream) {
    loop {
        match passing::receive(socket.as_fd()) {
            Ok((message, Some(answer_on))) => {
                let served = std::thread::Builder::new()
                    .name("outside".to_owned())
                    .spawn(move || serve(&message, &UnixStream::from(answer_on)));
                // Without a thread the pair is closed, which the supervisor takes for a failure of this request.
                if let Err(error) = served {
                    tracing::warn!(%error, "no thread for a request from the sandbox");
                }
            }
            Ok((message, None)) if message.is_empty() => return,
            // A request without a pair cannot be answered.
            Ok((_, None)) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::warn!(%error, "the sandbox can no longer reach the outside");
                return;
            }
        }
    }
}

/// Whether the Internet can be reached from here: a TCP connection to the gateway that the tutorial needs.
pub fn internet_reachable(timeout: Duration) -> bool {
    let (sender, receiver) = std::sync::mpsc::channel();
    let deadline = Instant::now() + timeout;
    // Resolving cannot be given a time limit, so it happens on a thread that is left behind if it hangs.
    let probe = std::thread::Builder::new().name("probe".to_owned()).spawn(move || {
        let addresses =
            ("ipfs.io", 443).to_socket_addrs().map(Iterator::collect::<Vec<_>>).unwrap_or_default();
        let reached = addresses.iter().any(|address| {
            let left = deadline.saturating_duration_since(Instant::now());
            !left.is_zero() && TcpStream::connect_timeout(address, left).is_ok()
        });
        let _ = sender.send(reached);
    });
    probe.is_ok() && receiver.recv_timeout(timeout).unwrap_or(false)
}

fn serve(message: &[u8], answer_on: &UnixStream) {
    let (reply, connected) = match serde_json::from_slice(message) {
        Ok(Request::Resolve { name }) => (resolve(&name).map_or_else(failed, Reply::Addresses), None),
        Ok(Request::Connect { ip, port }) => match connect(ip, port) {
            Ok(stream) => (Reply::Connected, Some(OwnedFd::from(stream))),
            Err(error) => (failed(error), None),
        },
        Ok(Request::ConnectUdp { ip, port }) => match connect_udp(ip, port) {
            Ok(socket) => (Reply::Connected, Some(OwnedFd::from(socket))),
            Err(error) => (failed(error), None),
        },
        Err(error) => (failed(io::Error::other(error)), None),
    };
    let text = match serde_json::to_vec(&reply) {
        Ok(text) => text,
        Err(error) => return tracing::warn!(%error, "a reply to the sandbox could not be written"),
    };
    // Who asked may have given up by now; then there is nobody to tell.
    let _ = passing::send(answer_on.as_fd(), &text, connected.as_ref().map(AsFd::as_fd));
}

fn failed(error: io::Error) -> Reply {
    Reply::Failed { errno: error.raw_os_error(), message: error.to_string() }
}

fn resolve(name: &str) -> io::Result<Vec<Ipv4Addr>> {
    match (name, 0).to_socket_addrs() {
        Ok(found) => {
            let mut addresses: Vec<Ipv4Addr> = Vec::new();
            for address in found {
                if let IpAddr::V4(ip) = address.ip()
                    && !addresses.contains(&ip)
                {
                    addresses.push(ip);
                }
            }
            Ok(addresses)
        }
        Err(error) if says_no_such_name(&error) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The standard library keeps getaddrinfo's reason only as text: glibc's EAI_NONAME and EAI_NODATA, musl's EAI_NONAME.
fn says_no_such_name(error: &io::Error) -> bool {
    let text = error.to_string();
    ["Name or service not known", "No address associated with hostname", "Name does not resolve"]
        .iter()
        .any(|reason| text.contains(reason))
}

fn connect(ip: Ipv4Addr, port: u16) -> io::Result<TcpStream> {
    require_outside(ip)?;
    TcpStream::connect_timeout(&SocketAddr::V4(SocketAddrV4::new(ip, port)), CONNECT_TIMEOUT)
}

/// Takes a port of its own only for what comes back from that one address.
fn connect_udp(ip: Ipv4Addr, port: u16) -> io::Result<UdpSocket> {
    require_outside(ip)?;
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect((ip, port))?;
    Ok(socket)
}

fn require_outside(ip: Ipv4Addr) -> io::Result<()> {
    if is_outside(ip) {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{ip} is this machine's own affair")))
}

/// A sandbox must not reach what listens on the machine itself or, in a cloud, its metadata service.
fn is_outside(ip: Ipv4Addr) -> bool {
    let first = ip.octets()[0];
    !(ip.is_loopback() || ip.is_link_local() || ip.is_multicast() || ip.is_broadcast() || first == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_itself_is_not_outside() {
        for ip in ["127.0.0.1", "127.42.0.1", "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255"] {
            assert!(!is_outside(ip.parse().unwrap()), "{ip}");
        }
        assert!(is_outside(Ipv4Addr::new(104, 18, 0, 1)));
    }

    #[test]
    fn a_name_that_cannot_exist_differs_from_a_failed_lookup() {
        let unknown = io::Error::other("failed to lookup address information: Name or service not known");
        let failed =
            io::Error::other("failed to lookup address information: Temporary failure in name resolution");
        assert!(says_no_such_name(&unknown));
        assert!(!says_no_such_name(&failed));
    }
}
