//! `check --fix`: the safe changes, made in memory first and then written at once.
//!
//! May import `cluster`, `diagnostic` and its siblings. Invariant: nothing but the edits of findings changes; a file
//! that would become unreadable, or that somebody else has changed meanwhile, is not written.

use std::fs;
use std::io::Write;
use std::path::Path;

use similar::TextDiff;

use super::Report;
use super::files::{SourceFile, Sources};
use crate::diagnostic::{Fix, applicable, apply};
use crate::error::{Error, Result};
use crate::ownership::keep_owner;

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
            replace(&after.path, &before.content(), &after.content(), "golem-outbound check --fix")?;
        }
    }
    Ok(())
}

/// Replaces a file's content as a whole: a reader sees the old one or the new one. A symbolic link keeps pointing at
/// the file; owner and permissions stay. `again` is the command to type if somebody else has changed it meanwhile.
pub(in crate::commands) fn replace(path: &Path, expected: &str, content: &str, again: &str) -> Result<()> {
    let target = path.canonicalize().map_err(|error| Error::io("find", path, error))?;
    let metadata = fs::metadata(&target).map_err(|error| Error::io("read", path, error))?;
    let now = fs::read(&target).map_err(|error| Error::io("read", path, error))?;
    if now != expected.as_bytes() {
        let message = format!("failed to write `{}`: it was changed meanwhile", path.display());
        return Err(Error::usage(message).hint(format!("look again: `{again}`")));
    }
    let folder = target.parent().unwrap_or(Path::new("/"));
    let written = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(content.as_bytes())?;
        keep_owner(file.path(), &metadata);
        file.as_file().set_permissions(metadata.permissions())?;
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|error| error.error)?;
        Ok(())
    };
    written().map_err(|error| Error::io("write", path, error))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CLUSTER: &str = "provider: {parameters: {node_config: {demand: {outbound_urls: [\"https://ipfs.io\"]}}}}\n\
                           available_node_types: {ray.head.default: {node_config: {}}}\n\
                           setup_commands: []\nhead_setup_commands: []\nworker_setup_commands: []\n\
                           cluster_synced_files: []\nfile_mounts: {}\ninitialization_commands: []\n";
    const LINK: &str = "https://www.dropbox.com/s/a1/b.csv?dl=0";
    const DIRECT: &str = "https://dl.dropboxusercontent.com/s/a1/b.csv";

    fn sources(script: &str) -> Sources {
        let file = |name: &str, text: &str| SourceFile::new(name.into(), text.into());
        Sources { cluster: file("golem-cluster.yaml", CLUSTER), scripts: vec![file("a.py", script)] }
    }

    proptest! {
        #[test]
        fn nothing_but_the_literal_changes(before in "[a-z =(\\[,#ä\r\n\t\"']{0,40}", after in "[a-z )\\],#ä\r\n\t\"']{0,40}") {
            let script = format!("{before}\nX = \"{LINK}\"{after}");
            let mut fixed = sources(&script);
            let made = fix(&mut fixed).unwrap();
            let text = &fixed.scripts[0].text;
            if made.is_empty() {
                prop_assert_eq!(text, &script);
            } else {
                prop_assert_eq!(text.replacen(DIRECT, LINK, 1), script);
            }
            prop_assert_eq!(&fixed.cluster.text, CLUSTER);
            prop_assert_eq!(fix(&mut fixed).unwrap(), [], "a second time there is nothing to fix");
        }
    }

    #[test]
    fn every_place_of_a_link_is_fixed_at_once() {
        let mut fixed = sources(&format!(
            "A = '{LINK}'\nB = ['{LINK}#sha256=ab', 'http://ipfs.io/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG']\n"
        ));
        let titles: Vec<String> = fix(&mut fixed).unwrap().into_iter().map(|fixed| fixed.title).collect();
        assert_eq!(
            titles,
            [
                "write `https://dl.dropboxusercontent.com` instead of `www.dropbox.com`",
                "write `https://ipfs.io` instead of `http://ipfs.io`"
            ]
        );
        assert!(!fixed.scripts[0].text.contains("www.dropbox") && !fixed.scripts[0].text.contains("http://"));
        assert!(fixed.scripts[0].text.contains(&format!("{DIRECT}#sha256=ab")));
    }

    #[test]
    fn a_place_that_is_left_to_people_does_not_keep_others_from_being_fixed() {
        let mut fixed = sources(&format!("A = f'{LINK}'\nB = '{LINK}'\n"));
        assert_eq!(fix(&mut fixed).unwrap().len(), 1);
        assert_eq!(fixed.scripts[0].text, format!("A = f'{LINK}'\nB = '{DIRECT}'\n"));
    }

    #[test]
    fn what_somebody_else_has_changed_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.py");
        fs::write(&path, "changed").unwrap();
        let error = replace(&path, "as it was", "fixed", "x").unwrap_err();
        assert!(error.message().ends_with("it was changed meanwhile"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "changed");
    }
}
