//! Places in a text: from offsets in bytes to lines and columns.
//!
//! May import its parent. Invariant: lines end with `\n`, columns count characters, both from one.

use std::ops::Range;

use super::{Diagnostic, Span};

/// Line and column of an offset in bytes; an offset inside of a character or behind the end counts as the next place
/// that there is.
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let offset = (offset..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

impl Diagnostic {
    /// Gives it the place of a range of bytes; of a range over several lines, the part on the first.
    #[must_use]
    pub fn at_range(mut self, text: &str, range: Range<usize>) -> Self {
        let (line, column) = line_column(text, range.start);
        let first = text.get(range).unwrap_or_default().lines().next().unwrap_or_default();
        self.span = Some(Span { line, column, length: first.chars().count().max(1) });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        assert_eq!(line_column("ä\r\nb名c", 7), (2, 3));
        assert_eq!(line_column("ä", 1), (1, 2), "inside of a character");
        assert_eq!(line_column("a\n", 9), (2, 1), "behind the end");
        let finding = Diagnostic::error("x", "x").at_range("ab\ncd", 1..4);
        assert_eq!(finding.span, Some(Span { line: 1, column: 2, length: 1 }));
    }
}
