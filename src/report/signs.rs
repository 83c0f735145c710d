//! Signs for terminals that know only ASCII.
//!
//! May import nothing of the house. Invariant: no word is lost; only signs that stand for one are replaced.

use std::borrow::Cow;

/// Whether the terminal may know ASCII only: by its locale, or because it calls itself dumb.
pub fn must_be_ascii() -> bool {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = variable("LC_ALL").or_else(|| variable("LC_CTYPE")).or_else(|| variable("LANG"));
    is_ascii(locale.as_deref(), variable("TERM").as_deref())
}

/// As setlocale(3) chooses: without a locale it is `C`.
fn is_ascii(locale: Option<&str>, term: Option<&str>) -> bool {
    let locale = locale.unwrap_or("C").to_lowercase();
    term == Some("dumb") || !(locale.contains("utf-8") || locale.contains("utf8"))
}

/// The text with signs that ASCII has another writing for in that writing.
pub fn ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    let mut written = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '…' => written.push_str("..."),
            '–' | '—' | '−' | '─' | '‐' | '‑' => written.push('-'),
            '‘' | '’' => written.push('\''),
            '“' | '”' | '„' => written.push('"'),
            '→' => written.push_str("->"),
            '←' => written.push_str("<-"),
            '✓' | '✔' => written.push_str("ok"),
            '✗' | '✘' => written.push_str("no"),
            '•' | '·' => written.push('*'),
            '×' => written.push('x'),
            '≥' => written.push_str(">="),
            '≤' => written.push_str("<="),
            '│' | '┃' => written.push('|'),
            '\u{a0}' => written.push(' '),
            other => written.push(other),
        }
    }
    written.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_written_otherwise_and_words_stay() {
        assert_eq!(ascii("a → b … “c” – ünïcödé"), "a -> b ... \"c\" - ünïcödé");
        assert!(matches!(ascii("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_locale_decides_and_a_dumb_terminal_does_too() {
        assert!(!is_ascii(Some("en_GB.UTF-8"), Some("xterm")));
        assert!(!is_ascii(Some("C.utf8"), None));
        assert!(is_ascii(Some("C"), Some("xterm")) && is_ascii(Some("POSIX"), None) && is_ascii(None, None));
        assert!(is_ascii(Some("en_GB.UTF-8"), Some("dumb")));
    }
}
