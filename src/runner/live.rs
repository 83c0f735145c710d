//! Live output on its way to the reader: whole lines, secrets taken out, the tail kept for judging.

use std::sync::LazyLock;

use regex::Regex;

/// ray-on-golem's app-key stands in the ssh command line that Ray shows when a command fails, and, quoted once more, in
/// ray-on-golem's log, whose end is shown when its webserver does not start.
static SECRET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(authorization:[\s\\'\x22]*bearer\s+)[^'\x22\s\\]+").expect("the pattern is constant")
});

/// The text without app-keys.
pub fn redacted(text: &str) -> String {
    SECRET.replace_all(text, "$1[redacted]").into_owned()
}

/// Collects pieces and gives them on by whole lines, so that no secret is cut in two.
#[derive(Debug, Default)]
pub struct LiveOutput {
    pending: String,
}

impl LiveOutput {
    /// Takes a piece; returns what may be shown now.
    pub fn push(&mut self, piece: &str) -> Option<String> {
        if piece.is_empty() {
            return None;
        }
        self.pending.push_str(piece);
        let end = self.pending.rfind('\n')? + 1;
        let rest = self.pending.split_off(end);
        Some(redacted(&std::mem::replace(&mut self.pending, rest)))
    }

    /// What is left when the command has ended.
    pub fn finish(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.pending);
        (!rest.is_empty()).then(|| redacted(&rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_key_never_reaches_the_reader() {
        let mut live = LiveOutput::default();
        assert_eq!(live.push("ssh -o 'websocat -H=Authorization:'Bearer abc"), None);
        let shown = live.push("123' x\nnext").unwrap();
        assert_eq!(shown, "ssh -o 'websocat -H=Authorization:'Bearer [redacted]' x\n");
        assert_eq!(live.finish().as_deref(), Some("next"));
        assert_eq!(redacted("Authorization: Bearer k3y\n"), "Authorization: Bearer [redacted]\n");
        let quoted = |key| format!("-H=Authorization:'\"'\"'Bearer {key}'\"'\"' root@\n");
        assert_eq!(redacted(&quoted("k3y")), quoted("[redacted]"));
    }
}
