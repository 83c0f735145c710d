//! The mirror: the Internet's part that the tutorial needs, served by the tool itself under the real names.
//!
//! May import `error`, `content`, `exec` and `localnet::market::faults`. Invariant: only who was given the bundle trusts it; the machine's own
//! store of certificates is never touched.

mod authority;
mod faulty_body;
mod hosts;
mod pages;
mod server;
mod stream;

use std::sync::Arc;

use super::market::faults::OddUrls;

pub use self::authority::{Authority, BUNDLE_VARIABLES, Clock};
pub use self::hosts::{REGISTRY_HOSTS, hosts_file};
pub use self::server::Mirror;
pub use self::stream::{BoxedStream, Stream};

/// Where content comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// From the mirror in the tool.
    Mirror,
    /// From the real Internet.
    Live,
}

/// One item of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The bytes.
    pub body: Vec<u8>,
    /// The Content-Type header.
    pub content_type: String,
}

/// Finds an item by host (lower case) and path with query.
pub type Lookup = Arc<dyn Fn(&str, &str) -> Option<Served> + Send + Sync>;

/// The content that a mirror carries.
pub struct Store {
    /// The hosts that have content.
    pub hosts: Vec<String>,
    /// Their content.
    pub lookup: Lookup,
    /// URLs with another answer than their content.
    pub odd: OddUrls,
}
