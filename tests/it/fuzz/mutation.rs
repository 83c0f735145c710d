//! Mutations of texts, as a strategy of proptest, which brings the choices and the characters.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Signs that some reader gives a meaning to, and numbers at the ends of their ranges.
const SIGNS: &[&str] = &[
    "\0",
    "\t",
    "\n",
    "\r\n",
    " ",
    "    ",
    "\u{feff}",
    "\u{2028}",
    "é",
    "\u{1f600}",
    "a\u{301}",
    "\"",
    "'",
    "`",
    "\\",
    "/",
    "//",
    ":",
    ": ",
    "#",
    " #",
    "-",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "{}",
    "[]",
    ",",
    "&",
    "*",
    "!",
    "|",
    ">",
    "%",
    "@",
    "~",
    "null",
    "-1",
    "18446744073709551616",
    "1e999",
    "0x10",
    "%ff",
];

/// One change. Places are fractions of the text as the changes before have left it.
#[derive(Clone, Debug)]
enum Edit {
    Remove {
        at: Index,
        length: usize,
    },
    Insert {
        at: Index,
        text: String,
    },
    /// A piece of a text, itself or another seed, stands somewhere once more, so many times.
    Copy {
        from: Option<usize>,
        at: Index,
        length: usize,
        to: Index,
        times: usize,
    },
    /// A word is another one.
    Replace {
        at: Index,
        text: String,
    },
    /// Everything behind a place is gone: an end that comes too early.
    Cut {
        at: Index,
    },
}

fn edit(seeds: usize, words: Vec<String>) -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    let text = prop_oneof![
        3 => select(words),
        3 => select(SIGNS).prop_map(str::to_owned),
        1 => "[ -~]{1,4}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop_oneof![
        2 => (at(), 1..24usize).prop_map(|(at, length)| Edit::Remove { at, length }),
        4 => (at(), text.clone()).prop_map(|(at, text)| Edit::Insert { at, text }),
        2 => (prop::option::of(0..seeds), at(), 1..80usize, at(), 1..4usize)
            .prop_map(|(from, at, length, to, times)| Edit::Copy { from, at, length, to, times }),
        3 => (at(), text).prop_map(|(at, text)| Edit::Replace { at, text }),
        1 => at().prop_map(|at| Edit::Cut { at }),
    ]
}

/// One of the seeds with some edits.
pub(super) fn mutated(seeds: &[String], words: &[&str]) -> impl Strategy<Value = String> {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    let seeds: Vec<Vec<char>> = seeds.iter().map(|seed| seed.chars().collect()).collect();
    let edits = prop::collection::vec(edit(seeds.len(), words), 1..8);
    (0..seeds.len(), edits).prop_map(move |(seed, edits)| {
        let mut text = seeds[seed].clone();
        edits.iter().for_each(|edit| edit.apply(&mut text, &seeds));
        text.into_iter().collect()
    })
}

impl Edit {
    fn apply(&self, text: &mut Vec<char>, seeds: &[Vec<char>]) {
        let place = |at: &Index, text: &[char]| at.index(text.len() + 1);
        match self {
            Self::Remove { at, length } => {
                let at = place(at, text);
                text.drain(at..(at + length).min(text.len()));
            }
            Self::Insert { at, text: more } => {
                let at = place(at, text);
                text.splice(at..at, more.chars());
            }
            Self::Copy { from, at, length, to, times } => {
                let source = from.map_or(&*text, |seed| &seeds[seed]);
                let at = place(at, source);
                let piece = source[at..(at + length).min(source.len())].repeat(*times);
                let to = place(to, text);
                text.splice(to..to, piece);
            }
            Self::Replace { at, text: other } => {
                let at = place(at, text);
                let word = |sign: &char| sign.is_alphanumeric() || "$._-%".contains(*sign);
                let before = text[..at].iter().rev().take_while(|sign| word(sign)).count();
                let behind = text[at..].iter().take_while(|sign| word(sign)).count();
                text.splice(at - before..at + behind, other.chars());
            }
            Self::Cut { at } => text.truncate(place(at, text)),
        }
    }
}
