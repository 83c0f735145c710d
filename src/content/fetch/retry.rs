//! When another attempt is worth it, and after which pause: the rules of the template's script.
//!
//! Imports nothing of the house. Invariant: pauses grow, and none is longer than [`LONGEST`].

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// Who asks for more is left alone, as in the script.
const LONGEST: Duration = Duration::from_secs(60);
/// Attempts where the server is busy, and where the connection broke.
const BUSY: u32 = 5;
const BROKEN: u32 = 3;

/// An attempt that says nothing about the URL.
#[derive(Debug)]
pub(super) struct Failure {
    /// In lower case, without a full stop.
    pub(super) why: String,
    attempts: u32,
    asked: Option<Duration>,
}

impl Failure {
    /// A status that may pass, with the header `Retry-After` if there was one.
    pub(super) fn busy(status: u16, retry_after: Option<&str>) -> Self {
        let asked = retry_after.and_then(|text| delay(text, SystemTime::now()));
        Self { why: format!("the server answered with status {status}"), attempts: BUSY, asked }
    }

    /// A connection that broke.
    pub(super) fn connection(why: String) -> Self {
        Self { why, attempts: BROKEN, asked: None }
    }

    /// Something that another attempt will not change, such as a name without an address.
    pub(super) fn lasting(why: String) -> Self {
        Self { why, attempts: 1, asked: None }
    }

    /// How long to wait after this many attempts; `None` if it is not worth it.
    pub(super) fn pause(&self, attempts: u32) -> Option<Duration> {
        // Like the script's, without its jitter: here is one client, and not a cluster of them.
        let pause = self.asked.unwrap_or(Duration::from_millis(400) * 2_u32.pow(attempts.min(8)));
        (attempts < self.attempts && pause <= LONGEST).then_some(pause)
    }
}

/// The value of `Retry-After`: seconds, or a date.
fn delay(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    Some((date - OffsetDateTime::from(now)).try_into().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_attempts_end() {
        let of = |failure: Failure| (1..7).map_while(|n| failure.pause(n)).collect::<Vec<_>>();
        let millis = |list: &[u64]| list.iter().map(|&n| Duration::from_millis(n)).collect::<Vec<_>>();
        assert_eq!(of(Failure::busy(503, None)), millis(&[800, 1600, 3200, 6400]));
        assert_eq!(of(Failure::connection("x".into())), millis(&[800, 1600]));
        assert!(of(Failure::lasting("x".into())).is_empty());
        assert_eq!(of(Failure::busy(429, Some("7"))), millis(&[7000; 4]));
        assert!(of(Failure::busy(429, Some("61"))).is_empty());
    }

    #[test]
    fn a_date_counts_from_now() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_480);
        assert_eq!(delay("Wed, 21 Oct 2015 07:28:05 GMT", now), Some(Duration::from_secs(5)));
        assert_eq!(delay("Wed, 21 Oct 2015 07:27:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(delay(" 12 ", now), Some(Duration::from_secs(12)));
        assert_eq!(delay("soon", now), None);
    }
}
