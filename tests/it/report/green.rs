//! Reports of a real walk in which every step passed.

use std::process::Command;

use super::{STEPS, assert_valid, document, walked, written};

/// A demo on the localnet, with nothing installed before it.
pub const WALK: &str = include_str!("../fixtures/passed-walk.jsonl");

#[test]
fn the_documents_of_a_walk_that_passed_are_green() {
    let folder = walked(WALK);
    let json = document(&written(folder.path(), "x.json"));
    assert_valid(&json);
    assert_eq!((&json["standing"], &json["exit_code"]), (&"passed".into(), &0.into()));
    let steps = json["steps"].as_array().unwrap();
    assert_eq!(steps.len(), STEPS);
    for step in steps {
        assert_eq!(step["outcome"], "passed", "{step}");
        let checks = step["checks"].as_array().unwrap();
        assert!(
            !checks.is_empty() && checks.iter().all(|check| check["verdict"]["verdict"] == "pass"),
            "{step}"
        );
    }
    let markdown = std::fs::read_to_string(written(folder.path(), "x.md")).unwrap();
    assert!(markdown.starts_with("## ✅ "), "{markdown}");
    assert!(!markdown.contains('❌') && !markdown.contains('⚠'), "{markdown}");
}

/// As a CI system reads it.
#[test]
fn junit_of_a_walk_that_passed_has_neither_failure_nor_error() {
    const READ: &str = "
import sys, xml.etree.ElementTree as xml
root = xml.parse(sys.argv[1]).getroot()
suite = root.find('testsuite')
bad = [case.get('name') for case in suite.iter('testcase') for kind in ('failure', 'error', 'skipped') if case.find(kind) is not None]
print(root.get('failures'), root.get('errors'), suite.get('failures'), suite.get('errors'), suite.get('skipped'), bad)
";
    let folder = walked(WALK);
    let path = written(folder.path(), "x.xml");
    let output = Command::new("python3").args(["-c", READ]).arg(path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "0 0 0 0 0 []\n", "{}", String::from_utf8_lossy(&output.stderr));
}
