//! What lies outside of the localnet: the mirror, or the Internet as the keeper reaches it.
//!
//! May import `localnet::mirror`, `localnet::market::faults` and its siblings. Invariant: with the mirror nothing leaves the sandbox; live, no
//! byte of a connection is looked at.

use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::UdpSocket;

use super::names::Names;
use super::outside::Outside;
use crate::localnet::market::Faults;
use crate::localnet::market::faults::{Chance, Share};
use crate::localnet::mirror::{BoxedStream, Content, Mirror};

/// Bytes that wait between a node's connection and the mirror.
const PIPE: usize = 64 * 1024;

/// The outside of every egress of one localnet.
pub struct World {
    place: Place,
    /// Names that no resolver answers for.
    silent: Vec<String>,
    /// Which queries of nodes fail.
    failing: (Chance, Share),
    /// How many there were.
    queries: AtomicU64,
}

enum Place {
    Mirror { mirror: Arc<Mirror>, names: Mutex<Names> },
    Internet(Outside),
}

impl World {
    /// An outside that consists of the mirror.
    pub fn mirror(mirror: Arc<Mirror>) -> Self {
        Self::of(Place::Mirror { mirror, names: Mutex::default() })
    }

    /// The real Internet, through the keeper.
    pub fn live(outside: Outside) -> Self {
        Self::of(Place::Internet(outside))
    }

    fn of(place: Place) -> Self {
        let failing = (Chance::default(), Share::NEVER);
        Self { place, silent: Vec::new(), failing, queries: AtomicU64::new(0) }
    }

    /// The same outside, but that a share of the nodes' queries for names fails.
    #[must_use]
    pub fn with_failing_queries(mut self, faults: &Faults) -> Self {
        self.failing = (faults.chance(), faults.dns_fails);
        self
    }

    /// Whether the query of a node that comes now fails.
    pub fn query_fails(&self) -> bool {
        let (chance, share) = self.failing;
        chance.happens("dns", self.queries.fetch_add(1, Ordering::Relaxed), share)
    }

    /// The same outside, but that no resolver answers for these names.
    #[must_use]
    pub fn without_names(mut self, names: Vec<String>) -> Self {
        self.silent = names;
        self
    }

    /// Which of the two it is.
    pub fn content(&self) -> Content {
        match &self.place {
            Place::Mirror { .. } => Content::Mirror,
            Place::Internet(_) => Content::Live,
        }
    }

    /// The IPv4 addresses of a name; none if there is no such name.
    ///
    /// # Errors
    /// When no resolver answers; live, when the lookup itself failed.
    pub async fn resolve(&self, name: &str) -> io::Result<Vec<Ipv4Addr>> {
        if self.silent.iter().any(|silent| silent.eq_ignore_ascii_case(name.trim_end_matches('.'))) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "no resolver answers (simulated)"));
        }
        match &self.place {
            Place::Mirror { names, .. } => {
                let address = names.lock().unwrap_or_else(PoisonError::into_inner).address_of(name);
                Ok(address.into_iter().collect())
            }
            Place::Internet(outside) => outside.resolve(name).await,
        }
    }

    /// A socket to exchange datagrams with an address and port outside; none where nobody could answer.
    ///
    /// # Errors
    /// Live, what the machine's own network said.
    pub async fn dial_udp(&self, ip: Ipv4Addr, port: u16) -> io::Result<Option<UdpSocket>> {
        match &self.place {
            Place::Mirror { .. } => Ok(None),
            Place::Internet(outside) => outside.connect_udp(ip, port).await.map(Some),
        }
    }

    /// A connection to an address and port outside.
    ///
    /// # Errors
    /// Live, what `connect` said in the machine's own network.
    pub async fn dial(&self, ip: Ipv4Addr, port: u16) -> io::Result<BoxedStream> {
        match &self.place {
            Place::Mirror { mirror, names } => {
                let name =
                    names.lock().unwrap_or_else(PoisonError::into_inner).name_at(ip).map(str::to_owned);
                let (ours, theirs) = tokio::io::duplex(PIPE);
                // An address that no name has was declared as such, for example `https://3.122.207.83`.
                mirror.serve(Box::new(theirs), Some(name.unwrap_or_else(|| ip.to_string())));
                Ok(Box::new(ours))
            }
            Place::Internet(outside) => Ok(Box::new(outside.connect(ip, port).await?)),
        }
    }
}
