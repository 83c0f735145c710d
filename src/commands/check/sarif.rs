//! The findings as SARIF 2.1.0, the form in which code hosts and editors read them (OASIS, sarif-v2.1.0-os).
//!
//! May import `diagnostic` and its siblings. Invariant: every result names a rule of the driver by its index, and every
//! address is one that resolves: files are relative to where `check` ran, or absolute.

use std::path::Path;

use serde_json::{Value, json};
use url::Url;

use super::Report;
use super::files::SourceFile;
use super::pages;
use crate::commands::explain::to_json;
use crate::diagnostic::{Diagnostic, Fix, Severity, line_column};
use crate::error::Result;

/// Where the pages can be read on the Web, if the package says where its repository is.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// The document.
pub(super) fn report(report: &Report<'_>) -> Result<String> {
    let results: Vec<Value> = report.findings().map(|(file, found)| result(file, found)).collect();
    let artifacts: Vec<Value> = report
        .files
        .iter()
        .map(|file| json!({ "location": { "uri": uri(&file.source.path) }, "encoding": "UTF-8" }))
        .collect();
    to_json(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver() },
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true }],
            "artifacts": artifacts,
            "results": results,
        }],
    }))
}

fn driver() -> Value {
    let rules: Vec<Value> = pages::all().iter().map(|(code, page)| rule(code, page)).collect();
    let mut driver = json!({
        "name": env!("CARGO_PKG_NAME"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    });
    if !REPOSITORY.is_empty() {
        driver["informationUri"] = json!(REPOSITORY);
    }
    driver
}

/// `helpUri` must be absolute (3.49.12), so there is none before there is a repository; the page itself goes along.
fn rule(code: &str, page: &str) -> Value {
    let path = format!("docs/findings/{code}.md");
    let mut rule = json!({
        "id": code,
        "shortDescription": { "text": pages::summary(page) },
        "help": { "text": page, "markdown": page },
        "properties": { "page": path },
    });
    if !REPOSITORY.is_empty() {
        rule["helpUri"] = json!(format!("{}/blob/main/{path}", REPOSITORY.trim_end_matches('/')));
    }
    rule
}

fn result(file: &SourceFile, found: &Diagnostic) -> Value {
    let location = json!({ "uri": uri(&file.path) });
    let mut physical = json!({ "artifactLocation": location });
    if let Some(span) = found.span {
        physical["region"] = json!({
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.line,
            "endColumn": span.column + span.length,
        });
    }
    let message = match &found.help {
        Some(help) => format!("{}: {help}", found.message),
        None => found.message.clone(),
    };
    let mut result = json!({
        "ruleId": found.code,
        "level": level(found.severity),
        "message": { "text": message },
        "locations": [{ "physicalLocation": physical }],
    });
    if let Some(index) = pages::all().iter().position(|(code, _)| *code == found.code) {
        result["ruleIndex"] = json!(index);
    }
    if let Some(fix) = &found.fix {
        result["fixes"] = json!([change(&location, &file.text, fix)]);
    }
    result
}

fn level(severity: Severity) -> &'static str {
    severity.word()
}

fn change(location: &Value, text: &str, fix: &Fix) -> Value {
    let replacement = |edit: &crate::diagnostic::Edit| {
        let (start, end) = (line_column(text, edit.range.start), line_column(text, edit.range.end));
        json!({
            "deletedRegion": {
                "startLine": start.0,
                "startColumn": start.1,
                "endLine": end.0,
                "endColumn": end.1,
            },
            "insertedContent": { "text": edit.replacement },
        })
    };
    let replacements: Vec<Value> = fix.edits.iter().map(replacement).collect();
    json!({
        "description": { "text": fix.title },
        "artifactChanges": [{ "artifactLocation": location, "replacements": replacements }],
    })
}

/// A path as a URI reference.
fn uri(path: &Path) -> String {
    let rooted = Path::new("/").join(path);
    let Ok(url) = Url::from_file_path(&rooted) else { return path.display().to_string() };
    if path.is_absolute() { url.to_string() } else { url.path().trim_start_matches('/').to_owned() }
}
