//! `check --fix`: the safe changes, made in memory first and then written at once.
//!
//! May import `cluster`, `diagnostic` and its siblings. Invariant: nothing but the edits of findings changes; a file
//! that would become unreadable, or that somebody else has changed meanwhile, is not written.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use similar::TextDiff;

use super::Report;
use super::files::{SourceFile, Sources};
use crate::diagnostic::{Fix, applicable, apply};
use crate::error::{Error, Result};

/// A fix can bring a finding that has a fix of its own, but not for ever.
const ROUNDS: usize = 10;

/// A fix that was made.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct Fixed {
    file: String,
    code: &'static str,
    title: String,
}

/// Makes every safe fix, round by round, until nothing more applies.
pub(super) fn fix(sources: &mut Sources) -> Result<Vec<Fixed>> {
    let mut fixed = Vec::new();
    for _ in 0..ROUNDS {
        let (texts, made) = round(sources);
        let changes = sources.all().zip(&texts).any(|(file, text)| file.text != *text);
        if !changes {
            break;
        }
        let readable = Report::of(sources).config.is_some();
        let mut next = sources.clone();
        for (file, text) in next.all_mut().zip(texts) {
            file.text = text;
        }
        if readable && Report::of(&next).config.is_none() {
            let names: Vec<String> = made.iter().map(|fixed: &Fixed| format!("`{}`", fixed.code)).collect();
            let message =
                format!("failed to fix {}: the cluster file would no longer be YAML", names.join(", "));
            return Err(Error::internal(message).hint("nothing was written; mend it by hand"));
        }
        *sources = next;
        fixed.extend(made);
    }
    Ok(fixed)
}

/// The texts after one round, in the order of the files, and what was done.
fn round(sources: &Sources) -> (Vec<String>, Vec<Fixed>) {
    let report = Report::of(sources);
    let mut made = Vec::new();
    let texts = sources.all().map(|file| {
        let findings = report.findings().filter(|(source, _)| source.path == file.path);
        let fixes: Vec<(&'static str, &Fix)> =
            findings.filter_map(|(_, finding)| Some((finding.code, finding.fix.as_deref()?))).collect();
        let chosen = applicable(&file.text, fixes.iter().map(|(_, fix)| *fix));
        for (code, fix) in fixes.iter().filter(|(_, fix)| chosen.iter().any(|made| std::ptr::eq(*made, *fix)))
        {
            made.push(Fixed { file: file.name(), code, title: fix.title.clone() });
        }
        apply(&file.text, chosen).0
    });
    let texts = texts.collect();
    (texts, made)
}

/// Says on standard error what was done.
pub(super) fn narrate(fixed: &[Fixed], dry_run: bool) {
    let word = if dry_run { "would fix" } else { "fixed" };
    for Fixed { file, code, title } in fixed {
        eprintln!("{word} {file}: {title} ({code})");
    }
    if fixed.is_empty() {
        eprintln!("nothing to fix");
    }
}

/// What changed, as a unified diff.
pub(super) fn diff(before: &Sources, after: &Sources) -> String {
    let changed = before.all().zip(after.all()).filter(|(before, after)| before.text != after.text);
    let one = |(before, after): (&SourceFile, &SourceFile)| {
        let (name, old, new) = (before.name(), before.content(), after.content());
        let diff = TextDiff::from_lines(&old, &new);
        let (from, to) = (format!("a/{name}"), format!("b/{name}"));
        diff.unified_diff().header(&from, &to).to_string()
    };
    changed.map(one).collect()
}

/// Writes the files that changed.
pub(super) fn write(before: &Sources, after: &Sources) -> Result<()> {
    for (before, after) in before.all().zip(after.all()) {
        if before.text != after.text {
            replace(&after.path, &before.content(), &after.content())?;
        }
    }
    Ok(())
}

/// Replaces a file's content as a whole: a reader sees the old one or the new one. A symbolic link keeps pointing at
/// the file; owner and permissions stay.
fn replace(path: &Path, expected: &str, content: &str) -> Result<()> {
    let target = path.canonicalize().map_err(|error| Error::io("find", path, error))?;
    let metadata = fs::metadata(&target).map_err(|error| Error::io("read", path, error))?;
    let now = fs::read(&target).map_err(|error| Error::io("read", path, error))?;
    if now != expected.as_bytes() {
        let message = format!("failed to write `{}`: it was changed meanwhile", path.display());
        return Err(Error::usage(message).hint("look again: `golem-outbound check --fix`"));
    }
    let folder = target.parent().unwrap_or(Path::new("/"));
    let written = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(content.as_bytes())?;
        // Only root can give files away; for everybody else the owner is the same already.
        let _ = chown(file.path(), Some(metadata.uid()), Some(metadata.gid()));
        file.as_file().set_permissions(metadata.permissions())?;
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|error| error.error)?;
        Ok(())
    };
    written().map_err(|error| Error::io("write", path, error))
}
