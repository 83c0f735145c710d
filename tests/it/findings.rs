//! Every code that a finding can have has its page, every page its code, and the index has all of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Constructors of findings whose first argument is the code, and bindings of a code that is passed on.
const BEFORE_A_CODE: &str = r#"(?s)(?:Diagnostic::(?:error|warning|note)\(|let code = |\(true, true\) => \(|_ => \(|=> \{?\s*\()\s*"([a-z][a-z0-9]*(?:-[a-z0-9]+)+)""#;

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs")
            && !path.to_string_lossy().ends_with("tests.rs")
        {
            found.push(path);
        }
    }
}

/// The program's code, without comments and without the test modules.
fn sources() -> String {
    let mut files = Vec::new();
    for room in ["cluster", "tutorial"] {
        rust_files(&Path::new(ROOT).join("src").join(room), &mut files);
    }
    let code = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]\n").next().unwrap_or_default().to_owned();
        code.lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    files.iter().map(code).collect()
}

/// The codes in a piece of code.
fn codes(code: &str) -> BTreeSet<String> {
    let pattern = regex::Regex::new(BEFORE_A_CODE).unwrap();
    pattern.captures_iter(code).map(|captures| captures[1].to_owned()).collect()
}

fn pages() -> BTreeSet<String> {
    let files = fs::read_dir(Path::new(ROOT).join("docs/findings")).unwrap().flatten();
    let names = files.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
        .filter(|name| name != "README")
        .collect()
}

#[test]
fn the_scan_sees_every_form() {
    let code = r#"Diagnostic::error("a-b", x) Diagnostic::warning(
        "c-d", y) let (code, what) = match z { (true, true) => ("e-f", 1), (None, None) => (
                "g-h", 2), _ => ("i-j", 3) }; "not-a-code""#;
    assert_eq!(codes(code).into_iter().collect::<Vec<_>>(), ["a-b", "c-d", "e-f", "g-h", "i-j"]);
}

#[test]
fn every_code_has_its_page() {
    let codes = codes(&sources());
    assert!(codes.len() > 40, "the scan found {codes:?}");
    let missing: Vec<&String> = codes.iter().filter(|code| !pages().contains(*code)).collect();
    assert!(missing.is_empty(), "no page in docs/findings for {missing:?}");
}

#[test]
fn every_page_has_its_code() {
    let sources = sources();
    let idle: Vec<String> =
        pages().into_iter().filter(|code| !sources.contains(&format!("\"{code}\""))).collect();
    assert!(idle.is_empty(), "nothing has the code of the pages {idle:?}");
}

#[test]
fn every_page_says_what_why_and_how_to_mend_it() {
    for code in pages() {
        let page =
            fs::read_to_string(Path::new(ROOT).join("docs/findings").join(format!("{code}.md"))).unwrap();
        assert_eq!(page.lines().next(), Some(format!("# {code}").as_str()));
        let sections: Vec<&str> = page.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(sections, ["## Why", "## How to mend it"], "{code}");
        assert!(page.contains("\nSeverity: "), "{code}");
    }
}

#[test]
fn the_index_lists_every_page() {
    let index = fs::read_to_string(Path::new(ROOT).join("docs/findings/README.md")).unwrap();
    let listed: Vec<String> = index
        .lines()
        .filter_map(|line| line.strip_prefix("- [")?.split_once("](").map(|(code, _)| code.to_owned()))
        .collect();
    let unique: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(unique.len(), listed.len(), "a page is listed twice");
    assert_eq!(unique, pages());
    for code in listed {
        assert!(index.contains(&format!("[{code}]({code}.md)")), "{code}");
    }
}
