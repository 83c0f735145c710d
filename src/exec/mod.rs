//! Child processes, tools on PATH, the Python environment.
//!
//! May import `error` alone. Invariant: whatever this room starts is gone, tree and all, when the call that started it
//! has returned or when this process has died; only a daemon that the caller asked to keep outlives it.

pub mod capture;
pub mod descendants;
pub mod disk;
pub mod doctor;
pub mod environment;
mod foreground;
pub mod guard;
pub mod installed;
mod listening;
pub mod marker;
pub mod mend;
mod narration;
pub mod port;
pub mod process;
pub mod program;
pub mod python;
pub mod registry;
pub mod transcript;

pub use capture::{Output, capture, tail};
pub use guard::Guard;
pub use narration::narrate;
pub use process::{Action, Ended, Exit, Invocation, Tick};

use crate::error::Result;

/// Runs a command under this program as its own guard; see [`Guard::run`].
pub fn run(invocation: &Invocation, watch: &mut dyn FnMut(Tick<'_>) -> Action) -> Result<Ended> {
    Guard::current().run(invocation, watch)
}
