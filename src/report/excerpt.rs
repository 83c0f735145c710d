//! The beginning and the end of a long text, with the middle left out and counted.
//!
//! May import nothing of the house. Pure. Invariant: it holds at most [`HEAD`] and [`TAIL`] bytes and one line more, however
//! long the text is, and it is cut between lines.

use std::collections::VecDeque;

/// Bytes of the beginning that are kept.
const HEAD: usize = 32 * 1024;
/// Bytes of the end that are kept.
const TAIL: usize = 96 * 1024;
/// Longer lines are cut into pieces of this many bytes.
const LINE: usize = 8 * 1024;

/// A text that comes in pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    head: String,
    head_is_full: bool,
    tail: VecDeque<String>,
    tail_bytes: usize,
    omitted: usize,
}

impl Excerpt {
    /// Takes the next piece.
    pub fn push(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            let mut rest = line;
            while !rest.is_empty() {
                let (piece, more) = rest.split_at(boundary(rest, LINE));
                self.push_line(piece);
                rest = more;
            }
        }
    }

    fn push_line(&mut self, line: &str) {
        self.head_is_full |= self.head.len() + line.len() > HEAD;
        if !self.head_is_full {
            self.head.push_str(line);
            return;
        }
        match self.tail.back_mut() {
            Some(last) if !last.ends_with('\n') && last.len() < LINE => last.push_str(line),
            _ => self.tail.push_back(line.to_owned()),
        }
        self.tail_bytes += line.len();
        while self.tail_bytes > TAIL && self.tail.len() > 1 {
            let forgotten = self.tail.pop_front().unwrap_or_default();
            self.tail_bytes -= forgotten.len();
            self.omitted += forgotten.len();
        }
    }

    /// The beginning; the whole text if nothing was left out.
    pub fn head(&self) -> String {
        if self.omitted == 0 { format!("{}{}", self.head, self.end()) } else { self.head.clone() }
    }

    /// How many bytes were left out, and the end behind them.
    pub fn tail(&self) -> Option<(usize, String)> {
        (self.omitted > 0).then(|| (self.omitted, self.end()))
    }

    fn end(&self) -> String {
        self.tail.iter().map(String::as_str).collect()
    }
}

/// At most so many bytes, up to where a character begins.
fn boundary(text: &str, most: usize) -> usize {
    let mut place = most.min(text.len());
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_stays_whole() {
        let mut excerpt = Excerpt::default();
        excerpt.push("one\ntw");
        excerpt.push("o\n⭐");
        assert_eq!((excerpt.head().as_str(), excerpt.tail()), ("one\ntwo\n⭐", None));
    }

    #[test]
    fn of_a_long_text_beginning_and_end_are_kept_and_nothing_is_lost_uncounted() {
        let mut excerpt = Excerpt::default();
        let line = |number: usize| format!("line {number:07} ⭐\n");
        let mut length = 0;
        for number in 0..1_000_000 {
            excerpt.push(&line(number));
            length += line(number).len();
            assert!(excerpt.head.len() + excerpt.tail_bytes <= HEAD + TAIL + LINE);
        }
        let head = excerpt.head();
        let (omitted, tail) = excerpt.tail().unwrap();
        assert!(head.starts_with(&line(0)) && head.ends_with('\n'));
        assert!(tail.starts_with("line ") && tail.ends_with(&line(999_999)));
        assert_eq!(head.len() + omitted + tail.len(), length);
    }

    #[test]
    fn a_line_without_an_end_is_bounded_too() {
        let mut excerpt = Excerpt::default();
        (0..100).for_each(|_| excerpt.push(&"⭐".repeat(10_000)));
        let (omitted, tail) = excerpt.tail().unwrap();
        assert!(tail.len() <= TAIL + LINE);
        assert_eq!(excerpt.head().len() + omitted + tail.len(), 3_000_000);
    }
}
