//! What stands before the quotes of a Python string, and what its backslashes mean.
//!
//! Imports nothing. Invariant: lengths are those of whole characters of the text that was given.

/// What stands before the quotes.
#[derive(Clone, Copy)]
pub(super) struct Prefix {
    pub(super) raw: bool,
    pub(super) bytes: bool,
    pub(super) format: bool,
}

/// The prefix that a word before a quote is.
pub(super) fn prefix(word: &str) -> Option<Prefix> {
    let lower = word.to_ascii_lowercase();
    let known = ["r", "u", "b", "f", "br", "rb", "fr", "rf"];
    let has = |letter| lower.contains(letter);
    known.contains(&lower.as_str()).then(|| Prefix { raw: has('r'), bytes: has('b'), format: has('f') })
}

/// What an escape stands for, and how many bytes follow its backslash. A name that only Python's table of Unicode
/// knows stands for some character that is none of a URL.
pub(super) fn escaped(rest: &str, bytes: bool) -> Option<(char, usize)> {
    let first = rest.chars().next()?;
    let hex = |digits: usize| {
        let digits_only =
            rest.get(1..=digits).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let number = u32::from_str_radix(digits_only?, 16).ok()?;
        Some((char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER), 1 + digits))
    };
    match first {
        '\\' | '\'' | '"' => Some((first, 1)),
        'a' => Some(('\u{7}', 1)),
        'b' => Some(('\u{8}', 1)),
        'f' => Some(('\u{c}', 1)),
        'n' => Some(('\n', 1)),
        'r' => Some(('\r', 1)),
        't' => Some(('\t', 1)),
        'v' => Some(('\u{b}', 1)),
        '0'..='7' => {
            let digits = rest.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
            let number = u32::from_str_radix(&rest[..digits], 8).ok()?;
            Some((char::from_u32(number)?, digits))
        }
        'x' => hex(2),
        'u' if !bytes => hex(4),
        'U' if !bytes => hex(8),
        'N' if !bytes && rest[1..].starts_with('{') => {
            Some((char::REPLACEMENT_CHARACTER, rest.find('}')? + 1))
        }
        _ => None,
    }
}
