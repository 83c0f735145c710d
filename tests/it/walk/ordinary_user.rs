//! The docs' example, walked by somebody without rights or even a name on this machine.

use std::sync::LazyLock;

use super::machine::Machine;
use super::project::{Place, Report};
use super::turn;

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
    let arguments = ["run", "--yes", "--content", "mirror", "--report", report.to_str().unwrap()];
    let shown = place.start(&arguments, &project).end_with(0);
    assert!(shown.contains("simulated"), "{shown}");
    machine.assert_nothing_left(&place.path(""));
    Report::read(&report)
}

#[test]
fn an_ordinary_user_walks_the_docs_example() {
    let report = walked();
    report.assert_all_passed();
    assert!(report.output("ray-submit").contains("Ray on Golem rocks!"));
    report.assert_fetched_on_nodes("ray-submit", 12);
}
