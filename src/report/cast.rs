//! The walk as a recording of its terminal: asciicast, version 3 (<https://docs.asciinema.org/manual/asciicast/v3/>).
//!
//! May import `event`. Pure. Invariant: what a player shows is what the terminal showed, in a terminal of 100 columns with
//! colours; the sum of the intervals is the walk's time to the millisecond.

use std::io::Write;
use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::terminal::{Style, Terminal};
use super::walk::network_words;
use crate::event::{Event, Recorded, Sink};

const COLUMNS: usize = 100;
const ROWS: usize = 30;
/// Players shorten longer pauses to so many seconds.
const IDLE_TIME_LIMIT: f64 = 2.0;

/// Writes the recording.
pub(super) fn render(events: &mut dyn Iterator<Item = Recorded>, out: &mut dyn Write) -> std::io::Result<()> {
    let style = Style { width: COLUMNS, colour: true, overwrites: true, ascii: false, plain: false };
    let mut terminal = Terminal::new(Vec::new(), style);
    let mut cast = Cast { out, told: 0 };
    let mut header_is_due = true;
    for Recorded { at, event } in events {
        if std::mem::take(&mut header_is_due) {
            cast.header(&event)?;
        }
        if let Event::StepStarted { id, .. } = &event {
            cast.event(at, "m", id)?;
        }
        terminal.event(&event);
        let shown =
            String::from_utf8_lossy(&terminal.take_written()).replace("\r\n", "\n").replace('\n', "\r\n");
        if !shown.is_empty() {
            cast.event(at, "o", &shown)?;
        }
        if let Event::WalkFinished { exit_code, .. } = event {
            cast.event(at, "x", &exit_code.to_string())?;
        }
    }
    if header_is_due {
        cast.line(&json!({ "version": 3, "term": { "cols": COLUMNS, "rows": ROWS } }))
    } else {
        Ok(())
    }
}

struct Cast<'a> {
    out: &'a mut dyn Write,
    /// Milliseconds up to the last event.
    told: u128,
}

impl Cast<'_> {
    fn header(&mut self, first: &Event) -> std::io::Result<()> {
        let mut header = json!({
            "version": 3,
            "term": { "cols": COLUMNS, "rows": ROWS },
            "idle_time_limit": IDLE_TIME_LIMIT,
        });
        if let Event::WalkStarted { project, network, simulated, about, .. } = first {
            header["title"] = json!(format!("{project} on {}", network_words(network, *simulated)));
            if let Ok(started) = OffsetDateTime::parse(&about.started, &Rfc3339) {
                header["timestamp"] = json!(started.unix_timestamp());
            }
        }
        self.line(&header)
    }

    /// An event with its interval, the time since the one before it.
    fn event(&mut self, at: Duration, code: &str, data: &str) -> std::io::Result<()> {
        let interval = at.as_millis().saturating_sub(self.told);
        self.told = self.told.max(at.as_millis());
        self.line(&json!([interval as f64 / 1000.0, code, data]))
    }

    fn line(&mut self, value: &serde_json::Value) -> std::io::Result<()> {
        writeln!(self.out, "{value}")
    }
}
