//! Text as HTML.
//!
//! May import nothing of the house. Pure. Invariant: whatever the text is, it stays text, in an element as in an attribute.

/// The text with HTML's own characters escaped and control characters left out.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 16);
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            character if character.is_control() && !matches!(character, '\n' | '\t') => {}
            character => html.push(character),
        }
    }
    html
}
