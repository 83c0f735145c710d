//! What is true or done already, what the reader decides, what is remembered.

use super::*;

const ALREADY: &str = "already: {run: [[golem-outbound, look]], checks: [{exit_code: 0}], why: it is up}\n";

#[test]
fn what_is_true_already_is_left_out_and_what_needs_it_runs() {
    let scenario = Scenario { extra: ALREADY, check_first: true, noted: true, ..Scenario::default() };
    let (lines, code) = scenario.walk();
    let expected = [
        "golem-outbound look (daemons kept)",
        "note up begins",
        "note up AlreadyTrue",
        "= up skipped: already true: it is up",
        "- making the localnet ready",
    ];
    let from = lines.iter().position(|line| line == expected[0]).expect("it is looked at");
    assert_eq!(lines[from..from + expected.len()], expected, "{lines:#?}");
    assert!(lines.contains(&"= submit passed".into()) && !lines.contains(&"ray up (daemons kept)".into()));
    assert_eq!(code, 0);
}

#[test]
fn what_is_not_true_or_cannot_be_told_is_run() {
    let untrue = vec![("golem-outbound look", Exit::Code(1), "")];
    let (lines, code) =
        Scenario { extra: ALREADY, check_first: true, script: untrue, ..Scenario::default() }.walk();
    assert!(lines.contains(&"= up passed".into()) && code == 0, "{lines:#?}");
    // The network cannot count nodes, and a command of it cannot be run before it is ready.
    for extra in [
        "already: {checks: [{nodes: 2}], why: it is up}\n",
        "already: {run: [[ray, status]], checks: [{exit_code: 0}], why: it is up}\n",
    ] {
        let (lines, _) = Scenario { extra, check_first: true, ..Scenario::default() }.walk();
        assert!(lines.contains(&"= up passed".into()), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.starts_with("ray status")), "{lines:#?}");
    }
    let (lines, _) = Scenario { extra: ALREADY, ..Scenario::default() }.walk();
    assert!(!lines.iter().any(|line| line.contains("look")), "nobody asked to check first: {lines:#?}");
}

fn done() -> Standing {
    Standing::Done("2026-01-02 03:04 UTC".into())
}

#[test]
fn a_walk_goes_on_where_the_one_before_it_ended_and_says_so() {
    let due = |due| Standing::Due(due);
    let standings = vec![done(), due(Due::Ended("submit".into())), due(Due::New), due(Due::New)];
    let (lines, code) = Scenario { standings, ..Scenario::default() }.walk();
    let expected = [
        "- 1 of 4 steps done; the walk goes on at `up`: what it starts ended with the walk, and submit needs it",
        "- to walk all of them again: `golem-outbound run --again`",
        "= env skipped: done 2026-01-02 03:04 UTC, and nothing that it depends on has changed",
        "- making the localnet ready",
        "start network",
        "owed: up",
        "ray up (daemons kept)",
    ];
    assert_eq!(lines[..expected.len()], expected, "{lines:#?}");
    assert_eq!(code, 0);
}

#[test]
fn a_step_is_written_down_before_and_after_and_an_interrupted_one_is_not_ended() {
    let notes = |scenario: Scenario| {
        let (lines, _) = Scenario { noted: true, ..scenario }.walk();
        lines.into_iter().filter(|line| line.starts_with("note ")).collect::<Vec<_>>()
    };
    let failing = Scenario { script: vec![("ray submit", Exit::Code(1), "")], ..Scenario::default() };
    let expected = ["env begins", "env Passed", "up begins", "up Passed", "submit begins", "submit Failed"];
    assert_eq!(notes(failing), expected.map(|note| format!("note {note}")));
    let interrupted = Scenario { raise_during: Some("ray up"), ..Scenario::default() };
    assert_eq!(
        notes(interrupted),
        ["env begins", "env Passed", "up begins"].map(|note| format!("note {note}"))
    );
}

#[test]
fn a_memory_that_cannot_be_written_does_not_end_the_walk() {
    let (lines, code) = Scenario { full_disk: true, ..Scenario::default() }.walk();
    let told = "- failed to write `state.jsonl`: the disk is full; the next walk will not know of this step";
    assert!(lines.contains(&told.to_owned()), "{lines:#?}");
    assert_eq!(code, 0);
}

#[test]
fn a_failed_step_is_run_again_as_often_as_the_reader_wants() {
    let script = vec![("ray up", Exit::Code(1), ""); 2];
    let answers = vec![Answer::Run, Answer::Run, Answer::Run, Answer::Run];
    let (lines, code) = Scenario { script, answers, ..Scenario::default() }.walk();
    let ups: Vec<&String> = lines.iter().filter(|line| line.starts_with("= up")).collect();
    assert_eq!(ups, ["= up failed", "= up failed", "= up passed"]);
    assert_eq!(code, 0, "only the last try counts: {lines:#?}");
}

#[test]
fn a_failed_step_that_is_skipped_stays_failed() {
    let script = vec![("ray submit", Exit::Code(1), "")];
    let answers = vec![Answer::Run, Answer::Run, Answer::Run, Answer::Skip];
    let (lines, code) = Scenario { script, answers, ..Scenario::default() }.walk();
    assert!(lines.contains(&"= down passed".into()) && code == 1, "{lines:#?}");
}

#[test]
fn quitting_after_a_failure_leaves_the_failure_s_exit_code() {
    let script = vec![("ray up", Exit::Code(1), "no disk")];
    let answers = vec![Answer::Run, Answer::Run, Answer::Quit];
    let (lines, code) = Scenario { script, answers, ..Scenario::default() }.walk();
    assert!(lines.contains(&"= submit not reached: `up` did not pass".into()), "{lines:#?}");
    assert_eq!(code, 3);
}

#[test]
fn one_can_go_back_and_what_has_passed_stays_passed() {
    // Back from `submit` to `up`, which is skipped over then, and on.
    let answers = vec![Answer::Run, Answer::Run, Answer::Back, Answer::Skip];
    let (lines, code) = Scenario { answers, ..Scenario::default() }.walk();
    assert_eq!(lines.iter().filter(|line| line.starts_with("ray up")).count(), 1);
    assert!(lines.contains(&"- `up` stays as it was".into()), "{lines:#?}");
    assert_eq!(code, 0);
    // A step that earlier walks have done can be gone back to and run.
    let standings = vec![done(), Standing::Due(Due::New), Standing::Due(Due::New), Standing::Due(Due::New)];
    let answers = vec![Answer::Back, Answer::Run];
    let (lines, code) = Scenario { answers, standings, ..Scenario::default() }.walk();
    assert!(lines.contains(&"= env passed".into()), "{lines:#?}");
    assert_eq!(code, 0);
}

#[test]
fn the_last_step_is_run_once_more_without_a_question() {
    let answers = vec![Answer::Run, Answer::Run, Answer::Again];
    let (lines, code) = Scenario { answers, ..Scenario::default() }.walk();
    assert_eq!(lines.iter().filter(|line| *line == "= up passed").count(), 2);
    assert_eq!(lines.iter().filter(|line| *line == "= submit passed").count(), 1);
    assert_eq!(code, 0);
}

#[test]
fn what_was_undone_no_longer_holds() {
    let mut results = Results::of(2);
    let tutorial = tutorial("");
    let result = |id: &str| StepResult { id: id.into(), outcome: Outcome::Passed, cause: None, holds: true };
    results.set(0, result("up"));
    let submit = tutorial.step("submit").expect("it is there");
    assert_eq!(results.missing_for(submit), None);
    results.undo(&["up".to_owned()]);
    assert_eq!(results.missing_for(submit).as_deref(), Some("it needs `up`, which was undone since"));
}

#[test]
fn a_shell_is_where_the_command_would_be_and_its_step_is_taken_down() {
    let answers = vec![Answer::Run, Answer::Shell, Answer::Show, Answer::Hint, Answer::Quit];
    let (lines, code) = Scenario { answers, ..Scenario::default() }.walk();
    let at = lines.iter().position(|line| line.starts_with("interact ")).expect("a shell");
    assert!(lines[at].starts_with("interact bash --noprofile --norc -i") || lines[at] == "interact sh -i");
    assert_eq!(lines[at - 3..at - 1], ["start network", "owed: up"]);
    assert!(lines[at - 1].starts_with("- a shell as `up` has it"), "{lines:#?}");
    assert!(lines.contains(&"- runs `ray up`, for at most 120 s each".into()), "{lines:#?}");
    assert!(lines.contains(&"- there is no hint: nothing that is known has gone wrong".into()), "{lines:#?}");
    assert!(lines.ends_with(&UNDO.map(String::from)), "{lines:#?}");
    assert_eq!(code, 130);
}
