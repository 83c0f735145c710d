//! What readers of a walk must not see: app-keys, passwords in URLs, tokens, private keys.
//!
//! May import `event`. Invariant: whatever a sink gets has gone through here, and a text that has is not changed again.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

use crate::event::{Event, Sink};

/// Stands where a secret stood.
const INSTEAD: &str = "[redacted]";

/// Each keeps what its group 1 holds, and the rest is the secret.
///
/// - ray-on-golem's app-key stands in the ssh command line that Ray shows when a command fails, and, quoted once more,
///   in ray-on-golem's log, whose end is shown when its webserver does not start.
/// - Values of variables and keys whose names say that they are secret, as in a cluster file's `setup_commands`. A
///   placeholder such as `$TOKEN` is none.
/// - The password of a URL (RFC 3986, section 3.2.1).
/// - Tokens that are known by their first letters: GitHub's, Hugging Face's, AWS's, OpenAI's.
const PATTERNS: [&str; 4] = [
    r#"((?i:authorization:[\s\\'"]*(?:bearer|basic)\s+))[^'"\s\\\[]+"#,
    r#"((?i:\b[a-z0-9_]*(?:app_?-?key|api_?-?key|access_?-?key|token|passw(?:or)?d|passphrase|secret)["']?(?:=|:\s+|:)["']?))[^\s"'$\[{<\\&,;]{4,}"#,
    r#"(\b[a-z][a-z0-9+.-]*://[^\s/?#"'@:]*:)[^\s/?#"'\[]+(?:@)"#,
    r"(\b)(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|hf_[A-Za-z0-9]{20,}|AKIA[A-Z0-9]{16}|sk-[A-Za-z0-9_-]{20,})\b",
];

/// A private key in PEM, from its first line on (RFC 7468).
const KEY_BEGINS: &str = "-----BEGIN ";
const KEY_ENDS: &str = "-----END ";
const KEY_KIND: &str = "PRIVATE KEY-----";
/// No key has more lines: one of 8,192 bits has a hundred. What never ends is none, and must not hide the rest.
const KEY_LINES: usize = 128;

static SECRETS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    PATTERNS.iter().map(|pattern| Regex::new(pattern).expect("the pattern is constant")).collect()
});

/// The text without secrets.
pub fn redacted(text: &str) -> String {
    PrivateKeys::default().take_from(&without_words(text))
}

fn without_words(text: &str) -> String {
    let mut text = Cow::Borrowed(text);
    for secret in SECRETS.iter() {
        let replaced = secret.replace_all(&text, |found: &Captures<'_>| {
            let end = if found[0].ends_with('@') { "@" } else { "" };
            format!("{}{INSTEAD}{end}", &found[1])
        });
        if let Cow::Owned(changed) = replaced {
            text = Cow::Owned(changed);
        }
    }
    text.into_owned()
}

/// Takes private keys out of a text that comes in pieces of whole lines.
#[derive(Debug, Default)]
struct PrivateKeys {
    /// How many lines more the key that began may have; 0 outside of one.
    left: usize,
}

impl PrivateKeys {
    fn take_from(&mut self, text: &str) -> String {
        if self.left == 0 && !text.contains(KEY_BEGINS) {
            return text.to_owned();
        }
        let mut kept = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let is_mark = line.contains(KEY_KIND);
            if self.left > 0 {
                self.left = if is_mark && line.contains(KEY_ENDS) { 0 } else { self.left - 1 };
            } else if is_mark && line.contains(KEY_BEGINS) {
                kept += &format!("{INSTEAD}{}", if line.ends_with('\n') { "\n" } else { "" });
                self.left = if line.contains(KEY_ENDS) { 0 } else { KEY_LINES };
            } else {
                kept += line;
            }
        }
        kept
    }
}

/// Redacts a command's live output, which comes in pieces of whole lines.
#[derive(Debug, Default)]
pub struct LiveRedaction {
    keys: PrivateKeys,
}

impl LiveRedaction {
    /// The next whole lines, without secrets.
    pub fn take_from(&mut self, lines: &str) -> String {
        self.keys.take_from(&without_words(lines))
    }
}

/// Gives every event on, with every text of it redacted.
pub struct Redacting<S>(pub S);

impl<S: Sink> Sink for Redacting<S> {
    fn event(&mut self, event: &Event) {
        match event {
            // Live output was redacted by whole lines on its way here.
            Event::Output(_) | Event::Waited { .. } => self.0.event(event),
            _ => match clean(event) {
                Some(clean) => self.0.event(&clean),
                None => self.0.event(event),
            },
        }
    }
}

/// The event with every text redacted; none if there is nothing to redact.
fn clean(event: &Event) -> Option<Event> {
    let mut value = serde_json::to_value(event).expect("an event becomes JSON");
    redact(&mut value).then(|| serde_json::from_value(value).expect("an event comes back from its JSON"))
}

/// Whether something was changed.
fn redact(value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let clean = redacted(text);
            let changed = clean != *text;
            *text = clean;
            changed
        }
        // Counted, not `any`: every item must be looked at, the first change notwithstanding.
        Value::Array(items) => items.iter_mut().map(redact).filter(|changed| *changed).count() > 0,
        Value::Object(fields) => fields.values_mut().map(redact).filter(|changed| *changed).count() > 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_key_is_taken_out_however_it_is_quoted() {
        assert_eq!(redacted("Authorization: Bearer k3y\n"), "Authorization: Bearer [redacted]\n");
        let quoted = |key| format!("-H=Authorization:'\"'\"'Bearer {key}'\"'\"' root@\n");
        assert_eq!(redacted(&quoted("k3y")), quoted("[redacted]"));
    }

    #[test]
    fn secrets_of_a_cluster_file_are_taken_out_and_placeholders_stay() {
        for (text, clean) in [
            ("- export HF_TOKEN=abcdef123", "- export HF_TOKEN=[redacted]"),
            ("YAGNA_APPKEY=0a1b2c3d ray up", "YAGNA_APPKEY=[redacted] ray up"),
            ("aws_secret_access_key: 'abcd/efg'", "aws_secret_access_key: '[redacted]'"),
            ("{\"api_key\": \"abcdef\"}", "{\"api_key\": \"[redacted]\"}"),
            (
                "pip --index-url https://me:pa55@host/simple",
                "pip --index-url https://me:[redacted]@host/simple",
            ),
            ("x ghp_0123456789abcdefghij0123 y", "x [redacted] y"),
            ("export TOKEN=$HF_TOKEN", "export TOKEN=$HF_TOKEN"),
            ("see https://ipfs.io:443/a@b", "see https://ipfs.io:443/a@b"),
            ("a token is a word, the secret too", "a token is a word, the secret too"),
        ] {
            assert_eq!(redacted(text), clean);
            assert_eq!(redacted(clean), clean, "a second time");
        }
    }

    #[test]
    fn a_private_key_is_taken_out_also_when_it_comes_in_pieces() {
        let key =
            "a\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\nnNzaC\n-----END OPENSSH PRIVATE KEY-----\nz\n";
        assert_eq!(redacted(key), "a\n[redacted]\nz\n");
        let mut live = LiveRedaction::default();
        let pieces: String = key.split_inclusive('\n').map(|line| live.take_from(line)).collect();
        assert_eq!(pieces, "a\n[redacted]\nz\n");
    }

    #[test]
    fn every_text_of_an_event_is_redacted() {
        let torn_down = |command: &str| Event::TornDown {
            command: command.into(),
            ok: true,
            elapsed: std::time::Duration::from_millis(1500),
        };
        assert_eq!(
            clean(&torn_down("YAGNA_APPKEY=0a1b2c ray down")),
            Some(torn_down("YAGNA_APPKEY=[redacted] ray down"))
        );
        assert_eq!(clean(&torn_down("ray down")), None);
    }
}
