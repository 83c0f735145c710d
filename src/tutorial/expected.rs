//! What a step file says that its commands will print: fenced blocks of the language `output` in its prose.
//!
//! May import its siblings. Invariant: an expectation is for the reader and never decides whether a step has passed; the
//! order of lines never counts, because tasks race.

mod blocks;
mod renewal;
mod versions;

use super::ledger::payload;
use super::normalise::normalise;

pub use blocks::{Block, blocks, shown};
pub use renewal::{Renewed, renewed};
pub use versions::Versions;

/// Stands for what was left out: of a line, or, alone, of the output.
pub const LEFT_OUT: char = '…';

/// An expected output, filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its text.
    pub text: String,
    /// What it was recorded with, if its author wrote it down.
    pub versions: Option<Versions>,
    /// Whether it is the only one of its step; then it has to have all lines of the output, unless it says `…`.
    pub is_alone: bool,
}

/// How an output deviates from what was expected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deviation {
    /// Expected lines that no line of the output is like.
    pub missing: Vec<String>,
    /// Lines of the output that nobody expected, where nothing was left out.
    pub unexpected: Vec<String>,
}

impl Deviation {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty()
    }
}

impl Expected {
    /// All expectations of a filled prose.
    pub fn all(prose: &str) -> Vec<Self> {
        let found = blocks(prose);
        let is_alone = found.len() == 1;
        let one = |block: Block| Self {
            text: prose[block.body.clone()].to_owned(),
            versions: block.versions,
            is_alone,
        };
        found.into_iter().map(one).collect()
    }

    /// How the output deviates.
    pub fn deviation(&self, output: &str) -> Deviation {
        let seen = lines(output);
        let expected: Vec<Line> = lines(&self.text);
        let asked: Vec<&Line> = expected.iter().filter(|line| !line.is_left_out()).collect();
        let missing = asked.iter().filter(|line| !seen.iter().any(|seen| line.stands_for(seen)));
        let missing = missing.map(|line| line.text.clone()).collect();
        let whole = asked.len() == expected.len() && self.is_alone;
        let is_unexpected = |line: &&Line| !asked.iter().any(|asked| asked.stands_for(line));
        let unexpected = seen.iter().filter(is_unexpected).map(|line| line.text.clone());
        Deviation { missing, unexpected: if whole { unexpected.collect() } else { Vec::new() } }
    }
}

/// A line that says something.
#[derive(Clone, Debug)]
struct Line {
    /// As it was printed or written, without colours.
    text: String,
    /// The same without what differs from walk to walk.
    plain: String,
}

impl Line {
    fn new(text: &str) -> Self {
        let text = text.trim_end().to_owned();
        Self { plain: normalise(&text), text }
    }

    fn is_left_out(&self) -> bool {
        self.plain.chars().eq([LEFT_OUT])
    }

    /// Whether this expected line is like that printed one, with or without the name of the task that Ray puts before it.
    fn stands_for(&self, printed: &Self) -> bool {
        occurs(&self.plain, &printed.plain) || occurs(&self.plain, &normalise(payload(&printed.text)))
    }
}

/// The lines of an output or of a block that say something.
fn lines(text: &str) -> Vec<Line> {
    let plain = console::strip_ansi_codes(text).replace('\r', "");
    plain.lines().filter(|line| !line.trim().is_empty()).map(Line::new).collect()
}

/// Whether a line is the candidate, with `…` for what was left out of it.
fn occurs(line: &str, candidate: &str) -> bool {
    let mut parts = line.split(LEFT_OUT);
    let Some(mut rest) = parts.next().and_then(|start| candidate.strip_prefix(start)) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        match rest.find(part) {
            Some(_) if parts.peek().is_none() => return rest.ends_with(part),
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

/// The lines of an expected output that no line of an output is like; `…` alone asks for nothing.
pub fn missing_lines(expected: &str, output: &str) -> Vec<String> {
    let expected = Expected { text: expected.to_owned(), versions: None, is_alone: false };
    expected.deviation(output).missing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviation(expected: &str, output: &str) -> Deviation {
        Expected { text: expected.into(), versions: None, is_alone: true }.deviation(output)
    }

    #[test]
    fn an_ellipsis_stands_for_what_was_left_out_of_a_line() {
        for like in ["Initial: 22", "Init…", "…22", "In…ial… 22", "…"] {
            assert!(occurs(like, "Initial: 22"), "{like}");
        }
        for unlike in ["Initial: 2", "22", "Initial…2 2", "Initial: 22…3"] {
            assert!(!occurs(unlike, "Initial: 22"), "{unlike}");
        }
    }

    #[test]
    fn neither_order_nor_colours_nor_the_names_of_tasks_count() {
        let printed =
            "\u{1b}[36m(fetch pid=12, ip=192.168.0.4)\u{1b}[0m two\r\n\none took 3.5s at 192.168.0.3\n";
        assert!(deviation("one took 12 s at 192.168.0.9\ntwo\n", printed).is_none());
    }

    #[test]
    fn a_block_without_an_ellipsis_is_the_whole_output() {
        assert_eq!(deviation("one\n", "one\ntwo\n").unexpected, ["two"]);
        assert_eq!(deviation("one\n…\n", "one\ntwo\n"), Deviation::default());
        assert_eq!(deviation("one\nthree\n…\n", "one\ntwo\n").missing, ["three"]);
    }

    #[test]
    fn each_of_several_blocks_is_a_part_of_the_output() {
        let prose = "```output\none\n```\n\nthen\n\n```output\ntwo\n```\n";
        let all = Expected::all(prose);
        assert!(all.iter().all(|expected| expected.deviation("one\ntwo\nthree\n").is_none()));
    }
}
