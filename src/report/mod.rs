//! Sinks of events: the terminal, the summary, JSON.
//!
//! May import `evidence` and `event`. Invariant: a report needs nothing but events, and whatever comes from an
//! emulated network bears the word `simulated`.

mod json;
mod prose;
mod signs;
mod summary;
mod terminal;

pub use json::JsonReport;
pub use terminal::{Style, Terminal};

use crate::event::{Event, Sink};

/// Gives every event to each of several sinks.
#[derive(Default)]
pub struct Sinks(pub Vec<Box<dyn Sink>>);

impl Sink for Sinks {
    fn event(&mut self, event: &Event) {
        for sink in &mut self.0 {
            sink.event(event);
        }
    }
}
