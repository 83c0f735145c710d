//! Step files that load, and everything wrong with those that do not.

mod plans;
mod template;

use super::*;

fn values() -> Values {
    Values::from([
        ("cluster_name".into(), "golem-cluster".into()),
        ("nodes".into(), "2".into()),
        ("urls".into(), vec!["https://a.io/".to_owned(), "https://b.io/".to_owned()].into()),
    ])
}

fn file(name: &str, front: &str) -> (String, String) {
    (name.to_owned(), format!("---\n{front}---\n\nRead this about {{{{ cluster_name }}}}.\n"))
}

fn step(name: &str, id: &str, needs: &str) -> (String, String) {
    let front = format!("id: {id}\ntitle: T\nrun:\n  - [x]\nneeds: [{needs}]\nchecks:\n  - exit_code: 0\n");
    file(name, &front)
}

fn findings(files: &[(String, String)]) -> String {
    let found = Tutorial::load(files, &values()).expect_err("the tutorial must not load");
    let text = |name: &str| files.iter().find(|(file, _)| file == name).map_or("", |(_, text)| text);
    found.iter().map(|(name, finding)| finding.render(name, text(name))).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_whole_step_is_read_and_filled() {
    let front = r#"id: ray-up
title: "Start {{ cluster_name }}"
run:
  - [ray, up, golem-cluster.yaml, --yes]
  - [fetch, "{{ urls }}", last]
timeout: 10m
retry: 1
wait_for: {nodes: "{{ nodes }}", timeout: 3m}
interrupt_when: {market_idle: 4s, after: Gathering}
teardown:
  - [ray, down, golem-cluster.yaml, --yes]
networks: [localnet]
checks:
  - exit_code: 0
  - nodes: "{{ nodes }}"
  - ledger: {fetched: ["{{ urls }}"], nodes: cluster}
  - ports_free
hints:
  - {symptom: 'No .* funds', cause: upstream, why: "w", command: "c"}
"#;
    let tutorial = Tutorial::load(&[file("07-ray-up.md", front)], &values()).unwrap();
    let step = tutorial.step("ray-up").unwrap();
    assert_eq!(step.title, "Start golem-cluster");
    assert_eq!(step.run[1], ["fetch", "https://a.io/", "https://b.io/", "last"]);
    assert_eq!(step.prose, "Read this about golem-cluster.");
    assert_eq!(step.timeout.as_secs(), 600);
    assert_eq!(step.wait_for.as_ref().unwrap().condition, Condition::Nodes(2));
    assert_eq!(step.checks[1].words(), "at least 2 nodes are up");
    let Check::Ledger(ledger) = &step.checks[2] else { panic!("a ledger") };
    assert_eq!(ledger.fetched, ["https://a.io/", "https://b.io/"]);
    assert_eq!(step.hint("No more funds").unwrap().cause, crate::evidence::Cause::Upstream);
    assert!(step.hint("fine").is_none());
    assert!(step.is_for("localnet") && !step.is_for("local"));
}

#[test]
fn steps_stand_after_what_they_need() {
    let files = [
        step("01-c.md", "c", "b"),
        step("02-a.md", "a", ""),
        step("03-b.md", "b", "a"),
        step("04-d.md", "d", ""),
    ];
    let tutorial = Tutorial::load(&files, &values()).unwrap();
    let ids: Vec<&str> = tutorial.steps().iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c", "d"]);
}

#[test]
fn an_unknown_key() {
    let front = "id: a\ntitle: T\nrun:\n  - [x]\ntimeot: 5s\nchecks:\n  - exit_code: 0\n";
    insta::assert_snapshot!(findings(&[file("01-a.md", front)]), @r"
    error[key-unknown]: no such key: `timeot`
      --> 01-a.md:6:1
      |
    6 | timeot: 5s
      | ^^^^^^
    help: did you mean `timeout`?
    ");
}

#[test]
fn an_unknown_key_inside_a_hint() {
    let front = "id: a\ntitle: T\nrun:\n  - [x]\nchecks:\n  - exit_code: 0\nhints:\n  - {symptom: x, cause: you, because: w, command: c}\n";
    insta::assert_snapshot!(findings(&[file("01-a.md", front)]), @r"
    error[key-unknown]: no such key: `because`
      --> 01-a.md:9:30
      |
    9 |   - {symptom: x, cause: you, because: w, command: c}
      |                              ^^^^^^^
    help: did you mean `cause`?
    ");
}

#[test]
fn an_unknown_cause() {
    let front = "id: a\ntitle: T\nrun:\n  - [x]\nchecks:\n  - exit_code: 0\nhints:\n  - {symptom: x, cause: providers, why: w, command: c}\n";
    insta::assert_snapshot!(findings(&[file("01-a.md", front)]), @r"
    error[value-unknown]: no such value: `providers`
      --> 01-a.md:9:25
      |
    9 |   - {symptom: x, cause: providers, why: w, command: c}
      |                         ^^^^^^^^^
    help: did you mean `provider`?
    ");
}

#[test]
fn an_unknown_check() {
    let front = "id: a\ntitle: T\nrun:\n  - [x]\nchecks:\n  - exit_code: 0\n  - legder: {fetched: [x]}\n";
    insta::assert_snapshot!(findings(&[file("01-a.md", front)]), @r"
    error[check-unknown]: no such check: `legder`
      --> 01-a.md:8:5
      |
    8 |   - legder: {fetched: [x]}
      |     ^^^^^^
    help: did you mean `ledger`?
    ");
}

#[test]
fn an_unknown_key_inside_a_check() {
    let front = "id: a\ntitle: T\nrun:\n  - [x]\nchecks:\n  - ledger: {fetchd: [x]}\n";
    insta::assert_snapshot!(findings(&[file("01-a.md", front)]), @r"
    error[key-unknown]: no such key: `fetchd`
      --> 01-a.md:7:14
      |
    7 |   - ledger: {fetchd: [x]}
      |              ^^^^^^
    help: did you mean `fetched`?
    ");
}

#[test]
fn a_step_without_a_check() {
    insta::assert_snapshot!(findings(&[file("01-a.md", "id: a\ntitle: T\nrun:\n  - [x]\n")]), @r"
    error[step-without-check]: step `a` has no check
      --> 01-a.md:2:1
      |
    2 | id: a
      | ^^
    help: add at least `checks: [{exit_code: 0}]`; a step that cannot fail teaches nothing
    ");
}

#[test]
fn a_check_that_asks_for_nothing() {
    let front = "id: a\ntitle: T\nrun:\n  - [x]\nchecks:\n  - ledger: {fetched: []}\n";
    insta::assert_snapshot!(findings(&[file("01-a.md", front)]), @r"
    error[check-cannot-fail]: the check `ledger` asks for nothing
      --> 01-a.md:7:5
      |
    7 |   - ledger: {fetched: []}
      |     ^^^^^^
    help: say what must have been seen; a check that always passes is none
    ");
}

#[test]
fn a_check_that_the_values_leave_with_nothing_to_ask_for() {
    let front = "id: a\ntitle: T\nrun:\n  - [x]\nchecks:\n  - ledger: {fetched: [\"{{ none }}\"]}\n";
    let mut values = values();
    values.insert("none".into(), Vec::new().into());
    let found = Tutorial::load(&[file("01-a.md", front)], &values).unwrap_err();
    assert_eq!(found[0].1.code, "check-cannot-fail");
}

#[test]
fn a_missing_key() {
    insta::assert_snapshot!(findings(&[file("01-a.md", "id: a\nrun:\n  - [x]\nchecks:\n  - exit_code: 0\n")]), @r"
    error[key-missing]: the key `title` is missing
      --> 01-a.md:2:1
      |
    2 | id: a
      | ^
    help: add `title: …`
    ");
}

#[test]
fn a_value_of_the_wrong_shape() {
    let front = "id: a\ntitle: T\nrun:\n  - [x]\ntimeout: 5 hours\nchecks:\n  - exit_code: zero\n";
    insta::assert_snapshot!(findings(&[file("01-a.md", front)]), @r"
    error[front-matter-malformed]: `5 hours` is not a duration such as `90s` or `10m`
      --> 01-a.md:6:10
      |
    6 | timeout: 5 hours
      |          ^^^^^^^
    ");
}

#[test]
fn broken_yaml() {
    insta::assert_snapshot!(findings(&[file("01-a.md", "id: a\ntitle: [T\nrun: x\n")]), @r"
    error[front-matter-malformed]: title: invalid type: sequence, expected a string
      --> 01-a.md:3:8
      |
    3 | title: [T
      |        ^
    ");
}

#[test]
fn no_front_matter() {
    insta::assert_snapshot!(findings(&[("01-a.md".into(), "# Hello\n".into())]), @r"
    error[front-matter-missing]: the file does not begin with front matter
      --> 01-a.md:1:1
      |
    1 | # Hello
      | ^^^
    help: a step file begins with `---`, then keys such as `id:` and `run:`, then `---`, then prose
    ");
    insta::assert_snapshot!(findings(&[("01-a.md".into(), "---\nid: a\n".into())]), @r"
    error[front-matter-missing]: the front matter does not end
      --> 01-a.md:1:1
      |
    1 | ---
      | ^^^
    help: a step file begins with `---`, then keys such as `id:` and `run:`, then `---`, then prose
    ");
}

#[test]
fn placeholders_without_a_value_in_front_matter_and_prose() {
    let front = "id: a\ntitle: T\nrun:\n  - [x, \"{{ ulrs }}\"]\nchecks:\n  - exit_code: 0\n";
    let (name, text) = file("01-a.md", front);
    insta::assert_snapshot!(findings(&[(name, text + "And {{ budget }}.\n")]), @r#"
    error[placeholder-without-value]: `ulrs` has no value
      --> 01-a.md:5:13
      |
    5 |   - [x, "{{ ulrs }}"]
      |             ^^^^
    help: the project has values for: `cluster_name`, `nodes`, `urls`

    error[placeholder-without-value]: `budget` has no value
      --> 01-a.md:11:8
       |
    11 | And {{ budget }}.
       |        ^^^^^^
    help: the project has values for: `cluster_name`, `nodes`, `urls`
    "#);
}

#[test]
fn an_unknown_network_and_a_broken_symptom() {
    let front = "id: a\ntitle: T\nrun:\n  - [x]\nnetworks: [localnt]\nchecks:\n  - exit_code: 0\n";
    insta::assert_snapshot!(findings(&[file("01-a.md", front)]), @r"
    error[network-unknown]: `localnt` is not a network
      --> 01-a.md:6:12
      |
    6 | networks: [localnt]
      |            ^^^^^^^
    help: did you mean `localnet`?
    ");
    let front = "id: a\ntitle: T\nrun:\n  - [x]\nchecks:\n  - exit_code: 0\nhints:\n  - {symptom: '[1/9', cause: you, why: w, command: c}\n";
    insta::assert_snapshot!(findings(&[file("01-a.md", front)]), @r"
    error[symptom-malformed]: `[1/9`: error: unclosed character class
      --> 01-a.md:9:16
      |
    9 |   - {symptom: '[1/9', cause: you, why: w, command: c}
      |                ^^^^
    help: a symptom is a regular expression; escape `[`, `(`, `.` and the like with `\`
    ");
}

#[test]
fn duplicate_ids() {
    insta::assert_snapshot!(findings(&[step("01-a.md", "a", ""), step("02-a.md", "a", "")]), @r"
    error[step-id-duplicate]: the id `a` is taken by `01-a.md`
      --> 02-a.md:2:5
      |
    2 | id: a
      |     ^
    help: give the step an id of its own
    ");
}

#[test]
fn a_missing_need() {
    insta::assert_snapshot!(findings(&[step("01-up.md", "ray-up", ""), step("02-b.md", "b", "ray-pu")]), @r"
    error[step-need-missing]: step `b` names `ray-pu`, which does not exist
      --> 02-b.md:6:9
      |
    6 | needs: [ray-pu]
      |         ^^^^^^
    help: did you mean `ray-up`?
    ");
}

#[test]
fn a_cycle() {
    let files = [step("01-a.md", "a", "c"), step("02-b.md", "b", "a"), step("03-c.md", "c", "b")];
    insta::assert_snapshot!(findings(&files), @r"
    error[step-cycle]: steps need each other in a circle: a → c → b → a
      --> 01-a.md:6:1
      |
    6 | needs: [c]
      | ^^^^^
    help: remove one of these needs
    ");
}

#[test]
fn an_empty_tutorial() {
    insta::assert_snapshot!(findings(&[]), @r"
    error[tutorial-empty]: there is no step file
      --> tutorial
    help: a step is a file such as `tutorial/01-prerequisites.md`
    ");
}
