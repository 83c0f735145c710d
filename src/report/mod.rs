//! Sinks of events.
