//! Where downloads come from, how their content is verified, and the store of the localnet's mirror.
//!
//! May import `error`, `diagnostic` and `outbound`. Invariant: only `fetch` opens connections; the mirror's store is
//! embedded, and every block of it is what its CID names.

pub mod cid;
pub mod downloads;
pub mod fetch;
pub mod mirror;
pub mod package_index;
pub mod sample;
pub mod source;
pub mod whitelist_difference;
pub mod whitelist_store;
