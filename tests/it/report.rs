//! `golem-outbound report` on the events of real walks: one that failed at `ray up`, one that passed, and ones that were killed.

mod browser;
mod green;
mod killed;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const WALK: &str = include_str!("fixtures/failed-walk.jsonl");
const STEPS: usize = 10;

/// A project's folder with this log of its last walk.
fn walked(log: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".golem-outbound")).unwrap();
    std::fs::write(folder.path().join(".golem-outbound/last-run.jsonl"), log).unwrap();
    folder
}

fn report(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_golem-outbound"))
        .arg("report")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// The walk as a document of this name.
fn written(folder: &Path, name: &str) -> PathBuf {
    let output = report(folder, &["--to", name]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder.join(name)
}

fn document(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn assert_valid(document: &Value) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json");
    let mut schemas = boon::Schemas::new();
    let schema = boon::Compiler::new().compile(path, &mut schemas).unwrap();
    schemas.validate(document, schema).unwrap_or_else(|error| panic!("{error:#}"));
}

#[test]
fn the_json_report_is_what_its_schema_says() {
    let folder = walked(WALK);
    let mut document = document(&written(folder.path(), "x.json"));
    assert_valid(&document);
    assert_eq!(document["steps"].as_array().unwrap().len(), STEPS);
    assert_eq!(document["standing"], "failed");
    document["unheard-of"] = Value::Null;
    let refused = std::panic::catch_unwind(|| assert_valid(&document));
    assert!(refused.is_err(), "the schema allows anything");
}

#[test]
fn several_documents_are_written_at_once_and_are_there_to_be_shared() {
    let folder = walked(WALK);
    let names = ["x.json", "x.xml", "x.md", "x.html", "x.cast"];
    let arguments: Vec<&str> = names.iter().flat_map(|name| ["--to", name]).collect();
    assert!(report(folder.path(), &arguments).status.success());
    let new = folder.path().join("new");
    std::fs::write(&new, "").unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
    for name in names {
        assert_eq!(mode(&folder.path().join(name)), mode(&new), "{name}");
    }
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, names.len() + 2, "no temporary file is left");
}

#[test]
fn an_unknown_format_is_refused_before_anything_runs() {
    let folder = walked(WALK);
    let refused = report(folder.path(), &["--to", "x.json", "--to", "x.pdf"]);
    assert_eq!(refused.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(stderr.contains("`x.pdf`") && stderr.contains(".json, .xml, .md, .html, .cast"), "{stderr}");
    assert!(!folder.path().join("x.json").exists());
    let mut demo = Command::new(env!("CARGO_BIN_EXE_golem-outbound"));
    let run = demo.args(["demo", "./d", "--report", "x.pdf"]).current_dir(folder.path()).output().unwrap();
    assert_eq!(run.status.code(), Some(2));
    assert!(!folder.path().join("d").exists());
}

#[test]
fn without_a_walk_there_is_nothing_to_report() {
    let folder = tempfile::tempdir().unwrap();
    let output = report(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("golem-outbound run"));
}

/// Python's parser reads the JUnit document and says what it found.
#[test]
fn junit_is_well_formed_and_names_file_and_line_of_each_step() {
    const READ: &str = "
import sys, xml.etree.ElementTree as xml
suite = xml.parse(sys.argv[1]).getroot().find('testsuite')
cases = [case for case in suite.iter('testcase') if case.get('file')]
failed = [case for case in suite.iter('testcase') if case.find('failure') is not None]
print(len(cases), suite.get('failures'), suite.get('skipped'), failed[0].get('name'), failed[0].get('file'), failed[0].get('line'))
properties = {p.get('name'): p.get('value') for p in suite.find('properties')}
print(properties['simulated'], properties['network'])
";
    let folder = walked(WALK);
    let path = written(folder.path(), "x.xml");
    let output = Command::new("python3").args(["-c", READ]).arg(path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        said,
        "10 1 3 ray-up tutorial/07-ray-up.md 4\ntrue localnet\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_recording_is_asciicast_version_3_and_ends_with_the_exit_code() {
    let folder = walked(WALK);
    let text = std::fs::read_to_string(written(folder.path(), "x.cast")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["version"], &lines[0]["term"]["cols"]), (&3.into(), &100.into()));
    let seconds: f64 = lines[1..].iter().map(|line| line[0].as_f64().unwrap()).sum();
    let last: Value = serde_json::from_str(WALK.lines().last().unwrap()).unwrap();
    assert!((seconds - last["at"].as_f64().unwrap()).abs() < 0.002, "{seconds}");
    assert_eq!((&lines.last().unwrap()[1], &lines.last().unwrap()[2]), (&"x".into(), &"1".into()));
}
