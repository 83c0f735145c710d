//! The localnet: a Golem Network emulated on one machine, under the unmodified ray-on-golem and Ray.
//!
//! May import `error`, `outbound`, `content`, `exec`. The only async room. Invariant: nothing above yagna's API may
//! know that it is emulated.

pub mod egress;
pub mod exe_unit;
pub mod mirror;

pub mod ssh;

use std::process::ExitCode;

/// The program under the name `yagna`.
pub fn yagna_command() -> ExitCode {
    ExitCode::from(70)
}
