//! What of a log is not for readers: app-keys, known ones wherever they stand, and any bearer of a command line.
//!
//! May import nothing of the house. Invariant: everything else stays byte for byte.

use std::borrow::Cow;

use regex::bytes::{Captures, Regex};

/// An app-key where ssh's `ProxyCommand` holds it: `-H=Authorization:'Bearer 0a1b'`. It may be one that we never made,
/// given by `YAGNA_APPKEY`.
const BEARER: &str = r#"(Bearer )[^\s'"\\\[]+"#;

/// What takes keys out of a text.
pub struct Redaction {
    keys: Vec<String>,
    secret: Regex,
}

impl Redaction {
    /// Knows these keys.
    pub fn new(keys: Vec<String>) -> Self {
        let escaped = keys.iter().filter(|key| !key.is_empty()).map(|key| regex::escape(key));
        let alternatives: Vec<String> = std::iter::once(BEARER.to_owned()).chain(escaped).collect();
        let secret = Regex::new(&alternatives.join("|")).expect("escaped keys are a pattern");
        Self { keys, secret }
    }

    /// Whether it knows just these keys.
    pub fn knows(&self, keys: &[String]) -> bool {
        self.keys == keys
    }

    /// The text without them.
    pub fn apply<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        self.secret.replace_all(text, |found: &Captures<'_>| {
            let word = found.get(1).map(|word| word.as_bytes()).unwrap_or_default();
            [word, b"[redacted]"].concat()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        let redaction = Redaction::new(vec!["0a1b".into(), "k(y".into()]);
        String::from_utf8(redaction.apply(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn a_bearer_is_taken_out_of_a_command_line() {
        let line = "ssh -o 'websocat -H=Authorization:'Bearer unknown' root@\nBearer \"x\n";
        let expected = "ssh -o 'websocat -H=Authorization:'Bearer [redacted]' root@\nBearer \"x\n";
        assert_eq!(redacted(line), expected);
        assert_eq!(redacted(expected), expected);
    }

    #[test]
    fn a_known_key_is_taken_out_wherever_it_stands() {
        assert_eq!(redacted("[{\"key\":\"0a1b\"}] k(y"), "[{\"key\":\"[redacted]\"}] [redacted]");
        assert_eq!(redacted("Bearer 0a1b"), "Bearer [redacted]");
    }

    #[test]
    fn bytes_that_are_no_text_stay() {
        let bytes = b"\xff\x00 0A1B \xfe";
        assert_eq!(Redaction::new(vec!["0a1b".into()]).apply(bytes), &bytes[..]);
    }
}
