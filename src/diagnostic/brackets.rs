//! Items added to a list in brackets, as Python and the flow style of YAML write it.
//!
//! May import its sibling `fix`. Invariant: the items that are there, their comments and their layout keep every byte;
//! new ones follow the layout of the last.

use std::ops::Range;

use super::Edit;

/// Where a list in brackets stands in a text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brackets {
    /// The offset of `[`.
    pub open: usize,
    /// The offset of `]`.
    pub close: usize,
    /// The items, without commas.
    pub items: Vec<Range<usize>>,
}

/// The edits that put items, written as they shall stand in the text, behind the last one.
pub fn append(text: &str, list: &Brackets, new: &[String]) -> Vec<Edit> {
    let Some(last) = list.items.last() else { return into_empty(text, list, new) };
    let comma = comma_behind(text, last.end, list.close);
    let end = comma.map_or(last.end, |comma| comma + 1);
    let Some(indent) = blank_before(text, last.start) else {
        // The list, or its last part, is written on one line.
        let added = match comma {
            Some(_) => new.iter().map(|item| format!(" {item},")).collect::<String>(),
            None => new.iter().map(|item| format!(", {item}")).collect(),
        };
        return vec![Edit::insert(end, added)];
    };
    let newline = newline_of(text, last.start);
    let line_end = end_of_line(text, end);
    if list.close < line_end {
        let mut added =
            new.iter().map(|item| format!("{newline}{indent}{item}")).collect::<Vec<_>>().join(",");
        if comma.is_some() {
            added.push(',');
        } else {
            added.insert(0, ',');
        }
        return vec![Edit::insert(end, added)];
    }
    // A comment behind the last item stays with it.
    let mut edits = Vec::new();
    let mut lines = new.iter().map(|item| format!("{newline}{indent}{item}")).collect::<Vec<_>>().join(",");
    match comma {
        Some(_) => lines.push(','),
        None => edits.push(Edit::insert(end, ",")),
    }
    match edits.last_mut() {
        Some(comma) if line_end == end => comma.replacement += &lines,
        _ => edits.push(Edit::insert(line_end, lines)),
    }
    edits
}

/// Into an empty list: behind its `[`, or on lines of their own where the brackets stand on different lines.
fn into_empty(text: &str, list: &Brackets, new: &[String]) -> Vec<Edit> {
    match blank_before(text, list.close).filter(|_| text[list.open..list.close].contains('\n')) {
        Some(indent) => {
            let newline = newline_of(text, list.open);
            let lines: String = new.iter().map(|item| format!("{indent}    {item},{newline}")).collect();
            vec![Edit::insert(list.close - indent.len(), lines)]
        }
        None => vec![Edit::insert(list.open + 1, new.join(", "))],
    }
}

/// The comma behind an item, before the offset `close`; comments and line breaks may come before it.
pub fn comma_behind(text: &str, from: usize, close: usize) -> Option<usize> {
    let mut in_comment = false;
    for (offset, character) in text[from..close].char_indices() {
        match character {
            '\n' => in_comment = false,
            _ if in_comment => {}
            '#' => in_comment = true,
            ',' => return Some(from + offset),
            _ => {}
        }
    }
    None
}

/// What stands before an offset on its line, if that is nothing but blanks.
pub fn blank_before(text: &str, offset: usize) -> Option<&str> {
    let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    Some(&text[start..offset]).filter(|before| before.chars().all(|c| matches!(c, ' ' | '\t')))
}

/// Where the line of an offset ends, before its line break.
pub fn end_of_line(text: &str, offset: usize) -> usize {
    let end = text[offset..].find('\n').map_or(text.len(), |newline| offset + newline);
    if text[..end].ends_with('\r') && end > offset { end - 1 } else { end }
}

/// The line break of a text, judged by the line of an offset, else by the first line.
pub fn newline_of(text: &str, offset: usize) -> &'static str {
    let end = text[offset..].find('\n').map(|newline| offset + newline).or_else(|| text.find('\n'));
    if end.is_some_and(|end| text[..end].ends_with('\r')) { "\r\n" } else { "\n" }
}

#[cfg(test)]
mod tests {
    use super::super::{Fix, apply};
    use super::*;

    /// `items` are found by their texts, in order.
    fn appended(text: &str, items: &[&str]) -> String {
        let mut from = 0;
        let items = items
            .iter()
            .map(|item| {
                let start = from + text[from..].find(item).unwrap();
                from = start + item.len();
                start..from
            })
            .collect();
        let list = Brackets { open: text.find('[').unwrap(), close: text.rfind(']').unwrap(), items };
        let edits = append(text, &list, &["x".into(), "y".into()]);
        let (after, made) = apply(text, [&Fix { title: String::new(), edits }]);
        assert_eq!(made, 1, "{text}");
        after
    }

    #[test]
    fn new_items_follow_the_layout_of_the_last() {
        for (text, items, expected) in [
            ("[]", &[][..], "[x, y]"),
            ("a = [  ]\n", &[], "a = [x, y  ]\n"),
            ("[\n]\n", &[], "[\n    x,\n    y,\n]\n"),
            ("[\n  # none yet\n  ]\n", &[], "[\n  # none yet\n      x,\n      y,\n  ]\n"),
            ("[a, b]", &["a", "b"], "[a, b, x, y]"),
            ("[a, b,]", &["a", "b"], "[a, b, x, y,]"),
            ("[\n  a,\n  b\n]\n", &["a", "b"], "[\n  a,\n  b,\n  x,\n  y\n]\n"),
            ("[\n  a,\n  b, # why\n  # end\n]", &["a", "b"], "[\n  a,\n  b, # why\n  x,\n  y,\n  # end\n]"),
            ("[\r\n  a # why, so\r\n]", &["a"], "[\r\n  a, # why, so\r\n  x,\r\n  y\r\n]"),
            ("[a,\n b]\n", &["a", "b"], "[a,\n b,\n x,\n y]\n"),
            ("[a,\n b,]\n", &["a", "b"], "[a,\n b,\n x,\n y,]\n"),
            ("[\n a\n ,\n]", &["a"], "[\n a\n ,\n x,\n y,\n]"),
        ] {
            assert_eq!(appended(text, items), expected, "{text:?}");
        }
    }
}
