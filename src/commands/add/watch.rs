//! How a download goes, for the one who waits: one line that changes on a terminal, a line now and then elsewhere.
//!
//! Invariant: what takes less than a second is not spoken of.

use std::time::{Duration, Instant};

use console::Term;

use super::size::words;
use crate::content::fetch::Watch;

/// Between two looks at the line, on a terminal and elsewhere.
const ON_TERMINAL: Duration = Duration::from_millis(200);
const ELSEWHERE: Duration = Duration::from_secs(10);

/// Tells stderr.
pub(super) struct Progress {
    terminal: Term,
    begun: Instant,
    told: Option<Instant>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { terminal: Term::stderr(), begun: Instant::now(), told: None }
    }

    /// Takes the line away again.
    pub(super) fn finish(&mut self) {
        if self.told.take().is_some() && self.terminal.is_term() {
            // A line that stays does no harm.
            let _ = self.terminal.clear_line();
        }
    }
}

impl Watch for Progress {
    fn received(&mut self, bytes: u64, of: Option<u64>) {
        let (on_terminal, waited) = (self.terminal.is_term(), self.begun.elapsed());
        let due = match self.told {
            None => waited >= if on_terminal { Duration::from_secs(1) } else { ELSEWHERE },
            Some(told) => told.elapsed() >= if on_terminal { ON_TERMINAL } else { ELSEWHERE },
        };
        if !due {
            return;
        }
        self.told = Some(Instant::now());
        let line = line(bytes, of, waited);
        if on_terminal {
            // What cannot be shown is not worth failing for.
            let _ = self.terminal.clear_line();
            let _ = self.terminal.write_str(&line);
        } else {
            eprintln!("{line}");
        }
    }

    fn pause(&mut self, why: &str, pause: Duration) {
        self.finish();
        eprintln!("  {why}; another attempt in {:.1} s", pause.as_secs_f64());
        std::thread::sleep(pause);
        self.begun = Instant::now();
    }
}

fn line(bytes: u64, of: Option<u64>, waited: Duration) -> String {
    let of = of.map(|of| format!(" of {}", words(of))).unwrap_or_default();
    let speed = bytes as f64 / waited.as_secs_f64().max(0.001);
    format!("  {}{of}, {} a second", words(bytes), words(speed as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_bytes_and_speed() {
        let line = |of| line(3_000_000, of, Duration::from_secs(2));
        assert_eq!(line(Some(9_000_000)), "  3 MB of 9 MB, 1.5 MB a second");
        assert_eq!(line(None), "  3 MB, 1.5 MB a second");
    }
}
