//! The docs' example, walked by somebody without rights or even a name on this machine, and proved on the way: each step has a
//! check that sees it, and nothing outlives its teardown.

use std::sync::LazyLock;

use serde_json::Value;

use super::machine::Machine;
use super::project::{Place, Report};
use super::turn;
use crate::docs::{Block, blocks};

static WALKED: LazyLock<Walked> = LazyLock::new(walk);

struct Walked {
    report: Report,
    /// What `tutorial check --run` says of it.
    proof: Value,
}

/// The report of the walk, which the article's outputs are compared with.
pub fn walked() -> &'static Report {
    &WALKED.report
}

fn walk() -> Walked {
    let _turn = turn();
    let (machine, place) = (Machine::look(), Place::of_an_ordinary_user());
    let project = place.copy_example();
    let typed = [readme_walk(), vec!["--list".to_owned()]].concat();
    let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
    let planned = place.start(&typed, &project).end_with(0);
    assert!(planned.contains("\nray-up "), "{planned}");
    let check = ["tutorial", "check", "--run", "--content", "mirror", "--format", "json"];
    let proof = place.start(&check, &project).end_with(0);
    let told = std::fs::read_to_string(place.path("stderr")).unwrap();
    assert!(told.contains("simulated"), "{told}");
    machine.assert_nothing_left(&place.path(""));
    let proof = serde_json::from_str(&proof).unwrap_or_else(|error| panic!("{error}: {proof}"));
    Walked { report: Report::of(&project), proof }
}

/// What the README tells to type in a project, without the program's name.
fn readme_walk() -> Vec<String> {
    let readme = blocks(include_str!("../../../README.md"));
    let typed: Vec<&str> = readme
        .iter()
        .filter(|block| block.comment.is_none())
        .flat_map(Block::commands)
        .filter(|command| command.starts_with("golem-outbound run"))
        .collect();
    assert_eq!(typed.len(), 1, "{typed:?}");
    typed[0].split_whitespace().skip(1).map(ToOwned::to_owned).collect()
}

#[test]
fn an_ordinary_user_walks_the_docs_example() {
    let report = walked();
    report.assert_all_passed();
    assert!(report.output("ray-submit").contains("Ray on Golem rocks!"));
    report.assert_fetched_on_nodes("ray-submit", 12);
}

#[test]
fn the_built_in_tutorial_is_proved_by_its_walk() {
    let _ = walked();
    let proof = &WALKED.proof;
    assert_eq!(
        (&proof["findings"], &proof["not_walked"]),
        (&Value::Array(vec![]), &Value::Array(vec![])),
        "{proof:#}"
    );
    assert_eq!(proof["network"], "localnet");
    let steps = proof["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 10);
    for step in steps {
        let sees =
            |check: &Value| check["before"]["verdict"] != "pass" && check["after"]["verdict"] == "pass";
        assert!(step["checks"].as_array().unwrap().iter().any(sees), "{step:#}");
    }
}
