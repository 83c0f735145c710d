//! What there is of the localnet where the kernel is not Linux's: the reason why it is not there.
//!
//! May import `error`. Invariant: nothing is tried and nothing is started, so that the answer comes at once.

use std::path::Path;
use std::process::ExitCode;

use super::{ContentMode, MadeOf, Unsupported};
use crate::error::Result;

/// Why this system has no localnet.
pub fn namespaces() -> Option<Unsupported> {
    Some(Unsupported::other_system(std::env::consts::OS))
}

/// Refuses what needs a localnet.
///
/// # Errors
/// `Machine`, always.
pub fn on_this_system() -> Result<()> {
    Err(Unsupported::other_system(std::env::consts::OS).into_error())
}

/// `auto` is the mirror: nobody looks.
pub fn decided(content: ContentMode) -> ContentMode {
    if content == ContentMode::Auto { ContentMode::Mirror } else { content }
}

/// None runs.
pub fn made_of(_: &Path) -> Option<MadeOf> {
    None
}

/// There is no yagna of ours without a localnet.
pub fn yagna_command() -> ExitCode {
    let error = Unsupported::other_system(std::env::consts::OS).into_error();
    eprintln!("error: {error}");
    ExitCode::from(error.kind().exit_code())
}
