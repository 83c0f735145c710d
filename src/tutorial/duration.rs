//! Durations as authors write them: `90s`, `10m`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// Reads `90s` or `10m`.
pub fn parse(text: &str) -> Option<Duration> {
    let seconds = |digits: &str, unit: u64| digits.parse::<u64>().ok()?.checked_mul(unit);
    let seconds = match text.strip_suffix('m') {
        Some(digits) => seconds(digits, 60),
        None => seconds(text.strip_suffix('s')?, 1),
    };
    seconds.map(Duration::from_secs)
}

/// For serde's `deserialize_with`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text)
        .ok_or_else(|| de::Error::custom(format!("`{text}` is not a duration such as `90s` or `10m`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_minutes_are_read_and_nothing_else() {
        assert_eq!(parse("90s"), Some(Duration::from_secs(90)));
        assert_eq!(parse("10m"), Some(Duration::from_secs(600)));
        for wrong in ["", "10", "m", "1h", "-1s", "1.5m"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
