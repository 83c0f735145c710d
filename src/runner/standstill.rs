//! What is noticed while a command runs: silence, a market without news, a standstill.
//!
//! Invariant: each of these says at most once that the command is to be interrupted.

use std::time::Duration;

use crate::network::{Network, Tick};
use crate::tutorial::{InterruptWhen, StallWhen};

/// When to say that something goes on: about once a second, for the reader to see that time passes.
#[derive(Default)]
pub struct Silence {
    said: Duration,
}

impl Silence {
    /// Something else was said.
    pub fn broken(&mut self, elapsed: Duration) {
        self.said = elapsed;
    }

    /// Whether a second has passed.
    pub fn is_due(&mut self, elapsed: Duration) -> bool {
        let due = elapsed.saturating_sub(self.said) >= Duration::from_secs(1);
        if due {
            self.said = elapsed;
        }
        due
    }
}

/// Whether the market has been silent for long enough, counted from the moment at which it was asked; or the command has
/// failed and does not end. `network-stats` waits for a thread of its own for ever after most of its errors.
pub struct Idle<'a> {
    when: &'a InterruptWhen,
    seen: String,
    asked_at: Option<Duration>,
    failed_at: Option<Duration>,
    interrupted: bool,
}

impl<'a> Idle<'a> {
    /// Before the command has said anything.
    pub fn new(when: &'a InterruptWhen) -> Self {
        Self { when, seen: String::new(), asked_at: None, failed_at: None, interrupted: false }
    }

    /// Why it is over: once, and for the market only on a network that can tell.
    pub fn is_over(&mut self, tick: Tick<'_>, network: &dyn Network) -> Option<&'static str> {
        if self.interrupted {
            return None;
        }
        self.look(tick);
        let long = |since: Option<Duration>| {
            let passed = tick.elapsed.saturating_sub(since?);
            (passed >= self.when.market_idle).then_some(passed)
        };
        let why = if long(self.failed_at).is_some() {
            "the command has failed and does not end by itself; it is interrupted"
        } else {
            let since = long(self.asked_at)?;
            if network.market_idle_for()?.min(since) < self.when.market_idle {
                return None;
            }
            "the market has nothing more to offer"
        };
        self.interrupted = true;
        Some(why)
    }

    fn look(&mut self, tick: Tick<'_>) {
        if tick.chunk.is_empty() {
            return;
        }
        self.seen.push_str(tick.chunk);
        let says = |text: &String| self.seen.contains(text).then_some(tick.elapsed);
        self.asked_at = self.asked_at.or_else(|| says(&self.when.after));
        self.failed_at = self.failed_at.or_else(|| says(self.when.failed.as_ref()?));
    }
}

/// Whether the command has come to a standstill: one text was said, and the one that must follow does not come.
pub struct Stall<'a> {
    when: &'a StallWhen,
    seen: String,
    since: Option<Duration>,
    interrupted: bool,
}

impl<'a> Stall<'a> {
    /// Before the command has said anything.
    pub fn new(when: &'a StallWhen) -> Self {
        Self { when, seen: String::new(), since: None, interrupted: false }
    }

    /// What is waited for now, if the clock runs.
    pub fn words(&self, elapsed: Duration) -> Option<String> {
        let waited = elapsed.saturating_sub(self.since?).as_secs();
        let StallWhen { before, limit, .. } = self.when;
        Some(format!("waiting for `{before}` since {waited} s (at most {} s)", limit.as_secs()))
    }

    /// Why it is over: once.
    pub fn is_over(&mut self, tick: Tick<'_>) -> Option<String> {
        if self.interrupted {
            return None;
        }
        self.look(tick);
        let waited = tick.elapsed.saturating_sub(self.since?);
        if waited < self.when.limit {
            return None;
        }
        self.interrupted = true;
        let StallWhen { after, before, .. } = self.when;
        Some(format!("no `{before}` within {} s after `{after}`", waited.as_secs()))
    }

    /// The later of the two texts in what was said counts. Ray repeats the state of a node every five seconds, so the
    /// clock is not set back by the first text alone.
    fn look(&mut self, tick: Tick<'_>) {
        if tick.chunk.is_empty() {
            return;
        }
        self.seen.push_str(&console::strip_ansi_codes(tick.chunk));
        match (self.seen.rfind(&self.when.after), self.seen.rfind(&self.when.before)) {
            (Some(after), before) if before.is_none_or(|before| before < after) => {
                self.since = self.since.or(Some(tick.elapsed));
            }
            _ => self.since = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn tick(seconds: u32, chunk: &str) -> Tick<'_> {
        Tick { elapsed: SECOND * seconds, chunk, output: chunk }
    }

    #[test]
    fn a_standstill_is_noticed_once_its_time_is_over() {
        let when = StallWhen { after: "[1/9]".into(), before: "[2/9]".into(), limit: SECOND * 45 };
        let mut stall = Stall::new(&when);
        assert_eq!(stall.is_over(tick(100, "starting")), None);
        assert_eq!(
            (stall.is_over(tick(110, "node0: \u{1b}[1m[1/")), stall.words(SECOND * 110)),
            (None, None)
        );
        assert_eq!(stall.is_over(tick(111, "9] Getting")), None);
        assert_eq!(
            stall.words(SECOND * 115).as_deref(),
            Some("waiting for `[2/9]` since 4 s (at most 45 s)")
        );
        assert_eq!(stall.is_over(tick(155, "node0: [1/9] Getting")), None);
        assert_eq!(stall.is_over(tick(156, "")).as_deref(), Some("no `[2/9]` within 45 s after `[1/9]`"));
        assert_eq!(stall.is_over(tick(200, "")), None);
    }

    /// What the template's own step says, read from its file.
    fn of_ray_up() -> StallWhen {
        let file = include_str!("../../template/tutorial/07-ray-up.md");
        let line = file.lines().find(|line| line.starts_with("stall_when: ")).unwrap();
        let step = format!("---\nid: a\ntitle: T\nrun:\n  - [x]\n{line}\nchecks:\n  - exit_code: 0\n---\n");
        let files = [("tutorial/01-a.md".to_owned(), step)];
        let tutorial = crate::tutorial::Tutorial::load(&files, &crate::tutorial::Values::new()).unwrap();
        tutorial.steps()[0].stall_when.clone().unwrap()
    }

    /// ray-on-golem 0.13.0 looks for 30 s among the providers that it prefers, and only then asks the others, whose offers
    /// it compares for 10 s; and it says what has come of it every 5 s. So a healthy start may take 45 s.
    #[test]
    fn the_longest_healthy_search_is_no_standstill_and_one_without_an_end_is_noticed_within_a_minute() {
        let when = of_ray_up();
        let waiting = "node0: [1/9] Getting an agreement...";
        let searching = |end: u32| {
            let mut stall = Stall::new(&when);
            (0..=end).find(|second| {
                let said = match second {
                    30 => "node0: No recommended providers were found. We are extending the search to all",
                    45 if end == 45 => "[2/9] Creating activity on provider: owl",
                    _ if second % 5 == 0 => waiting,
                    _ => "",
                };
                stall.is_over(tick(*second, said)).is_some()
            })
        };
        assert_eq!(searching(45), None);
        assert!(searching(600).is_some_and(|second| (46..60).contains(&second)), "{:?}", searching(600));
    }

    #[test]
    fn progress_stops_the_clock_and_a_new_beginning_starts_it_anew() {
        let when = StallWhen { after: "[1/9]".into(), before: "[2/9]".into(), limit: SECOND * 45 };
        let mut stall = Stall::new(&when);
        assert_eq!(stall.is_over(tick(0, "[1/9] [2/9] [3/9]")), None);
        assert_eq!(stall.is_over(tick(90, "")), None);
        assert_eq!(stall.is_over(tick(91, "[1/9] again")), None);
        assert!(stall.is_over(tick(136, "")).is_some());
    }
}
