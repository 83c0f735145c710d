//! The pause before another try.

use std::time::{Duration, Instant};

use super::Signals;
use super::standstill::Silence;
use crate::event::{Event, Sink};

/// How often a signal is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Waits, says all the while for what, and ends early when a signal arrives; whether none did.
pub fn pause(length: Duration, signals: &Signals, sink: &mut dyn Sink) -> bool {
    let (started, mut silence) = (Instant::now(), Silence::default());
    loop {
        let elapsed = started.elapsed();
        if signals.arrived() {
            return false;
        }
        if elapsed >= length {
            return true;
        }
        if silence.is_due(elapsed) {
            let what = format!("waiting before the next try ({} s in all)", length.as_secs());
            sink.event(&Event::Waited { what, elapsed });
        }
        std::thread::sleep(LOOK_EVERY.min(length.saturating_sub(elapsed)));
    }
}
