//! The docs' example, walked by somebody without rights or even a name on this machine.

use std::sync::LazyLock;

use super::machine::Machine;
use super::project::{Place, Report};
use super::turn;
use crate::docs::{Block, blocks};

static WALKED: LazyLock<Report> = LazyLock::new(walk);

/// The report of the walk, which the article's outputs are compared with.
pub fn walked() -> &'static Report {
    &WALKED
}

fn walk() -> Report {
    let _turn = turn();
    let (machine, place) = (Machine::look(), Place::of_an_ordinary_user());
    let project = place.copy_example();
    let report = place.path("x.json");
    let mut arguments = readme_walk();
    arguments.extend(
        ["--yes", "--again", "--content", "mirror", "--report", report.to_str().unwrap()].map(String::from),
    );
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let shown = place.start(&arguments, &project).end_with(0);
    assert!(shown.contains("simulated"), "{shown}");
    machine.assert_nothing_left(&place.path(""));
    Report::read(&report)
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
