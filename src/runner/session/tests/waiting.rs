//! Tries, pauses, standstills, and conditions that are waited for.

use super::*;

fn tries(lines: &[String]) -> usize {
    lines.iter().filter(|line| line.starts_with("ray up")).count()
}

#[test]
fn a_step_is_tried_again_only_as_often_as_it_says() {
    let extra = "retry: {times: 1, pause: 0s}\n";
    let failing = |times: usize| vec![("ray up", Exit::Code(1), "no funds"); times];
    let (lines, code) = Scenario { extra, script: failing(1), ..Scenario::default() }.walk();
    assert_eq!((tries(&lines), code), (2, 0));
    assert!(lines.contains(&"- `up` is tried again in 0 s, for the first time of 1".into()), "{lines:#?}");
    let (lines, code) = Scenario { extra, script: failing(3), ..Scenario::default() }.walk();
    assert_eq!((tries(&lines), code), (2, 4));
}

#[test]
fn what_the_learner_has_to_mend_is_not_tried_again() {
    let extra = "retry: {times: 3, pause: 0s}\n";
    for output in ["no disk", "something else"] {
        let script = vec![("ray up", Exit::Code(1), output)];
        let (lines, code) = Scenario { extra, script, ..Scenario::default() }.walk();
        assert_eq!(tries(&lines), 1, "{lines:#?}");
        assert_ne!(code, 4);
    }
}

#[test]
fn pauses_double_up_to_a_limit() {
    let retry = crate::tutorial::Retry { times: 9, pause: Duration::from_secs(10) };
    let pauses = [1, 2, 3, 7, 8, 9].map(|number| retry.pause_before(number).as_secs());
    assert_eq!(pauses, [10, 20, 40, 640, 640, 640]);
}

#[test]
fn a_signal_ends_the_pause_before_another_try() {
    let signals = Signals::default();
    signals.raise();
    let log = Log::default();
    assert!(!pause(Duration::from_secs(3600), &signals, &mut Recorded(log.clone())));
    signals.take();
    assert!(pause(Duration::ZERO, &signals, &mut Recorded(log)));
}

#[test]
fn an_unknown_failure_says_so_and_a_known_one_does_not() {
    let offered = |output: &'static str| {
        let script = vec![("ray up", Exit::Code(1), output)];
        let (lines, _) = Scenario { script, ..Scenario::default() }.walk();
        lines.iter().any(|line| line.contains("`golem-outbound support`"))
    };
    assert!(offered("never seen before"));
    assert!(!offered("no disk"));
    assert!(!offered("RuntimeError: Head node of cluster (c) not found!"));
}

const NOBODY_AGREES: &str = "stall_when: {after: '[1/9] Getting an agreement', before: '[2/9]', for: 5s}\n";

#[test]
fn a_standstill_ends_the_command_and_is_explained_by_the_market() {
    let funnel = Funnel {
        counts: vec![("Initial".into(), 9), ("Negotiated successfully".into(), 0)],
        rejections: vec![("Outbound rejected because: Everyone rule didn't match whitelist ; ".into(), 9)],
    };
    let script = vec![("ray up", Exit::Code(1), "node0: [1/9] Getting an agreement...")];
    let (lines, code) =
        Scenario { extra: NOBODY_AGREES, script, funnel: Some(funnel), ..Scenario::default() }.walk();
    for line in [
        "- no `[2/9]` within 9 s after `[1/9] Getting an agreement`; the command is interrupted",
        "- the market has answered this demand as follows (simulated)",
        "- Negotiated successfully: 0",
        "interrupt ray up",
        "hint whitelist-refuses",
        "= up failed",
    ] {
        assert!(lines.contains(&line.into()), "{line}: {lines:#?}");
    }
    assert_eq!(code, 1);
}

#[test]
fn a_standstill_without_counts_leads_to_network_stats() {
    let script = vec![("ray up", Exit::Code(1), "node0: [1/9] Getting an agreement...")];
    let (lines, _) = Scenario { extra: NOBODY_AGREES, script, ..Scenario::default() }.walk();
    let line = "- `golem-outbound run network-stats` counts at which stage offers are lost";
    assert!(lines.contains(&line.into()) && lines.contains(&"hint no-agreement".into()), "{lines:#?}");
}

#[test]
fn a_standstill_is_explained_by_an_earlier_count() {
    let counted = "Proposals count:\nInitial: 0\nNegotiated successfully: 0\n";
    let script = vec![
        ("golem-outbound environment", Exit::Code(0), counted),
        ("ray up", Exit::Code(1), "node0: [1/9] Getting an agreement..."),
    ];
    let (lines, code) = Scenario { extra: NOBODY_AGREES, script, ..Scenario::default() }.walk();
    assert!(lines.contains(&"hint no-offers".into()), "{lines:#?}");
    assert_eq!(code, 4, "an empty market is not the learner's doing");
}

fn waits(extra: &'static str, script: Vec<(&'static str, Exit, &'static str)>) -> (Vec<String>, usize) {
    let (lines, _) = Scenario { extra, script, ..Scenario::default() }.walk();
    let tries = tries(&lines);
    (lines.into_iter().filter(|line| line.starts_with("- waiting")).collect(), tries)
}

#[test]
fn a_step_waits_until_a_port_is_open() {
    let (waits, _) = waits("wait_for: {port: 8265, timeout: 5m}\n", Vec::new());
    assert_eq!(waits, ["- waiting for port 8265 to be open (at most 300 s)"]);
}

#[test]
fn a_step_waits_until_its_command_says_a_text() {
    let outputs = ["booting", "booting", "2 nodes"].map(|output| ("ray up", Exit::Code(0), output));
    let (waits, tries) = waits("wait_for: {output: 2 nodes, timeout: 5m}\n", outputs.into());
    assert_eq!(waits, ["- waiting for `ray up` to say “2 nodes” (at most 300 s)"]);
    assert_eq!(tries, 3);
}

#[test]
fn a_step_waits_until_a_url_answers() {
    let (lines, _) =
        Scenario { extra: "wait_for: {http: 'http://127.0.0.1:8265', timeout: 5m}\n", ..Scenario::default() }
            .walk();
    let asked = lines.iter().filter(|line| line.starts_with("python3 -c") && line.contains(":8265"));
    assert_eq!(asked.count(), 1, "{lines:#?}");
}

#[test]
fn a_step_waits_for_a_file_as_long_as_it_says() {
    assert_eq!(waits("wait_for: {file: dev/null, timeout: 5m}\n", Vec::new()).0, [""; 0]);
    let (lines, _) =
        Scenario { extra: "wait_for: {file: no/such, timeout: 0s}\n", ..Scenario::default() }.walk();
    assert!(lines.contains(&"= up passed".into()), "only a check judges: {lines:#?}");
}

#[test]
fn a_step_waits_until_its_nodes_are_up() {
    let up = |n: usize| Some((0..n).map(|i| format!("192.168.0.{}", i + 3)).collect());
    let extra = "wait_for: {nodes: 2, timeout: 5m}\n";
    let (lines, code) =
        Scenario { extra, nodes: vec![None, up(0), up(1), up(1), up(2)], ..Scenario::default() }.walk();
    let waits: Vec<&String> = lines.iter().filter(|line| line.starts_with("- waiting")).collect();
    let expected = [
        "- waiting for 2 nodes, 0 up so far (at most 300 s)",
        "- waiting for 2 nodes, 1 up so far (at most 300 s)",
    ];
    assert_eq!(waits, expected);
    assert_eq!(code, 0);
}

#[test]
fn waiting_for_nodes_ends_with_its_time() {
    let extra = "wait_for: {nodes: 2, timeout: 0s}\n";
    let (lines, _) = Scenario { extra, nodes: vec![Some(Vec::new())], ..Scenario::default() }.walk();
    assert!(lines.contains(&"= up passed".into()), "only a check judges: {lines:#?}");
}

#[test]
fn an_idle_market_interrupts_and_the_exit_is_the_commands_own() {
    let extra = "interrupt_when: {market_idle: 4s, after: Gathering}\n";
    let with = |idle, output| Scenario {
        extra,
        idle,
        script: vec![("ray up", Exit::Code(0), output)],
        ..Scenario::default()
    };
    let interrupts = |scenario: Scenario| {
        let (lines, code) = scenario.walk();
        assert_eq!(code, 0);
        lines.iter().filter(|line| line.starts_with("interrupt")).count()
    };
    assert_eq!(interrupts(with(Some(Duration::from_secs(5)), "Gathering")), 1);
    assert_eq!(interrupts(with(Some(Duration::from_secs(1)), "Gathering")), 0);
    assert_eq!(interrupts(with(Some(Duration::from_secs(5)), "starting")), 0);
    assert_eq!(interrupts(with(None, "Gathering")), 0);
}

#[test]
fn a_command_that_failed_and_lives_on_is_interrupted_on_every_network() {
    let interrupts = |output| {
        let (lines, _) = Scenario {
            extra: "interrupt_when: {market_idle: 4s, after: Gathering, failed: Traceback}\n",
            script: vec![("ray up", Exit::Code(1), output)],
            ..Scenario::default()
        }
        .walk();
        lines.iter().filter(|line| line.starts_with("interrupt")).count()
    };
    assert_eq!(interrupts("Traceback (most recent call last)"), 1);
    assert_eq!(interrupts("Gathering"), 0);
}
