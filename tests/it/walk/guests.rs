//! Other people's tutorials at a terminal: the question, its answers, and what is remembered apart from the project's own.

use std::fs;

use serde_json::Value;

use super::cheap::Cheap;
use super::pty::CTRL_C;
use super::running::Running;

const AGREE: &str = "Type `trust` to agree: ";
const QUESTION: &str = "[?]: ";

fn at_the_question(cheap: &Cheap, arguments: &[&str]) -> Running {
    let all = [&["run", "--network", "local"], arguments].concat();
    let mut walk = cheap.place.start_on_terminal(&all, &cheap.project, 80);
    walk.until("a: sh -c");
    walk.until("all of your rights.");
    walk.until(AGREE);
    walk
}

#[test]
fn only_the_word_trust_agrees_and_it_is_asked_once() {
    let cheap = Cheap::new(&[("a", ""), ("b", "")]);
    for answer in ["yes\n", "\n", "y\n", CTRL_C] {
        let mut walk = at_the_question(&cheap, &[]);
        walk.type_in(answer);
        walk.until("nobody has agreed to the commands");
        walk.end_with(2);
    }
    // Nobody asks about steps with `--yes`, but about trust.
    let mut walk = at_the_question(&cheap, &["--yes"]);
    walk.type_in("no\n");
    walk.end_with(2);
    assert_eq!(cheap.ran(), Vec::<String>::new());

    let mut walk = at_the_question(&cheap, &[]);
    walk.type_in("trust\n");
    walk.until(QUESTION);
    walk.type_in("q\n");
    walk.end_with(130);
    let mut walk = cheap.place.start_on_terminal(&["run", "--network", "local"], &cheap.project, 80);
    walk.until(QUESTION);
    assert!(!walk.seen().contains(AGREE), "{}", walk.seen());
    walk.type_in("q\n");
    walk.end_with(130);

    cheap.write_step(1, "c", "", "Another command.");
    let mut walk = at_the_question(&cheap, &[]);
    assert!(walk.seen().contains("Since then this has changed"), "{}", walk.seen());
    walk.type_in("no\n");
    walk.end_with(2);
}

#[test]
fn a_guest_has_a_memory_of_its_own() {
    let cheap = Cheap::new(&[("a", ""), ("b", "")]);
    let guest = cheap.place.path("guest");
    fs::create_dir(&guest).unwrap();
    let step = "---\nid: a\ntitle: Theirs\nrun:\n  - [sh, -c, 'echo theirs >> ran.txt']\nchecks:\n  - exit_code: 0\n---\n\nP.\n";
    fs::write(guest.join("01-a.md"), step).unwrap();
    let theirs = |arguments: &[&str]| cheap.run(&[arguments, &["--tutorial", "../guest"]].concat());
    let standing_of_theirs = || {
        let (_, stdout, _) = theirs(&["status", "--network", "local", "--format", "json"]);
        let status: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(status["steps"].as_array().unwrap().len(), 1);
        status["steps"][0]["standing"].as_str().unwrap().to_owned()
    };

    cheap.start(&["--yes"]).end_with(0);
    assert_eq!(cheap.ran(), ["a", "b"]);
    assert_eq!(standing_of_theirs(), "due");
    let (code, stdout, stderr) = theirs(&["run", "--network", "local", "--yes", "--trust"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert_eq!(cheap.ran(), ["theirs"]);
    assert_eq!(standing_of_theirs(), "done");
    assert_eq!(cheap.standings(), ["a: done", "b: done"]);

    let (_, stdout, _) = theirs(&["status", "--network", "local"]);
    assert!(stdout.contains("golem-outbound run --tutorial ../guest --network local --again"), "{stdout}");
    let (code, _, stderr) = theirs(&["reset", "a"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!((standing_of_theirs().as_str(), cheap.standings().len()), ("due", 2));
    assert_eq!(cheap.standings(), ["a: done", "b: done"]);
}
