//! Who listens on a port, where no table of the kernel is read: somebody or nobody.
//!
//! May import its siblings. On Linux it is compiled, too, and only its tests call it. Invariant: whoever is there is met for a moment and told nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::Listener;

/// Nothing is known of a holder.
pub const UNTOLD: &str = "another process";
/// Shows it.
pub const LOOK: &str = if cfg!(windows) { "netstat -ano" } else { "lsof -nP -iTCP -sTCP:LISTEN" };

/// A loopback answers at once; Windows tries a refused connection again for two seconds.
const PATIENCE: Duration = Duration::from_millis(150);

/// Who would be met at 127.0.0.1 or ::1 on `port`; none if the port is free.
pub fn listener(port: u16) -> Option<Listener> {
    let loopbacks = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let is_met = |address| TcpStream::connect_timeout(&SocketAddr::new(address, port), PATIENCE).is_ok();
    loopbacks.into_iter().any(is_met).then_some(Listener { port, holder: None })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn somebody_is_told_from_nobody() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        assert_eq!(listener(port), Some(Listener { port, holder: None }));
        drop(socket);
        assert_eq!(listener(port), None);
    }
}
