//! The localnet: a Golem Network emulated on one machine, under the unmodified ray-on-golem and Ray.
//!
//! May import `error`, `outbound`, `content`, `exec`. The only async room. Invariant: nothing above yagna's API may
//! know that it is emulated.

pub mod control;

pub mod exe_unit;

pub mod market;

pub mod registry;

pub mod yagna;

pub use yagna::cli::yagna_command;
