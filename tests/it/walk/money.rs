//! What a walk can cost is said before anything is rented, and on the mainnet somebody has to agree. Nothing is rented here.

use std::fs;
use std::path::PathBuf;

use super::project::Place;
use super::running::Running;

const PAGE: &str = include_str!("../../../docs/money.md");

/// The docs' example, paid on the mainnet, with nodes of at most four threads.
fn paid() -> (Place, PathBuf) {
    let place = Place::new();
    let project = place.copy_example();
    let file = project.join("golem-cluster.yaml");
    let mut text = fs::read_to_string(&file).unwrap();
    for (from, to) in [
        ("payment_network: \"holesky\"", "payment_network: \"polygon\""),
        ("      demand:\n", "      demand:\n        max_cpu_threads: 4\n"),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    fs::write(file, text).unwrap();
    (place, project)
}

const MAINNET: [&str; 3] = ["run", "--network", "mainnet"];

#[test]
fn without_a_terminal_the_ceiling_is_said_and_only_spend_agrees() {
    let (place, project) = paid();
    for lease in ["50m", "none"] {
        let arguments = [&MAINNET[..], &["--yes", "--lease", lease]].concat();
        let output = place.command(&arguments, &project).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("nobody has agreed to that"), "{said}");
        let (_, ceiling) = said.split_once("What this walk can cost").expect("the ceiling is said");
        let ceiling: Vec<&str> = ceiling.lines().skip(1).take_while(|line| line.starts_with("  ")).collect();
        assert!(ceiling[0].starts_with("  at most 5 GLM: "), "{said}");
        if lease == "none" {
            assert!(ceiling.iter().any(|line| line.contains("there is no lease")), "{said}");
        } else {
            assert!(PAGE.contains(&ceiling.join("\n")), "docs/money.md shows something else than\n{said}");
        }
    }
}

#[test]
fn on_a_terminal_the_word_is_typed() {
    let (place, project) = paid();
    let asked = |word: &str| -> Running {
        let mut walk = place.start_on_terminal(&MAINNET, &project, 80);
        walk.until("Type `spend` to agree: ");
        assert!(walk.seen().contains("  at most 5 GLM: "), "{}", walk.seen());
        walk.type_in(word);
        walk
    };
    asked("yes\n").end_with(2);
    let mut agreed = asked("spend\n");
    agreed.until("[q]uit, [?]: ");
    agreed.type_in("q\n");
    agreed.end_with(130);
}

#[test]
fn a_lease_that_is_no_time_is_refused() {
    let (place, project) = paid();
    for wrong in ["0s", "30", "soon"] {
        let output = place.command(&["run", "--list", "--lease", wrong], &project).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("write a time such as `90s`, `30m` or `2h`, or `none`"), "{said}");
    }
}
