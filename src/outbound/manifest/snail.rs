//! Text in quotes as a shell has them, the other form in which a manifest may travel.
//!
//! May import nothing of the house. Invariant: text without quotes stands for itself, and quotes never reach the JSON.

use std::str::Chars;

/// A backslash in double quotes with something behind it that means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnquoteError {
    /// An unknown letter, or nothing at all.
    InvalidEscape {
        /// The backslash and what follows it.
        escape: String,
    },
    /// `\\u` without a character's number in braces.
    InvalidUnicode {
        /// What stands in the braces.
        number: String,
    },
}

/// Takes quotes away: between single quotes nothing is special, between double quotes a backslash is, and unquoted
/// text is kept. A quote that is not closed goes to the end.
pub(super) fn unquote(text: &str) -> Result<String, UnquoteError> {
    let (mut plain, mut quote) = (String::new(), None);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (Some('"'), '\\') => plain.push(escaped(&mut characters)?),
            _ => plain.push(character),
        }
    }
    Ok(plain)
}

/// The character that an escape stands for.
fn escaped(characters: &mut Chars<'_>) -> Result<char, UnquoteError> {
    let Some(letter) = characters.next() else {
        return Err(UnquoteError::InvalidEscape { escape: "\\".into() });
    };
    Ok(match letter {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'e' | 'E' => '\u{1b}',
        '\\' | '\'' | '"' | '$' | '`' | ' ' => letter,
        'u' => return unicode(characters),
        other => return Err(UnquoteError::InvalidEscape { escape: format!("\\{other}") }),
    })
}

fn unicode(characters: &mut Chars<'_>) -> Result<char, UnquoteError> {
    let behind = characters.as_str();
    let number = behind.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(number, _)| number);
    let found = number.and_then(|number| char::from_u32(u32::from_str_radix(number, 16).ok()?));
    let number = number.unwrap_or_default();
    match found {
        Some(character) => {
            *characters = behind[number.len() + 2..].chars();
            Ok(character)
        }
        None => Err(UnquoteError::InvalidUnicode { number: number.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_are_taken_away() {
        assert_eq!(unquote(r#"'{"a": "b"}'"#).unwrap(), r#"{"a": "b"}"#);
        assert_eq!(unquote(r#""{\"a\": 1}""#).unwrap(), r#"{"a": 1}"#);
        assert_eq!(unquote(r#"'some spaces'_unquoted_"a \t tab""#).unwrap(), "some spaces_unquoted_a \t tab");
        assert_eq!(unquote(r"a\nb'\n'").unwrap(), r"a\nb\n");
        assert_eq!(unquote(r#""\u{e9}\u{1F600}""#).unwrap(), "é😀");
    }

    #[test]
    fn json_without_quotes_around_it_loses_its_own() {
        assert_eq!(unquote(r#"{"a": "b"}"#).unwrap(), "{a: b}");
    }

    #[test]
    fn an_escape_that_means_nothing_is_an_error() {
        assert_eq!(unquote(r#""\x""#), Err(UnquoteError::InvalidEscape { escape: r"\x".into() }));
        assert_eq!(unquote(r#""\u{d800}""#), Err(UnquoteError::InvalidUnicode { number: "d800".into() }));
        assert!(unquote(r#""\u12""#).is_err() && unquote("\"\\").is_err());
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[\\\\'\"u{}a-f0-9é]{0,20}") {
            let _ = unquote(&text);
        }

        #[test]
        fn what_is_in_single_quotes_stays_as_it_is(text in "[^']*") {
            prop_assert_eq!(unquote(&format!("'{text}'")), Ok(text));
        }
    }
}
