//! The way out of the sandbox: the keeper resolves and connects in the machine's network, the supervisor gets the
//! connected socket.
//!
//! May import nothing of the house. Invariant: the machine's own loopback is never reachable from the sandbox.

mod client;
mod keeper;
mod passing;

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

pub use self::client::Outside;
pub use self::keeper::{internet_reachable, serve_outside};

/// What the supervisor asks. A request travels with the end of a socket pair on which the reply is awaited, so replies
/// need no numbers, and a request that is no longer wanted is dropped by closing that pair.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Request {
    Resolve { name: String },
    Connect { ip: Ipv4Addr, port: u16 },
    ConnectUdp { ip: Ipv4Addr, port: u16 },
}

/// What the keeper replies.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Reply {
    /// The addresses of a name; none if there is no such name.
    Addresses(Vec<Ipv4Addr>),
    /// The connected socket travels with this reply.
    Connected,
    /// It failed: the system's error number, if there was one, and the text.
    Failed { errno: Option<i32>, message: String },
}
