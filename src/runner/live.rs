//! Live output on its way to the reader: whole lines, secrets taken out, the tail kept for judging.

use super::redaction::LiveRedaction;

/// Collects pieces and gives them on by whole lines, so that no secret is cut in two.
#[derive(Debug, Default)]
pub struct LiveOutput {
    pending: String,
    redaction: LiveRedaction,
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
        let lines = std::mem::replace(&mut self.pending, rest);
        Some(self.redaction.take_from(&lines))
    }

    /// What is left when the command has ended.
    pub fn finish(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.pending);
        (!rest.is_empty()).then(|| self.redaction.take_from(&rest))
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
    }
}
