//! Ways out of a walk: teardown, exit codes, what is left to the watchdog.

use super::*;

#[test]
fn all_steps_pass_and_nothing_is_left_to_take_down() {
    expect(
        Scenario::default(),
        &[
            "golem-outbound environment",
            "= env passed",
            "- making the localnet ready",
            "start network",
            "owed: up",
            "ray up (daemons kept)",
            "= up passed",
            "owed: up, submit",
            "ray submit (daemons kept)",
            "= submit passed",
            "ray down (daemons kept)",
            "stop (daemons kept)",
            "owed: ",
            "= down passed",
            "stop network",
            "settled",
        ],
        0,
    );
}

#[test]
fn a_failed_step_is_followed_by_the_teardown_newest_first() {
    let scenario = Scenario { script: vec![("ray submit", Exit::Code(1), "")], ..Scenario::default() };
    let (lines, code) = scenario.walk();
    let from = lines.iter().position(|line| line == "= submit failed").expect("it failed");
    let mut expected = vec!["= submit failed", "= down not reached: `submit` did not pass", UNDO[0]];
    expected.extend(["forget (daemons kept)", "owed: up"]);
    expected.extend(&UNDO[1..]);
    assert_eq!(lines[from..], expected);
    assert_eq!(code, 1);
}

#[test]
fn the_teardown_of_a_step_that_failed_itself_runs_too() {
    let scenario = Scenario { script: vec![("ray up", Exit::Signal(9), "")], ..Scenario::default() };
    let (lines, code) = scenario.walk();
    assert!(lines.ends_with(&UNDO.map(String::from)), "{lines:#?}");
    assert_eq!(code, 1);
}

#[test]
fn a_network_that_has_ended_is_nobodys_fault_is_not_tried_again_and_leaves_nothing_to_take_down() {
    let scenario = Scenario {
        extra: "retry: {times: 3, pause: 0s}\n",
        script: vec![("ray up", Exit::Signal(9), "")],
        ends_with: Some("ray up"),
        ..Scenario::default()
    };
    let (lines, code) = scenario.walk();
    let from = lines.iter().position(|line| line.starts_with("ray up")).expect("it was run");
    let expected = [
        "ray up (daemons kept)",
        "- the localnet (simulated) has ended during the walk; its log: `x`",
        "hint localnet-gone",
        "= up could not tell",
        "= submit not reached: `up` did not pass",
        "= down not reached: `up` did not pass",
        "- what the walk has started there has ended with it and need not be taken down",
        "owed: ",
        "stop network",
        "settled",
    ];
    assert_eq!(lines[from..], expected);
    assert_eq!(code, 4);
}

#[test]
fn quitting_takes_down() {
    let answers = vec![Answer::Run, Answer::Run, Answer::Quit];
    let (lines, code) = Scenario { answers, ..Scenario::default() }.walk();
    assert!(lines.contains(&"= submit not reached: you quit".into()), "{lines:#?}");
    assert!(lines.ends_with(&UNDO.map(String::from)), "{lines:#?}");
    assert_eq!(code, 130);
}

#[test]
fn a_signal_ends_the_command_and_takes_down() {
    let (lines, code) = Scenario { raise_during: Some("ray up"), ..Scenario::default() }.walk();
    assert!(lines.contains(&"= up could not tell: interrupted".into()), "{lines:#?}");
    assert!(lines.contains(&"= submit not reached: interrupted".into()), "{lines:#?}");
    assert!(lines.ends_with(&UNDO.map(String::from)), "{lines:#?}");
    assert_eq!(code, 130);
}

#[test]
fn a_signal_at_the_prompt_takes_down() {
    let answers = vec![Answer::Run, Answer::Run, Answer::Interrupted];
    let (lines, code) = Scenario { answers, ..Scenario::default() }.walk();
    assert!(lines.ends_with(&UNDO.map(String::from)), "{lines:#?}");
    assert_eq!(code, 130);
}

#[test]
fn a_signal_during_the_teardown_does_not_stop_it() {
    let script = vec![("ray submit", Exit::Code(1), "")];
    let (lines, _) = Scenario { script, raise_during: Some("ray down"), ..Scenario::default() }.walk();
    let told = "- already tearing down; please wait, or nodes stay rented".to_owned();
    let at = lines.iter().position(|line| *line == told).expect("it is told");
    assert_eq!(lines[at + 1..], UNDO[2..]);
}

#[test]
fn what_could_not_be_taken_down_is_left_to_the_watchdog() {
    let script = vec![("ray submit", Exit::Code(1), ""), ("stop", Exit::Code(1), "")];
    let (lines, code) = Scenario { script, ..Scenario::default() }.walk();
    let at = lines.iter().position(|line| line == "forget (daemons kept)").expect("the newest comes first");
    let told =
        "- the watchdog goes on with what could not be taken down; the next `run` says what came of it";
    let expected = [
        "owed: up",
        "ray down (daemons kept)",
        "stop (daemons kept)",
        "stop network",
        "left to the watchdog",
        told,
    ];
    assert_eq!(lines[at + 1..], expected);
    assert_eq!(code, 1);
}

#[test]
fn the_end_of_the_lease_ends_the_command_and_takes_down() {
    let (lines, code) = Scenario { lease: Some(Duration::ZERO), ..Scenario::default() }.walk();
    assert!(lines.contains(&"= up could not tell: the lease is over".into()), "{lines:#?}");
    assert!(lines.contains(&"= submit not reached: the lease is over".into()), "{lines:#?}");
    assert!(lines.ends_with(&UNDO.map(String::from)), "{lines:#?}");
    assert_eq!(code, 130);
}

#[test]
fn a_failed_teardown_is_never_green() {
    let walked = Walked {
        steps: vec![StepResult { id: "a".into(), outcome: Outcome::Passed, cause: None, holds: true }],
        ending: Ending::Complete,
        torn_down: false,
    };
    assert_eq!(walked.exit_code(), 1);
}

#[test]
fn a_skipped_step_leaves_out_what_needs_it() {
    let answers = vec![Answer::Run, Answer::Skip];
    expect(
        Scenario { answers, ..Scenario::default() },
        &[
            "golem-outbound environment",
            "= env passed",
            "= up skipped: you skipped it",
            "= submit not reached: it needs `up`, which was skipped",
            "= down not reached: it needs `up`, which was skipped",
            "stop network",
            "settled",
        ],
        4,
    );
}

#[test]
fn a_walk_without_an_executed_step_is_never_green() {
    let answers = vec![Answer::Skip; 4];
    let (_, code) = Scenario { answers, ..Scenario::default() }.walk();
    assert_eq!(code, 4);
}

#[test]
fn a_failure_of_upstream_is_not_the_learners() {
    let script = vec![("ray up", Exit::Code(1), "no funds")];
    let (lines, code) = Scenario { script, ..Scenario::default() }.walk();
    assert!(lines.contains(&"= up could not tell".into()), "{lines:#?}");
    assert_eq!(code, 4);
}

#[test]
fn a_failure_of_the_machine_has_its_own_exit_code() {
    let script = vec![("ray up", Exit::Code(1), "no disk")];
    assert_eq!(Scenario { script, ..Scenario::default() }.walk().1, 3);
}

#[test]
fn a_timeout_is_told() {
    let script = vec![("ray up", Exit::TimedOut, "")];
    let (lines, code) = Scenario { script, ..Scenario::default() }.walk();
    assert!(lines.contains(&"= up failed: took longer than 120 s".into()), "{lines:#?}");
    assert_eq!(code, 1);
}
