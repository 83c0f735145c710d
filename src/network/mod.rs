//! The networks that a walk can run on: this machine only, the emulated network, a testnet, the mainnet.
//!
//! May import `error`, `evidence`, `cluster`, `content`, `exec`, `localnet`. Invariant: a network never knows which step uses it;
//! it says how a command is run and what can be observed.

mod golem;
mod invocation;
mod lifeline;
mod local;
mod localnet;
#[cfg(target_os = "linux")]
mod project_localnet;
mod webserver;
mod workplace;

use std::time::Duration;

pub use golem::{GolemNetwork, Kind, still_rented};
pub use invocation::{ChildProcesses, CommandRunner, Ended};
pub use lifeline::Lifeline;
pub use local::Local;
pub use localnet::{EmulatedNetwork, LocalnetControl, LocalnetStatus};
#[cfg(target_os = "linux")]
pub use project_localnet::ProjectLocalnet;
pub use webserver::rented_nodes;
pub use workplace::{PROGRAM, Workplace};

pub use crate::exec::{Action, Invocation, Tick};

use crate::error::Result;
use crate::evidence::Funnel;

/// Ports that a walk uses on the requestor's side: ray-on-golem's webserver, yagna, Ray's GCS, Ray's dashboard.
pub const PORTS: [u16; 4] = [4578, 7465, 6379, 8265];

/// What stands in the way before anything has run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, for people.
    pub what: String,
    /// The command or the edit that mends it.
    pub command: String,
    /// Whether the walk cannot begin.
    pub blocks: bool,
}

/// Who holds a port, for people; `None` when it is free.
pub type PortHolder = Box<dyn Fn(u16) -> Option<String>>;

/// Where the commands of a walk run.
pub trait Network {
    /// As on the command line: `local`, `localnet`, `testnet`, `mainnet`.
    fn name(&self) -> &'static str;

    /// Whether it is emulated; every report then says so.
    fn simulated(&self) -> bool;

    /// Where downloads come from, if not simply from the Internet: `mirror` or `live`, with the word `simulated`.
    fn content(&self) -> Option<String> {
        None
    }

    /// What stands in the way, all of it at once. Changes nothing.
    fn preflight(&self) -> Vec<Problem>;

    /// Whether commands other than our own can run.
    fn is_ready(&self) -> bool;

    /// Makes it ready for commands other than our own. A second call does nothing.
    ///
    /// # Errors
    /// Whatever kept it from starting; nothing of it remains then.
    fn start(&mut self) -> Result<()>;

    /// How a command is run here. With `keep_daemons` processes that it leaves behind live on.
    fn command(&self, argv: &[String], timeout: Duration, keep_daemons: bool) -> Invocation;

    /// What keeps a network of the walk's own alive: it ends when nobody holds a copy of this any more. None for a network
    /// that was there before.
    fn lifeline(&self) -> Option<Lifeline<'_>> {
        None
    }

    /// Why it is there no more, although nobody of this walk has stopped it, and what tells more: one line. None while it is
    /// there, and of a network that cannot tell.
    fn ended(&self) -> Option<String> {
        None
    }

    /// Told before a step's first command: an emulated network may have faults that wait for it.
    fn enter_step(&self, _step: &str) {}

    /// Addresses of the cluster's nodes that are up, if this network can tell.
    fn nodes(&self) -> Option<Vec<String>>;

    /// How long the market has had nothing new to offer, if this network can tell.
    fn market_idle_for(&self) -> Option<Duration>;

    /// What became of the offers for the demands that are out now, in the words of network-stats, if this network can
    /// tell.
    fn funnel(&self) -> Option<Funnel> {
        None
    }

    /// Whether somebody listens on this port where commands run, if this network can tell.
    fn is_listening(&self, port: u16) -> Option<bool>;

    /// Ports of the walk that are taken, with their holders, if this network can tell.
    fn busy_ports(&self) -> Option<Vec<(u16, String)>>;

    /// Processes of the walk that are alive, if this network can tell.
    fn processes(&self) -> Option<Vec<String>>;

    /// Ends it and everything in it. A second call does nothing.
    ///
    /// # Errors
    /// What could not be ended.
    fn stop(&mut self) -> Result<()>;
}

/// The taken ones of the walk's ports.
fn busy_ports(holder: &PortHolder) -> Vec<(u16, String)> {
    PORTS.iter().filter_map(|port| Some((*port, holder(*port)?))).collect()
}
