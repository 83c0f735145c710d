//! What the reader types: line by line, and what was typed before anybody asked.
//!
//! May import `exec` and its sibling `signals`. Invariant: no character is thrown away unseen; the terminal's modes are as
//! before whenever a call returns.

#[cfg(target_os = "linux")]
#[path = "keyboard/polled.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "keyboard/by_lines.rs"]
mod system;

pub use system::Keyboard;

/// Without what no key with a letter on it sends.
fn words(line: &[u8]) -> String {
    String::from_utf8_lossy(line).chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}
