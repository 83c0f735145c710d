//! The fix for a key that Ray needs and that has nothing to say: a line at the end of the file.
//!
//! May import its siblings. Invariant: a fix is offered only if the text with it, read again, says what the text said, and
//! the key.

use super::{Diagnostic, Document};
use crate::diagnostic::brackets::newline_of;
use crate::diagnostic::{Edit, Fix, apply};

/// Offers to add `line`, which is `key: []` or `key: {}`.
pub(super) fn offer(finding: Diagnostic, text: &str, key: &str, line: &str) -> Diagnostic {
    let newline = newline_of(text, text.len());
    let before = if text.ends_with('\n') { "" } else { newline };
    let edit = Edit::insert(text.len(), format!("{before}{line}{newline}"));
    let fix = Fix::of(format!("add `{line}` at the end of the file"), edit);
    let (edited, _) = apply(text, [&fix]);
    if says_only(text, &edited, key) { finding.fix(fix) } else { finding }
}

fn says_only(before: &str, after: &str, key: &str) -> bool {
    let (Ok(before), Ok(after)) = (Document::parse(before), Document::parse(after)) else { return false };
    let mut rest = after.root().value.clone();
    let added = rest.as_mapping_mut().and_then(|mapping| mapping.remove(key));
    let empty = added.is_some_and(|added| {
        added.as_sequence().is_some_and(Vec::is_empty)
            || added.as_mapping().is_some_and(|mapping| mapping.is_empty())
    });
    empty && rest == *before.root().value
}
