//! What a walk looks like: live in the terminal, and as documents made from its events.
//!
//! May import `evidence` and `event`. Invariant: a report needs nothing but events, so that the last walk can be reported
//! again at any time; whatever comes from an emulated network bears the word `simulated`; a walk in which nothing was run
//! is never green.

mod cast;
mod document;
mod excerpt;
mod html;
mod json;
mod junit;
mod log;
mod markdown;
mod prose;
mod signs;
mod summary;
mod terminal;
mod walk;

pub use document::{Document, read_walk, write_documents};
pub use log::{EventLog, of_project as log_of_project};
pub use summary::text as summary_text;
pub use terminal::{Style, Terminal};
pub use walk::{Standing, StepReport, Walk};

#[cfg(test)]
mod tests;

use crate::event::{Event, Sink};

/// Gives every event to each of several sinks.
pub struct Sinks<'a>(pub Vec<&'a mut dyn Sink>);

impl Sink for Sinks<'_> {
    fn event(&mut self, event: &Event) {
        for sink in &mut self.0 {
            sink.event(event);
        }
    }
}
