//! The part of a source that a finding quotes: one line with carets below it, cut to fit.
//!
//! May import its parent. Invariant: no line is wider than asked for, the first character that is pointed at is always
//! in it, and no control character of the source reaches the terminal.

use super::Span;

/// Columns of a tab.
const TAB: usize = 4;

/// What stands in the place of what was cut off.
const CUT: &str = "…";

/// One character as it is shown, and its columns.
struct Cell {
    text: String,
    columns: usize,
}

/// The lines of the excerpt; empty if the source has no such line. A width of none cuts nothing.
pub(super) fn excerpt(source: &str, span: Span, width: Option<usize>) -> String {
    let Some(line) = source.lines().nth(span.line.saturating_sub(1)) else { return String::new() };
    let number = span.line.to_string();
    let gutter = " ".repeat(number.len());
    let cells = cells(line);
    let first = span.column.saturating_sub(1).min(cells.len());
    let last = (first + span.length.max(1)).min(cells.len());
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(number.len() + 3).max(10));
    let (shown, before, below) = window(&cells, first, last, room);
    let carets = "^".repeat(below.max(1));
    format!("{gutter} |\n{number} | {shown}\n{gutter} | {}{carets}\n", " ".repeat(before))
}

fn cells(line: &str) -> Vec<Cell> {
    let mut column = 0;
    let cell = |character: char| {
        let (text, columns) = match character {
            '\t' => {
                let columns = TAB - column % TAB;
                (" ".repeat(columns), columns)
            }
            _ if character.is_control() => (char::REPLACEMENT_CHARACTER.to_string(), 1),
            _ => {
                let text = character.to_string();
                let columns = console::measure_text_width(&text);
                (text, columns)
            }
        };
        column += columns;
        Cell { text, columns }
    };
    line.chars().map(cell).collect()
}

/// The text that fits, the columns before the first caret, and the number of carets.
fn window(cells: &[Cell], first: usize, last: usize, room: usize) -> (String, usize, usize) {
    let columns = |cells: &[Cell]| cells.iter().map(|cell| cell.columns).sum::<usize>();
    let text = |cells: &[Cell]| cells.iter().map(|cell| cell.text.as_str()).collect::<String>();
    // A caret may stand behind the end of the line, and needs a column below what has none.
    if columns(cells).max(columns(&cells[..first]) + 1) <= room {
        return (text(cells), columns(&cells[..first]), columns(&cells[first..last]));
    }
    // Something before what is pointed at is kept for the reader to know where it is.
    let mut start = 0;
    if columns(&cells[..last]) + 1 > room {
        start = first;
        while start > 0 && columns(&cells[start - 1..first]) <= room / 4 {
            start -= 1;
        }
    }
    let left = if start > 0 { CUT } else { "" };
    let free = room - left.chars().count();
    let mut end = start;
    while end < cells.len() && columns(&cells[start..=end]) < free {
        end += 1;
    }
    let right = if end < cells.len() { CUT } else { "" };
    let last = last.clamp(first, end.max(first));
    let before = left.chars().count() + columns(&cells[start..first.min(end)]);
    (
        format!("{left}{}{right}", text(&cells[start..end])),
        before,
        columns(&cells[first.min(end)..last.max(first.min(end))]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str, line: usize, column: usize, length: usize, width: usize) -> String {
        excerpt(source, Span { line, column, length }, Some(width))
    }

    #[test]
    fn tabs_and_wide_characters_keep_the_carets_below_what_they_point_at() {
        insta::assert_snapshot!(shown("\ta: 名前, x\r\n", 1, 5, 2, 80), @r"
          |
        1 |     a: 名前, x
          |        ^^^^
        ");
        insta::assert_snapshot!(shown("ab\tc\n", 1, 4, 1, 80), @r"
          |
        1 | ab  c
          |     ^
        ");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let line = format!("{}here{}", "a".repeat(60), "b".repeat(60));
        insta::assert_snapshot!(shown(&line, 1, 61, 4, 40), @r"
          |
        1 | …aaaaaaaaaherebbbbbbbbbbbbbbbbbbbbb…
          |           ^^^^
        ");
        insta::assert_snapshot!(shown(&line, 1, 1, 300, 40), @r"
          |
        1 | aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        ");
    }

    #[test]
    fn escape_sequences_of_the_source_do_not_reach_the_terminal() {
        assert!(!shown("a\u{1b}[31mb", 1, 1, 1, 80).contains('\u{1b}'));
    }

    #[test]
    fn a_place_behind_the_end_of_its_line_is_shown_there() {
        insta::assert_snapshot!(shown("ab", 1, 9, 3, 80), @r"
          |
        1 | ab
          |   ^
        ");
        assert_eq!(shown("ab", 7, 1, 1, 80), "");
    }

    #[test]
    fn an_accent_that_has_no_column_at_the_end_of_a_full_line_is_pointed_at_within_the_width() {
        let line = format!("{}e\u{301}", "a".repeat(35));
        let shown = shown(&line, 1, 37, 1, 40);
        assert!(shown.lines().all(|line| console::measure_text_width(line) <= 40), "{shown}");
        assert_eq!(shown.matches('^').count(), 1, "{shown}");
    }

    proptest::proptest! {
        #[test]
        fn no_line_is_wider_than_asked(line in "[a-zä名😀\\t\u{301}]{0,120}", column in 1usize..130, length in 1usize..50, width in 40usize..200) {
            for shown in shown(&line, 1, column, length, width).lines() {
                proptest::prop_assert!(console::measure_text_width(shown) <= width, "{} columns of {}", console::measure_text_width(shown), width);
            }
        }
    }
}
