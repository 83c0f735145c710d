//! What is written in a way that Python's YAML reads as something else, wherever it stands.
//!
//! May import its siblings. Invariant: what breaks `ray up` (its cache is JSON with sorted keys, `commands.py`
//! `_bootstrap_config`) is an error; what it takes without a word is a warning; where a finding about the same place says
//! more, nothing is said again.

use serde_yaml::Value;

use super::document::{Cursor, Document, kind};
use super::pyyaml::Oddity;
use crate::diagnostic::Diagnostic;

pub(super) fn check(document: &Document, findings: &mut Vec<Diagnostic>) {
    let mut found: Vec<Diagnostic> = document.duplicates().collect();
    walk("", &document.root(), false, &mut found);
    for finding in found {
        let covered = |other: &Diagnostic| other.span == finding.span && other.severity >= finding.severity;
        if !findings.iter().any(covered) {
            findings.push(finding);
        }
    }
}

/// `free` says that Ray leaves the names of the keys to the author.
fn walk(name: &str, cursor: &Cursor<'_>, free: bool, found: &mut Vec<Diagnostic>) {
    found.extend(scalar(name, cursor));
    odd_keys(cursor, free, found);
    for (key, value) in cursor.entries() {
        walk(key, &value, free || key == "metadata", found);
    }
    for (_, value) in cursor.odd_keys() {
        walk(name, &value, free, found);
    }
    for item in cursor.items() {
        walk(name, &item, free, found);
    }
}

fn scalar(name: &str, cursor: &Cursor<'_>) -> Option<Diagnostic> {
    if let Value::Tagged(_) = cursor.value {
        let message =
            format!("`{name}` is {}, which `ray up` cannot write into its cache", kind(cursor.value));
        return Some(cursor.mark(Diagnostic::error("wrong-type", message).help("put it into quotes")));
    }
    let plain = cursor.node().plain.as_deref()?;
    let Value::Number(number) = cursor.value else { return None };
    let (because, instead) = match cursor.node().oddity? {
        Oddity::Octal => ("a leading 0 means base eight", plain.replacen('0', "", 1)),
        Oddity::Sexagesimal => ("a colon between digits means base sixty", format!("\"{plain}\"")),
    };
    let message = format!("`{name}` is `{plain}`, which Python's YAML reads as {number}: {because}");
    let finding = Diagnostic::warning("value-read-otherwise", message);
    Some(
        cursor.mark(
            finding.help(format!("write `{name}: {number}` if that is meant, else `{name}: {instead}`")),
        ),
    )
}

/// Keys that are no texts. Where Ray does not look at the keys, those of one kind can be sorted and pass.
fn odd_keys(cursor: &Cursor<'_>, free: bool, found: &mut Vec<Diagnostic>) {
    let of_one_kind = cursor.entries().is_empty() && {
        let mut kinds: Vec<&str> = cursor.odd_keys().map(|(key, _)| kind(key)).collect();
        kinds.dedup();
        kinds.len() < 2
    };
    if free && of_one_kind {
        return;
    }
    for (key, value) in cursor.odd_keys() {
        let read = match key {
            Value::Bool(flag) => format!("reads as {flag}"),
            Value::Null => "reads as nothing".to_owned(),
            other => format!("reads as {}", kind(other)),
        };
        let finding = Diagnostic::error(
            "key-not-text",
            format!("this key is one that Python's YAML {read}, not as a text"),
        );
        found.push(value.mark_key(finding.help("put the key into quotes")));
    }
}
