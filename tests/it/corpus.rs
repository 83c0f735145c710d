//! A corpus of cluster files: whatever Ray and ray-on-golem would refuse, `check` finds fault with, and nothing else.
//!
//! The judge is `ray_up.py`: Ray 2.9.3's and ray-on-golem 0.13.0's own code, in the order in which `ray up` calls it. It
//! goes on behind the moment when the head node is rented, because a `KeyError` there is what `check` is to prevent.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/cluster-files");

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(FILES).join(folder)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// For each file why `ray up` fails, if it does.
fn judged(files: &[PathBuf]) -> BTreeMap<PathBuf, Option<String>> {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(crate::python_env::python())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/ray_up.py"))
        .args(files)
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(String::from_utf8(output.stdout).unwrap().lines().last().unwrap()).unwrap()
}

/// The errors that `check` finds in the cluster file; warnings and notes do not count.
fn errors(file: &Path) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_golem-outbound"))
        .args(["check", "--format", "json"])
        .arg(file.file_name().unwrap())
        .current_dir(file.parent().unwrap())
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter().filter(|found| found["severity"] == "error");
    let errors: Vec<String> =
        findings.map(|found| format!("{}: {}", found["code"], found["message"])).collect();
    assert_eq!(output.status.code(), Some(i32::from(!errors.is_empty())), "{}", file.display());
    errors
}

#[test]
fn check_agrees_with_ray_and_ray_on_golem_on_every_file() {
    let (accepted, refused) = (files("accepted"), files("refused"));
    assert!(accepted.len() >= 40 && refused.len() >= 80, "{} and {} files", accepted.len(), refused.len());
    let judged = judged(&[accepted.clone(), refused].concat());
    let mut apart = Vec::new();
    for (file, why) in &judged {
        let name = file.strip_prefix(FILES).unwrap().display();
        if accepted.contains(file) != why.is_none() {
            apart.push(format!("{name} lies in the wrong folder, `ray up` says {why:?}"));
        }
        let errors = errors(file);
        if errors.is_empty() != why.is_none() {
            apart.push(format!("{name}: `ray up` says {why:?}, check says {errors:?}"));
        }
    }
    assert!(apart.is_empty(), "{}", apart.join("\n"));
}
