//! The findings as JSON; `docs/check.md` describes the form.
//!
//! May import `diagnostic` and its siblings. Invariant: lines and columns count from one, columns in characters; the
//! number in `format` grows when a field changes its meaning or goes away, not when one is added.

use serde::Serialize;

use super::Report;
use super::fixing::Fixed;
use crate::commands::explain::{UrlVerdict, to_json};
use crate::diagnostic::{Diagnostic, Severity, line_column};
use crate::error::Result;

const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    errors: usize,
    warnings: usize,
    notes: usize,
    fixable: usize,
    findings: Vec<Finding<'a>>,
    /// What `--fix` has changed before these findings.
    fixed: &'a [Fixed],
    outbound_urls: &'a [UrlVerdict],
}

/// A finding as every command tells it to programs.
#[derive(Serialize)]
pub(in crate::commands) struct Finding<'a> {
    file: String,
    code: &'a str,
    severity: Severity,
    message: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    length: Option<usize>,
    help: Option<&'a str>,
    fix: Option<Change<'a>>,
}

#[derive(Serialize)]
struct Change<'a> {
    title: &'a str,
    edits: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
struct Replacement<'a> {
    start: Position,
    end: Position,
    text: &'a str,
}

#[derive(Serialize)]
struct Position {
    line: usize,
    column: usize,
}

/// The document.
pub(super) fn report(report: &Report<'_>, fixed: &[Fixed]) -> Result<String> {
    to_json(&Document {
        format: FORMAT,
        errors: report.count(Severity::Error),
        warnings: report.count(Severity::Warning),
        notes: report.count(Severity::Note),
        fixable: report.fixable(),
        findings: report.findings().map(|(file, found)| finding(file.name(), &file.text, found)).collect(),
        fixed,
        outbound_urls: &report.verdicts,
    })
}

/// The finding about this file, whose text is given for the places of a fix.
pub(in crate::commands) fn finding<'a>(file: String, text: &str, found: &'a Diagnostic) -> Finding<'a> {
    let change = found.fix.as_deref().map(|fix| Change {
        title: &fix.title,
        edits: fix
            .edits
            .iter()
            .map(|edit| Replacement {
                start: position(text, edit.range.start),
                end: position(text, edit.range.end),
                text: &edit.replacement,
            })
            .collect(),
    });
    Finding {
        file,
        code: found.code,
        severity: found.severity,
        message: &found.message,
        line: found.span.map(|span| span.line),
        column: found.span.map(|span| span.column),
        length: found.span.map(|span| span.length),
        help: found.help.as_deref(),
        fix: change,
    }
}

fn position(text: &str, offset: usize) -> Position {
    let (line, column) = line_column(text, offset);
    Position { line, column }
}
