//! Who listens on a port of this machine.
//!
//! May import `error`. Invariant: nothing is bound in order to find out.

pub mod knocking;
#[cfg(target_os = "linux")]
mod listening;
#[cfg(target_os = "linux")]
mod tables;

use crate::error::{Error, Result};

#[cfg(not(target_os = "linux"))]
use knocking as system;
#[cfg(target_os = "linux")]
use tables as system;

pub use system::listener;
#[cfg(target_os = "linux")]
pub use tables::listener_beside;

/// A taken port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The port.
    pub port: u16,
    /// Who holds it, where the system lets us see it: another user's sockets cannot be told.
    pub holder: Option<Holder>,
}

/// The process that holds a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub pid: i32,
    /// Its short name.
    pub name: String,
    /// The beginning of its command line.
    pub command: String,
}

impl std::fmt::Display for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.holder {
            Some(holder) => write!(f, "`{}` (process {}: {})", holder.name, holder.pid, holder.command),
            None => f.write_str(system::UNTOLD),
        }
    }
}

/// Makes sure that none of `ports` is taken.
///
/// # Errors
/// `Machine`, naming every taken port and its process at once.
pub fn require_free(ports: &[u16]) -> Result<()> {
    let taken: Vec<Listener> = ports.iter().filter_map(|port| listener(*port)).collect();
    if taken.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = taken.iter().map(|one| format!("port {} is taken by {one}", one.port)).collect();
    let mut error = Error::machine(list.join("; "));
    let mut pids: Vec<i32> =
        taken.iter().filter_map(|one| one.holder.as_ref()).map(|holder| holder.pid).collect();
    pids.dedup();
    for pid in pids {
        error = error.hint(format!("end it if you can do without it: `kill {pid}`"));
    }
    if taken.iter().any(|one| one.holder.is_none()) {
        error = error.hint(format!("see whose it is: `{}`", system::LOOK));
    }
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_listener_of_ours_is_named_and_its_port_is_free_afterwards() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let found = listener(port).expect("the port is taken");
        assert_eq!(found.holder.as_ref().map(|holder| holder.pid), i32::try_from(std::process::id()).ok());
        let error = require_free(&[port]).unwrap_err();
        assert!(error.message().starts_with(&format!("port {port} is taken by `")), "{error}");
        assert_eq!(
            error.hints(),
            [format!("end it if you can do without it: `kill {}`", std::process::id())]
        );
        drop(socket);
        assert_eq!(listener(port), None);
    }

    #[test]
    fn a_listener_on_the_ipv6_loopback_counts_too() {
        // A machine without IPv6 has nothing to show here.
        let Ok(socket) = TcpListener::bind("[::1]:0") else { return };
        assert!(listener(socket.local_addr().unwrap().port()).is_some());
    }
}
