//! What a command wrote: text that keeps its beginning and its end and forgets the middle when it grows too long.
//!
//! May import nothing of the house. Pure. Invariant: never longer than its limit and a quarter of it, and always
//! valid text, however the bytes were cut on their way.

/// Output so far, decoded leniently.
#[derive(Debug)]
pub struct Transcript {
    text: String,
    /// Where the part that is never forgotten ends, once something was forgotten.
    head: Option<usize>,
    omitted: usize,
    limit: usize,
    /// The beginning of a character whose other bytes have not come yet.
    pending: Vec<u8>,
}

impl Transcript {
    /// An empty one that keeps about `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { text: String::new(), head: None, omitted: 0, limit: limit.max(64), pending: Vec::new() }
    }

    /// Takes bytes and returns them as text; the bytes of an unfinished character wait for the rest.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.pending.extend_from_slice(bytes);
        let whole = self.pending.len() - unfinished(&self.pending);
        let chunk = String::from_utf8_lossy(&self.pending[..whole]).into_owned();
        self.pending.drain(..whole);
        self.text.push_str(&chunk);
        self.forget();
        chunk
    }

    /// Everything that was kept.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Ends the text: says in its place how much was left out.
    pub fn finish(mut self) -> String {
        if !self.pending.is_empty() {
            self.text.push_str(&String::from_utf8_lossy(&self.pending));
        }
        if let Some(head) = self.head {
            self.text.insert_str(head, &format!("\n[… {} bytes left out …]\n", self.omitted));
        }
        self.text
    }

    fn forget(&mut self) {
        if self.text.len() <= self.limit + self.limit / 4 {
            return;
        }
        let head = *self.head.get_or_insert_with(|| boundary(&self.text, self.limit / 2));
        let tail = boundary(&self.text, self.text.len() - self.limit / 2);
        self.omitted += tail - head;
        self.text.drain(head..tail);
    }
}

/// The first place at or after `place` where a character begins.
fn boundary(text: &str, mut place: usize) -> usize {
    while !text.is_char_boundary(place) {
        place += 1;
    }
    place
}

/// How many bytes at the end begin a character without finishing it: at most three.
fn unfinished(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let needed = match bytes[bytes.len() - back] {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            0x80..=0xBF => continue,
            _ => return 0,
        };
        return if needed > back { back } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_cut_in_two_arrives_whole() {
        let mut transcript = Transcript::new(1000);
        let bytes = "é⭐".as_bytes();
        let text: String = bytes.iter().map(|byte| transcript.push(&[*byte])).collect();
        assert_eq!(text, "é⭐");
        assert_eq!(transcript.finish(), "é⭐");
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced_and_not_lost() {
        let mut transcript = Transcript::new(1000);
        transcript.push(b"a\xffb\xe2");
        assert_eq!(transcript.finish(), "a\u{fffd}b\u{fffd}");
    }

    #[test]
    fn the_middle_is_forgotten_and_the_count_is_said() {
        let mut transcript = Transcript::new(100);
        for number in 0..1000 {
            transcript.push(format!("{number:04}\n").as_bytes());
            assert!(transcript.text().len() <= 125);
        }
        let text = transcript.finish();
        assert!(text.starts_with("0000\n0001\n"), "{text}");
        assert!(text.ends_with("0998\n0999\n"), "{text}");
        let kept: usize = text.lines().filter(|line| line.len() == 4).count() * 5;
        let said = text.split("[… ").nth(1).unwrap().split(' ').next().unwrap();
        assert_eq!(said.parse::<usize>().unwrap() + kept, 5000);
    }
}
