//! Which steps a walk takes, and why each.

use super::*;

fn tutorial() -> Tutorial {
    let up = "id: up\ntitle: T\nrun:\n  - [x]\nneeds: [env]\nteardown:\n  - [y]\nnetworks: [localnet]\nchecks:\n  - exit_code: 0\n";
    let files = [
        step("01-env.md", "env", ""),
        step("02-check.md", "check", ""),
        file("03-up.md", up),
        step("04-submit.md", "submit", "up"),
        step("05-down.md", "down", "up"),
    ];
    Tutorial::load(&files, &values()).unwrap()
}

fn planned(selection: Selection, network: &str) -> String {
    let tutorial = tutorial();
    match plan(tutorial.steps(), &selection, network) {
        Ok(steps) => steps
            .iter()
            .map(|step| format!("{}: {}", tutorial.steps()[step.index].id, step.why.words()))
            .collect::<Vec<_>>()
            .join(", "),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_whole_tutorial() {
    let expected = "env: next, check: next, up: next, submit: next, down: next";
    assert_eq!(planned(Selection::All, "localnet"), expected);
    let expected = "env: next, check: next, up: not on local, submit: next, down: next";
    assert_eq!(planned(Selection::All, "local"), expected);
}

#[test]
fn named_steps_bring_what_they_need() {
    let expected = "env: needed by up, up: needed by submit, submit: asked for";
    assert_eq!(planned(Selection::Steps(vec!["submit".into()]), "localnet"), expected);
}

#[test]
fn from_a_step_on_takes_as_done_what_lasts() {
    let expected = "up: needed by submit, submit: next, down: next";
    assert_eq!(planned(Selection::From("submit".into()), "localnet"), expected);
}

#[test]
fn an_unknown_step_has_a_suggestion() {
    let expected = "there is no step `submti`\nhint: did you mean `submit`?";
    assert_eq!(planned(Selection::Steps(vec!["submti".into()]), "localnet"), expected);
}
