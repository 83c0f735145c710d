//! What an activity asks of the provider's exe-unit and runtime: the seam between the emulated yagna (above) and
//! the nodes, the VPN and the egress (below).
//!
//! Invariant: the emulated yagna never touches a namespace, and a node never knows of demands or agreements.

use std::future::Future;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;

use tokio::net::TcpStream;

pub use super::market::outbound_decision::OutboundAccess;

/// A boxed future, so that the traits below can be objects.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What an activity's node is made from.
#[derive(Clone, Debug)]
pub struct NodeSpec {
    /// The activity, unique for the localnet's life.
    pub activity_id: String,
    /// The provider's name, for logs.
    pub provider_name: String,
    /// The VPN that the node joins: those of different ones do not see each other, and may have the same addresses.
    pub vpn: String,
    /// The node's address in the VPN, for example 192.168.0.3.
    pub vpn_ip: Ipv4Addr,
    /// The VPN's prefix length, for example 16.
    pub vpn_prefix: u8,
    /// Threads that the offer advertises.
    pub cpu_threads: u32,
    /// Memory that the offer advertises, in GiB.
    pub mem_gib: f64,
    /// What the node may reach.
    pub outbound: OutboundAccess,
}

/// What a command of an ExeScript left behind.
#[derive(Clone, Debug, Default)]
pub struct RunOutput {
    /// Exit code; 128 + n for a signal.
    pub code: i32,
    /// Bytes of stdout.
    pub stdout: Vec<u8>,
    /// Bytes of stderr.
    pub stderr: Vec<u8>,
}

/// Why an ExeScript command could not be carried out; the text reaches the requestor.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct RuntimeError(pub String);

/// Makes nodes.
pub trait ExeUnit: Send + Sync + 'static {
    /// `deploy`: prepares a node. Nothing of it remains if this fails.
    fn deploy(&self, spec: NodeSpec) -> Boxed<'_, Result<Arc<dyn Node>, RuntimeError>>;
}

/// A deployed node.
pub trait Node: Send + Sync + 'static {
    /// `start`: resolves the manifest's URLs, boots the node.
    fn start(&self) -> Boxed<'_, Result<(), RuntimeError>>;

    /// `run`: one program with its arguments inside the node.
    fn run(&self, program: String, args: Vec<String>) -> Boxed<'_, Result<RunOutput, RuntimeError>>;

    /// A TCP connection to the node over the VPN, as the requestor's yagna would make it.
    fn connect(&self, port: u16) -> Boxed<'_, std::io::Result<TcpStream>>;

    /// Whether the node's init still lives.
    fn is_alive(&self) -> bool;

    /// Returns when the node has ended, however it ended.
    fn ended(&self) -> Boxed<'static, ()>;

    /// Ends the node and everything in it; a second call does nothing.
    fn terminate(&self) -> Boxed<'_, ()>;
}
