//! The fix for a text in a list that is better written otherwise: another text in its place.
//!
//! May import its siblings. Invariant: a fix is offered only if the file with it, read again, says the same everywhere else.

use serde_yaml::Value;

use super::document::{Cursor, Document};
use crate::diagnostic::{Diagnostic, Edit, Fix, apply};

/// Offers to write `better` instead of the item's text; the marks around it stay.
pub(super) fn offer(finding: Diagnostic, text: &str, item: &Cursor<'_>, better: &str) -> Diagnostic {
    let Some(fix) = fix(text, item, better) else { return finding };
    let (edited, _) = apply(text, [&fix]);
    if says_otherwise_only(text, &edited, item.value.as_str(), better) { finding.fix(fix) } else { finding }
}

fn fix(text: &str, item: &Cursor<'_>, better: &str) -> Option<Fix> {
    let place = item.node().place;
    let start = text.split_inclusive('\n').take(place.line.checked_sub(1)?).map(str::len).sum::<usize>();
    let offset = |characters: usize| {
        let rest = text.get(start..)?;
        rest.char_indices().map(|(at, _)| at).chain([rest.len()]).nth(characters).map(|at| start + at)
    };
    let begin = offset(place.column.checked_sub(1)?)?;
    let written = text.get(begin..offset(place.column - 1 + place.length)?)?;
    let old = item.value.as_str()?.trim();
    // With escapes it is written in another way than it reads, and what stands there twice could be either.
    let mut found = written.match_indices(old);
    let (at, _) = found.next().filter(|_| found.next().is_none() && !old.is_empty())?;
    let range = begin + at..begin + at + old.len();
    Some(Fix::of(format!("write `{better}` instead of `{old}`"), Edit::replace(range, better)))
}

fn says_otherwise_only(before: &str, after: &str, old: Option<&str>, better: &str) -> bool {
    let (Ok(before), Ok(after)) = (Document::parse(before), Document::parse(after)) else { return false };
    let swapped = |a: &str, b: &str| old == Some(a) && b.trim() == better;
    *before.root().value != *after.root().value && same(before.root().value, after.root().value, &swapped)
}

/// Whether two values are the same but for texts that were swapped.
fn same(before: &Value, after: &Value, swapped: &impl Fn(&str, &str) -> bool) -> bool {
    match (before, after) {
        (Value::String(a), Value::String(b)) => a == b || swapped(a, b),
        (Value::Sequence(a), Value::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, swapped))
        }
        (Value::Mapping(a), Value::Mapping(b)) => {
            let mut pairs = a.iter().zip(b);
            a.len() == b.len() && pairs.all(|((key, a), (other, b))| key == other && same(a, b, swapped))
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::cluster::ClusterConfig;
    use crate::diagnostic::{Fix, apply};

    fn file(entry: &str) -> String {
        format!(
            "cluster_name: x\nprovider:\n  parameters:\n    node_config:\n      demand:\n        outbound_urls:\n          \
             - {entry}  # why\n          - https://ipfs.io:444\navailable_node_types:\n  ray.head.default: {{node_config: {{}}}}\n"
        )
    }

    fn fixes(text: &str) -> Vec<Fix> {
        let of_urls = |code: &str| code.starts_with("outbound-url-");
        let findings = ClusterConfig::parse(text).1;
        findings
            .into_iter()
            .filter(|finding| of_urls(finding.code))
            .filter_map(|finding| finding.fix.map(|fix| *fix))
            .collect()
    }

    #[test]
    fn an_entry_becomes_what_was_meant_and_everything_else_stays() {
        for (written, better) in [
            ("ipfs.io", "https://ipfs.io"),
            ("'ipfs.io'", "'https://ipfs.io'"),
            ("\"http://ipfs.io:8080/x?y\"", "\"http://ipfs.io:8080\""),
            ("https://www.dropbox.com/s/a/b?dl=0", "https://dl.dropboxusercontent.com"),
        ] {
            let text = file(written);
            let found = fixes(&text);
            assert_eq!(apply(&text, &found), (file(better), 1), "{written}");
            assert_eq!(fixes(&file(better)), [], "{written}");
        }
    }

    #[test]
    fn what_is_not_written_as_it_reads_is_left_to_people() {
        for written in
            ["\"https:\\/\\/ipfs.io/x\"", "'*.ipfs.io'", "https://www.dropbox.com/sh/a/b", "7", "https://"]
        {
            assert_eq!(fixes(&file(written)), [], "{written}");
        }
    }

    proptest! {
        #[test]
        fn no_entry_and_no_layout_breaks_it(written in "[-a-z:/.?#'\"\\[\\]{}&*ä \\\\]{0,24}") {
            let text = file(&written);
            for fix in fixes(&text) {
                let (edited, made) = apply(&text, [&fix]);
                prop_assert_eq!(made, 1);
                let lines = text.lines().zip(edited.lines()).filter(|(before, after)| before != after);
                prop_assert_eq!(lines.count(), 1, "{}", edited);
                prop_assert!(ClusterConfig::parse(&edited).0.is_some());
            }
        }
    }
}
