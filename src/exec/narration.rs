//! Words for people on standard error.
//!
//! May import nothing of the house. Invariant: a terminal that was closed does not end the program by a panic, because
//! there may be something to take down.

use std::io::Write;

/// Writes a text as it is, without a line's end.
pub fn narrate(text: &str) {
    let mut stderr = std::io::stderr();
    // A reader who is gone cannot be told that he is.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
