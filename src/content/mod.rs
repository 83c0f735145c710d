//! Where downloads come from, how their content is verified, and the store of the localnet's mirror.
//!
//! May import `error` and `outbound`. Invariant: nothing here opens a connection; the store is embedded, and every
//! block of it is what its CID names.

pub mod cid;
pub mod mirror;
pub mod sample;
pub mod source;
