//! The signals by which a user or the system ends a program.
//!
//! May import nothing of the house.

use signal_hook::consts;

/// Ctrl-C, the end that another program asks for and, where there are such terminals, the terminal's own.
#[cfg(unix)]
pub const INTERRUPTIONS: [i32; 3] = [consts::SIGINT, consts::SIGTERM, consts::SIGHUP];
/// Ctrl-C, and the end that the C library knows.
#[cfg(not(unix))]
pub const INTERRUPTIONS: [i32; 2] = [consts::SIGINT, consts::SIGTERM];
