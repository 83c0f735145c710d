//! Fixes: what to replace in a text so that a finding goes away.
//!
//! Imports nothing. Invariant: outside the replaced ranges a text keeps every byte, and of two fixes that touch the
//! same place only the first is applied.

use std::ops::Range;

/// Replaces a range of bytes of a text.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Edit {
    /// Offsets in bytes, on character boundaries; an empty range inserts.
    pub range: Range<usize>,
    /// What stands there afterwards.
    pub replacement: String,
}

/// Edits that belong together: all of them are made, or none.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fix {
    /// What it does, as an order: ``quote `0755` ``.
    pub title: String,
    /// In any order; they must not overlap.
    pub edits: Vec<Edit>,
}

impl Edit {
    /// Replaces `range`.
    pub fn replace(range: Range<usize>, replacement: impl Into<String>) -> Self {
        Self { range, replacement: replacement.into() }
    }

    /// Inserts at an offset.
    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(at..at, text)
    }

    fn fits(&self, text: &str) -> bool {
        text.get(self.range.clone()).is_some()
    }

    /// Two insertions at one place have no order, so they are in each other's way too.
    fn collides(&self, other: &Self) -> bool {
        self.range == other.range
            || (self.range.start < other.range.end && other.range.start < self.range.end)
    }
}

impl Fix {
    /// A fix of one edit.
    pub fn of(title: impl Into<String>, edit: Edit) -> Self {
        Self { title: title.into(), edits: vec![edit] }
    }
}

/// The fixes that can be made together. One that does not fit the text or collides with an earlier one is left out; what
/// it was for is found again when the new text is looked at.
pub fn applicable<'f>(text: &str, fixes: impl IntoIterator<Item = &'f Fix>) -> Vec<&'f Fix> {
    let mut chosen: Vec<&Fix> = Vec::new();
    for fix in fixes {
        let taken = || chosen.iter().flat_map(|fix| &fix.edits);
        if fix.edits.iter().all(|edit| edit.fits(text) && !taken().any(|taken| taken.collides(edit))) {
            chosen.push(fix);
        }
    }
    chosen
}

/// The text with the [`applicable`] fixes made, and how many of them were.
pub fn apply<'f>(text: &str, fixes: impl IntoIterator<Item = &'f Fix>) -> (String, usize) {
    let made = applicable(text, fixes);
    let mut edits: Vec<&Edit> = made.iter().flat_map(|fix| &fix.edits).collect();
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut fixed = text.to_owned();
    for edit in edits.iter().rev() {
        fixed.replace_range(edit.range.clone(), &edit.replacement);
    }
    (fixed, made.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_made_from_the_back_so_that_offsets_stay_true() {
        let fix = Fix {
            title: "rename both".into(),
            edits: vec![Edit::replace(0..1, "alpha"), Edit::replace(2..3, "beta"), Edit::insert(3, "!")],
        };
        assert_eq!(apply("a b", [&fix]), ("alpha beta!".to_owned(), 1));
    }

    #[test]
    fn of_two_fixes_in_each_others_way_the_first_is_made() {
        let (first, second) =
            (Fix::of("x", Edit::replace(0..3, "x")), Fix::of("y", Edit::replace(2..4, "y")));
        assert_eq!(apply("abcd", [&first, &second]), ("xd".to_owned(), 1));
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let fix = Fix::of("behind the end", Edit::replace(2..9, "x"));
        assert_eq!(apply("é", [&fix, &Fix::of("inside a character", Edit::insert(1, "x"))]), ("é".into(), 0));
    }
}
