//! A tag with a comma right behind it, which the parser of YAML does not survive; Python takes the comma into the tag's
//! name, and knows none that has one.
//!
//! May import its siblings. Invariant: what is looked for is a tag, and not the same characters in a text or in a comment.

use std::sync::LazyLock;

use libyaml_safer::{Scanner, TokenData};
use regex::Regex;

use super::Place;

/// Characters that may be such a tag, up to their comma. A tag in angle brackets holds commas of its own.
static LIKE_ONE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"!(?:<[^\s>]*>[^\s,]*|[^\s,<][^\s,]*)?,").expect("it is a valid expression")
});

/// The first one, with its comma, and where it stands.
///
/// The scanner is asked, of a text that has a space before each comma in question: that moves no border between tokens, and a
/// tag that ends where such a space stands was one with a comma.
pub(super) fn find(text: &str) -> Option<(&str, Place)> {
    let commas: Vec<usize> = LIKE_ONE.find_iter(text).map(|like_one| like_one.end() - 1).collect();
    if commas.is_empty() {
        return None;
    }
    let mut spaced = text.to_owned();
    for comma in commas.iter().rev() {
        spaced.insert(*comma, ' ');
    }
    let mut scanner = Scanner::new();
    scanner.set_input(spaced.as_bytes());
    scanner.map_while(Result::ok).filter(|token| matches!(token.data, TokenData::Tag { .. })).find_map(
        |token| {
            let [start, end] =
                [token.start_mark, token.end_mark].map(|mark| usize::try_from(mark.index).unwrap_or(0));
            let (before, comma) = commas
                .iter()
                .enumerate()
                .find(|(before, comma)| *comma + before == end)
                .map(|(before, comma)| (before, *comma))?;
            let tag = text.get(start - before..=comma)?;
            Some((tag, Place { length: tag.chars().count(), ..Place::behind(&text[..start - before]) }))
        },
    )
}
