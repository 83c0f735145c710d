//! Child processes, tools on PATH, the Python environment.
//!
//! May import `error` and `ownership`. Invariant: whatever this room starts is gone, tree and all, when the call that started
//! it has returned or when this process has died; only a daemon that the caller asked to keep outlives it. That is so on
//! Linux, where a guard sees to it; what is weaker elsewhere is said in `unguarded.rs`.

pub mod capture;
pub mod clock;
#[cfg(target_os = "linux")]
pub mod descendants;
pub mod disk;
pub mod doctor;
pub mod environment;
#[cfg(target_os = "linux")]
pub mod guard;
#[cfg(unix)]
pub mod inherited;
pub mod installed;
pub mod interruptions;
pub mod marker;
pub mod mend;
mod narration;
pub mod own_program;
pub mod port;
pub mod process;
pub mod program;
pub mod python;
pub mod registry;
#[cfg(unix)]
mod terminal;
pub mod transcript;
pub mod unguarded;

pub use capture::{Output, capture, tail};
#[cfg(target_os = "linux")]
pub use guard::Guard;
pub use narration::narrate;
pub use process::{Action, Ended, Exit, Invocation, Tick};

#[cfg(not(target_os = "linux"))]
pub use unguarded::Guard;

use crate::error::Result;

/// Runs a command under this program as its own guard; see [`Guard::run`].
pub fn run(invocation: &Invocation, watch: &mut dyn FnMut(Tick<'_>) -> Action) -> Result<Ended> {
    Guard::current().run(invocation, watch)
}
