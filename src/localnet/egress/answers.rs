//! What names mean for one activity: asked once, then kept.
//!
//! May import its siblings. Invariant: the run-time filter and the node's DNS get the same addresses for the
//! activity's whole life, as with a provider's stable DNS.

use std::collections::HashMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use super::World;

/// The frozen answers of one activity.
pub struct Answers {
    world: Arc<World>,
    frozen: Mutex<HashMap<String, Vec<Ipv4Addr>>>,
}

impl Answers {
    /// No answers yet.
    pub fn new(world: Arc<World>) -> Self {
        Self { world, frozen: Mutex::default() }
    }

    /// The answer to a node's query, which may fail where lookups fail.
    ///
    /// # Errors
    /// As [`World::resolve`].
    pub async fn to_query(&self, name: &str) -> io::Result<Vec<Ipv4Addr>> {
        if self.world.query_fails() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the resolver failed (simulated)"));
        }
        self.of(name).await
    }

    /// The addresses of a name; none if there is no such name. Only addresses are kept: a name that did not exist is
    /// asked for again.
    pub async fn of(&self, name: &str) -> io::Result<Vec<Ipv4Addr>> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if let Some(known) = self.frozen.lock().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Ok(known.clone());
        }
        let found = self.world.resolve(&name).await?;
        if found.is_empty() {
            return Ok(found);
        }
        let mut frozen = self.frozen.lock().unwrap_or_else(PoisonError::into_inner);
        // Two questions may have been under way at once; both get the first one's answer.
        Ok(frozen.entry(name).or_insert(found).clone())
    }
}
