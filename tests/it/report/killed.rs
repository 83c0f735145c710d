//! Reports of walks that were killed: whatever the log ends with, each format says so, and none of them is green.

use std::path::Path;

use serde_json::Value;

use super::{WALK, assert_valid, document, report, walked};
use crate::walk::Cheap;

const NAMES: [&str; 5] = ["x.json", "x.xml", "x.md", "x.html", "x.cast"];

/// No format of the report is one of a walk that passed, and each that tells of steps tells which was not over.
fn assert_not_over(folder: &Path, step: Option<&str>) {
    let arguments: Vec<&str> = NAMES.iter().flat_map(|name| ["--to", name]).collect();
    let output = report(folder, &arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();

    let json = document(&folder.join("x.json"));
    assert_valid(&json);
    assert_eq!((&json["standing"], &json["exit_code"]), (&"did not end".into(), &Value::Null));
    let begun = |step: &&Value| step["outcome"].is_null() && !step["began"].is_null();
    let open: Vec<&Value> = json["steps"].as_array().unwrap().iter().filter(begun).collect();
    assert_eq!(
        open.iter().map(|step| step["id"].as_str()).collect::<Vec<_>>(),
        Vec::from_iter(step.map(Some))
    );

    let junit = text("x.xml");
    assert!(junit.contains(r#"name="standing" value="did not end""#), "{junit}");
    assert!(junit.contains("<error ") || junit.contains("<failure "), "{junit}");
    let markdown = text("x.md");
    let first = markdown.lines().next().unwrap();
    assert!(first.starts_with("## ⚠️ ") && first.ends_with("did not end"), "{first}");
    let html = text("x.html");
    assert!(html.contains(": did not end</title>") && html.ends_with("</html>\n"), "{html}");
    assert!(!html.contains("standing passed"), "{html}");
    let summary = String::from_utf8(report(folder, &[]).stdout).unwrap();
    assert!(summary.contains("The walk did not end"), "{summary}");
    if let Some(step) = step {
        let case = junit.split("<testcase ").find(|case| case.starts_with(&format!("name=\"{step}\"")));
        assert!(case.unwrap().contains("the walk did not end; this step was not over"), "{junit}");
        let row = markdown.lines().find(|line| line.starts_with(&format!("| {step} |")));
        assert!(row.unwrap().contains("⚠️ not over"), "{markdown}");
        assert!(html.contains(&format!("id=\"step-{step}\" open>")), "{html}");
    }

    for line in text("x.cast").lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_ne!(event[1], "x", "a recording of a walk that did not end has no exit code");
    }
}

/// The step that was begun and not ended in what of the log is whole lines.
fn open_step(log: &[u8]) -> Option<String> {
    let mut open = None;
    for line in log.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
        let line: Value = serde_json::from_slice(line).unwrap();
        let event = &line["event"];
        if let Some(id) = event["step-started"]["id"].as_str() {
            open = Some(id.to_owned());
        } else if event.get("step-finished").is_some() {
            open = None;
        }
    }
    open
}

#[test]
fn a_walk_that_got_a_sigkill_can_be_reported_and_is_not_green() {
    let cheap = Cheap::new(&[("a", ""), ("b", ""), ("c", "")]);
    cheap.write("hold", "b");
    let mut walk = cheap.start(&["--yes"]);
    walk.until("b runs");
    walk.murder();
    assert_not_over(&cheap.project, Some("b"));
    // As if the kill had come while a line was written.
    let path = cheap.project.join(".golem-outbound/last-run.jsonl");
    let mut log = std::fs::read(&path).unwrap();
    log.extend(br#"{"at":1.5,"event":{"step-finished":{"id":"b","outcome":"pas"#);
    std::fs::write(&path, log).unwrap();
    assert_not_over(&cheap.project, Some("b"));
}

#[test]
fn a_log_that_ends_anywhere_can_be_reported_and_is_not_green() {
    let whole = WALK.as_bytes();
    let mut newlines = (0..whole.len()).filter(|at| whole[*at] == b'\n');
    let header = newlines.next().unwrap() + 1;
    let begun = newlines.next().unwrap() + 1;
    let within_a_character = (0..whole.len()).find(|at| !WALK.is_char_boundary(*at)).unwrap();
    // The walk as it began, within and at the end of lines, and all but the last byte.
    let mut cuts = vec![begun, begun + 1, within_a_character, whole.len() - 1];
    let tenths = (1..10).map(|tenth| header + (whole.len() - header) * tenth / 10);
    for cut in tenths {
        let end_of_line = cut + whole[cut..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
        cuts.extend([cut, end_of_line].into_iter().filter(|cut| *cut < whole.len()));
    }
    let mut seen = 0;
    for cut in cuts {
        let folder = walked("");
        std::fs::write(folder.path().join(".golem-outbound/last-run.jsonl"), &whole[..cut]).unwrap();
        let open = open_step(&whole[..cut]);
        seen += usize::from(open.is_some());
        assert_not_over(folder.path(), open.as_deref());
    }
    assert!(seen > 5, "the cuts fell into {seen} steps");
}
