//! The lease: how long what a walk rents may stay rented.
//!
//! May import `error` and `exec`. Invariant: time goes on while the machine sleeps, and no change of the wall clock moves the end.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::error::Result;
use crate::exec::clock::since_boot;

/// How long before its end a lease is mentioned.
const WARNINGS: [Duration; 2] = [Duration::from_secs(300), Duration::from_secs(60)];

/// A lease that begins with the first thing that is rented; without a length it never ends.
#[derive(Debug, Default)]
pub struct Lease {
    length: Option<Duration>,
    /// Milliseconds since boot at which it ends; 0 before it has begun.
    ends: AtomicU64,
    told: AtomicUsize,
}

impl Lease {
    /// Not yet begun.
    pub fn new(length: Option<Duration>) -> Self {
        Self { length, ..Self::default() }
    }

    /// How long it is.
    pub fn length(&self) -> Option<Duration> {
        self.length
    }

    /// Lets it begin, if it has not; its end since boot, if it has one.
    ///
    /// # Errors
    /// The clock cannot be read.
    pub fn begin(&self) -> Result<Option<Duration>> {
        let Some(length) = self.length else { return Ok(None) };
        let end = u64::try_from((since_boot()? + length).as_millis()).unwrap_or(u64::MAX);
        let _ = self.ends.compare_exchange(0, end, Ordering::SeqCst, Ordering::SeqCst);
        Ok(Some(Duration::from_millis(self.ends.load(Ordering::SeqCst))))
    }

    /// What is left of it; none before it has begun, and for one that never ends.
    pub fn left(&self) -> Option<Duration> {
        let ends = self.ends.load(Ordering::SeqCst);
        let now = since_boot().ok()?;
        (ends > 0).then(|| Duration::from_millis(ends).saturating_sub(now))
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.left() == Some(Duration::ZERO)
    }

    /// Words to the reader when its end comes near, each once.
    pub fn warning(&self) -> Option<String> {
        let (left, length) = (self.left()?, self.length?);
        let due = passed(left, length);
        (self.told.fetch_max(due, Ordering::SeqCst) < due).then(|| {
            format!(
                "{} of the lease are left; then what the walk has started is taken down",
                words(Duration::from_secs(left.as_millis().div_ceil(1000) as u64))
            )
        })
    }
}

/// How many warnings are due when so much of a lease is left. One that is longer than the lease itself is none.
fn passed(left: Duration, length: Duration) -> usize {
    if left.is_zero() {
        return 0;
    }
    let due = WARNINGS.iter().rposition(|warning| left <= *warning && *warning < length);
    due.map_or(0, |index| index + 1)
}

/// `2 h`, `90 min`, `45 s`.
pub fn words(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds > 0 && seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds if seconds >= 60 && seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds if seconds >= 120 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn minutes(count: u64) -> Duration {
        Duration::from_secs(60 * count)
    }

    #[test]
    fn warnings_come_in_time_and_not_for_a_lease_that_is_shorter_than_they_are() {
        assert_eq!(passed(minutes(6), minutes(30)), 0);
        assert_eq!(passed(minutes(5), minutes(30)), 1);
        assert_eq!(passed(minutes(1), minutes(30)), 2);
        assert_eq!(passed(Duration::ZERO, minutes(30)), 0, "then it is over, which is another word");
        assert_eq!(passed(minutes(3), minutes(4)), 0);
        assert_eq!(passed(Duration::from_secs(59), minutes(4)), 2);
        assert_eq!(passed(Duration::from_secs(9), Duration::from_secs(20)), 0);
    }

    #[test]
    fn a_lease_ends_once_it_has_begun_and_begins_once() {
        let lease = Lease::new(Some(Duration::ZERO));
        assert!(!lease.is_over() && lease.left().is_none());
        let end = lease.begin().unwrap();
        assert!(lease.is_over());
        assert_eq!(lease.begin().unwrap(), end);
        let warned = Lease::new(Some(minutes(5) + Duration::from_secs(1)));
        warned.begin().unwrap();
        assert_eq!(warned.warning(), None);
        warned.ends.store(
            u64::try_from((since_boot().unwrap() + minutes(2)).as_millis()).unwrap(),
            Ordering::SeqCst,
        );
        assert!(warned.warning().unwrap().starts_with("2 min of the lease are left"));
        assert_eq!(warned.warning(), None);
        assert_eq!(Lease::new(None).begin().unwrap(), None);
    }

    #[test]
    fn times_read_as_people_say_them() {
        let said = [7200, 5400, 90, 130, 45].map(|seconds| words(Duration::from_secs(seconds)));
        assert_eq!(said, ["2 h", "90 min", "90 s", "2 min 10 s", "45 s"]);
    }
}
