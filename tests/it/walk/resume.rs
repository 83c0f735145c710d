//! A walk that goes on where the one before it ended: killed at each step, after changes, with a state that is broken.

use std::fs;

use nix::sys::signal::Signal;

use super::cheap::Cheap;
use super::{turn, watchdog};

/// As the template's: `up` lives as long as the walk, `down` takes it down.
const STEPS: [(&str, &str); 5] = [
    ("machine", "inputs: []\n"),
    ("local", "needs: [machine]\ninputs: ['*.py']\n"),
    (
        "up",
        "needs: [machine]\ninputs: [golem-cluster.yaml]\nteardown:\n  - [sh, -c, 'echo undone >> ran.txt']\n",
    ),
    ("submit", "needs: [up]\ninputs: [golem-cluster.yaml, '*.py']\n"),
    ("down", "needs: [up]\nundoes: [up]\ninputs: [golem-cluster.yaml]\n"),
];

const ALL: [&str; 5] = ["machine", "local", "up", "submit", "down"];

#[test]
fn a_walk_that_is_killed_in_any_step_goes_on_in_it() {
    let cheap = Cheap::new(&STEPS);
    for (index, step) in ALL.iter().enumerate() {
        assert_eq!(cheap.run(&["reset"]).0, Some(0));
        cheap.write("hold", step);
        let mut walk = cheap.start(&["--yes"]);
        walk.until(&format!("{step} runs"));
        walk.murder();
        watchdog::wait(&cheap.project);
        let owes = index >= 2;
        let undone = if owes { &["undone"][..] } else { &[] };
        assert_eq!(cheap.ran(), [&ALL[..=index], undone].concat());
        cheap.remove("hold");
        let standing = &cheap.standings()[index];
        assert_eq!(*standing, format!("{step}: due it was begun and did not come to its end"));

        let shown = cheap.start(&["--yes"]).end_with(0);
        let expected = match *step {
            "submit" => vec!["up", "submit", "down"],
            "down" => vec!["up", "down"],
            _ => ALL[index..].to_vec(),
        };
        assert_eq!(cheap.ran(), expected, "after a kill in {step}");
        assert_eq!(shown.contains(" steps done; the walk goes on at "), index > 0, "{shown}");
    }
}

#[test]
fn a_finished_walk_is_not_repeated_and_nothing_run_is_not_green() {
    let cheap = Cheap::new(&STEPS);
    cheap.start(&["--yes"]).end_with(0);
    assert_eq!(cheap.ran(), ALL);
    let (code, stdout, stderr) = cheap.run(&["run", "--network", "local", "--trust", "--yes"]);
    assert_eq!((code, stdout.as_str()), (Some(4), ""), "{stderr}");
    assert!(
        stderr.contains("all 5 steps are done on local") && stderr.contains("run --network local --again"),
        "{stderr}"
    );
    assert_eq!(cheap.ran(), Vec::<String>::new());
    // The report of the walk that did something is still there.
    assert_eq!(super::project::Report::of(&cheap.project).outcomes().len(), 5);
    cheap.start(&["--yes", "--again"]).end_with(0);
    assert_eq!(cheap.ran(), ALL);
    cheap.start(&["--yes", "local"]).end_with(0);
    assert_eq!(cheap.ran(), ["machine", "local"]);
}

#[test]
fn what_has_changed_is_due_again_with_what_needs_it_and_it_is_said_why() {
    let cheap = Cheap::new(&STEPS);
    cheap.start(&["--yes"]).end_with(0);
    cheap.ran();
    let cluster = fs::read_to_string(cheap.project.join("golem-cluster.yaml")).unwrap();
    let changed =
        cluster.replace("- \"https://ipfs.io\"", "- \"https://ipfs.io\"\n          - \"https://github.com\"");
    assert_ne!(changed, cluster);
    cheap.write("golem-cluster.yaml", &changed);
    let why = "due golem-cluster.yaml has changed since";
    let expected = ["machine: done".into(), "local: done".into()]
        .into_iter()
        .chain(ALL[2..].iter().map(|id| format!("{id}: {why}")));
    assert_eq!(cheap.standings(), expected.collect::<Vec<String>>());
    let shown = cheap.start(&["--yes"]).end_with(0);
    assert!(shown.contains("the walk goes on at `up`: golem-cluster.yaml"), "{shown}");
    assert!(shown.contains("local: skipped"), "{shown}");
    assert_eq!(cheap.ran(), ["up", "submit", "down"]);

    let script = fs::read_to_string(cheap.project.join("simple-outbound.py")).unwrap();
    cheap.write("simple-outbound.py", &format!("{script}\n# mine\n"));
    cheap.start(&["--yes"]).end_with(0);
    assert_eq!(cheap.ran(), ["local", "up", "submit", "down"]);

    // Another word in the prose of one step: that step, and who needs it.
    cheap.write_step(1, "local", STEPS[1].1, "Another word.");
    assert_eq!(cheap.standings()[1], "local: due tutorial/01-local.md has changed since");
    cheap.start(&["--yes"]).end_with(0);
    assert_eq!(cheap.ran(), ["local"]);
}

/// A command of ours runs outside of the localnet, so nothing of it matters to that step.
const OWN_STEP: &str = "---\nid: own\ntitle: T\nrun:\n  - [golem-outbound, explain, 'https://ipfs.io/']\ninputs: []\n\
                        checks:\n  - exit_code: 0\n---\nProse.\n";

#[test]
fn another_content_or_market_of_the_localnet_makes_due_what_runs_in_it_and_it_is_said_which() {
    let _turn = turn();
    let cheap = Cheap::new(&[("local", "inputs: []\n"), ("submit", "needs: [local]\ninputs: []\n")]);
    cheap.write("tutorial/00-a-own.md", OWN_STEP);
    fs::remove_dir_all(cheap.project.join("venv")).unwrap();
    cheap.place.lend_environment(&cheap.project);
    let walk = |more: &[&str]| {
        let arguments = [&["run", "--yes", "--trust", "--content", "mirror"], more].concat();
        let shown = cheap.place.start(&arguments, &cheap.project).end_with(0);
        shown.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // How many steps are due for this reason; all others are done.
    let due = |why: &str, more: &[&str]| {
        let (code, stdout, stderr) = cheap.run(&[&["run", "--list"], more].concat());
        let count = stdout.matches(&format!("({why} has changed since)")).count();
        assert_eq!((code, stdout.matches("(skip: done ").count()), (Some(0), 3 - count), "{stdout}{stderr}");
        count
    };
    let (content, market) = ("the localnet's content (`--content`)", "the localnet's market (`--providers`)");
    walk(&[]);
    assert_eq!(due(content, &["--content", "mirror"]), 0);
    assert_eq!(due(content, &["--content", "live"]), 2);
    assert!(
        cheap.run(&["status"]).1.contains(": 3 of 3 steps done"),
        "nobody has asked for another localnet"
    );
    cheap.ran();

    cheap.write("mine.yaml", "faults: {no_offers: true}\n");
    let mine = ["--content", "mirror", "--providers", "mine.yaml"];
    assert_eq!(due(market, &mine), 2);
    let shown = walk(&mine[2..]);
    let why = format!("1 of 3 steps done; the walk goes on at `local`: {market} has changed since");
    assert!(shown.contains(&why), "{shown}");
    assert_eq!(cheap.ran(), ["local", "submit"]);
    assert_eq!(due(market, &mine), 0);
    assert_eq!(due(market, &["--content", "mirror"]), 2);
    cheap.write("mine.yaml", "faults: {wallet_empty: true}\n");
    assert_eq!(due(market, &mine), 2);
}

#[test]
fn a_step_that_failed_is_where_the_next_walk_goes_on_and_teardown_is_not_forgotten() {
    let cheap = Cheap::new(&STEPS);
    cheap.write("submit-is-broken", "");
    cheap.start(&["--yes"]).end_with(1);
    assert_eq!(cheap.ran(), ["machine", "local", "up", "submit", "undone"]);
    assert_eq!(cheap.standings()[3], "submit: due it failed last time");
    cheap.remove("submit-is-broken");
    cheap.start(&["--yes"]).end_with(0);
    assert_eq!(cheap.ran(), ["up", "submit", "down"]);
}

#[test]
fn a_step_that_is_true_already_is_left_out_until_it_is_named() {
    let already = "already: {run: [[sh, -c, test -e made]], checks: [{exit_code: 0}], why: it is made}\n";
    let keys = format!("inputs: [made]\n{already}");
    let cheap = Cheap::new(&[("make", keys.as_str()), ("use", "needs: [make]\n")]);
    cheap.write("made", "");
    let shown = cheap.start(&["--yes"]).end_with(0);
    assert!(shown.contains("make: skipped") && shown.contains("already true: it is made"), "{shown}");
    assert_eq!(cheap.ran(), ["use"]);
    cheap.start(&["--yes", "make"]).end_with(0);
    assert_eq!(cheap.ran(), ["make"]);
    cheap.remove("made");
    cheap.start(&["--yes"]).end_with(0);
    assert_eq!(cheap.ran(), ["make", "use"]);
}

#[test]
fn a_state_that_cannot_be_used_is_left_aside_in_one_line() {
    let cheap = Cheap::new(&STEPS);
    cheap.start(&["--yes"]).end_with(0);
    cheap.ran();
    let state = cheap.project.join(".golem-outbound/state.jsonl");
    let whole = fs::read_to_string(&state).unwrap();
    for (text, why) in [
        (whole[..20].to_owned(), "it is damaged"),
        ("garbage".into(), "it is damaged"),
        (whole.replace("\"format\":2", "\"format\":9"), "a newer version of this program wrote it"),
        (whole.replace("\"format\":2", "\"format\":0"), "an older version of this program wrote it"),
        (whole.replace(&*cheap.project.to_string_lossy(), "/elsewhere"), "the project in `/elsewhere`"),
    ] {
        assert_ne!(text, whole);
        fs::write(&state, text).unwrap();
        let (code, stdout, stderr) = cheap.run(&["status", "--network", "local"]);
        assert_eq!(code, Some(0), "{stderr}");
        assert!(
            stderr.replace("\n  ", " ").contains(why) && stdout.contains("0 of 5 steps done"),
            "{stderr}{stdout}"
        );
        let (code, _, stderr) = cheap.run(&["run", "--network", "local", "--list"]);
        assert!(code == Some(0) && stderr.lines().count() == 1, "{stderr}");
    }
    cheap.start(&["--yes"]).end_with(0);
    assert_eq!(cheap.ran(), ALL);
    assert_eq!(fs::read_to_string(&state).unwrap().matches("\"last\":\"passed\"").count(), 5);
}

#[test]
fn status_tells_people_and_reset_forgets_a_step_and_who_needs_it() {
    let cheap = Cheap::new(&STEPS);
    cheap.start(&["--yes"]).end_with(0);
    let (_, stdout, _) = cheap.run(&["status", "--network", "local"]);
    assert!(stdout.starts_with("docs-outbound on local: 5 of 5 steps done\n"), "{stdout}");
    assert!(
        stdout.contains("nothing is due; walk all again: `golem-outbound run --network local --again`"),
        "{stdout}"
    );
    let (code, _, stderr) = cheap.run(&["reset", "up"]);
    assert_eq!((code, stderr.as_str()), (Some(0), "forgotten on all networks: up, submit, down (3 known)\n"));
    let (_, stdout, _) = cheap.run(&["status", "--network", "local"]);
    assert!(stdout.contains("up       due       not done yet"), "{stdout}");
    assert!(stdout.contains("next: `golem-outbound run --network local` goes on at up"), "{stdout}");
    let (code, _, stderr) = cheap.run(&["reset", "sumbit"]);
    assert!(code == Some(2) && stderr.contains("did you mean `submit`?"), "{stderr}");
    let narrow =
        cheap.place.command(&["status", "--network", "local"], &cheap.project).env("COLUMNS", "40").output();
    let narrow = String::from_utf8(narrow.unwrap().stdout).unwrap();
    assert!(narrow.lines().all(|line| line.chars().count() <= 44), "{narrow}");
    assert_eq!(cheap.run(&["reset"]).0, Some(0));
    assert!(cheap.standings().iter().all(|line| line.ends_with("due not done yet")));
    // Elsewhere nothing was done: what is remembered is remembered by network.
    let (_, stdout, _) = cheap.run(&["status"]);
    assert!(stdout.starts_with("docs-outbound on localnet: 0 of 5 steps done\n"), "{stdout}");
}

#[test]
fn nothing_is_forgotten_while_a_walk_goes_on() {
    let cheap = Cheap::new(&STEPS);
    cheap.write("hold", "local");
    let mut walk = cheap.start(&["--yes"]);
    walk.until("local runs");
    let (code, _, stderr) = cheap.run(&["reset"]);
    assert!(code == Some(2) && stderr.contains("another walk"), "{stderr}");
    // Who only looks is not in the way.
    assert_eq!(cheap.standings()[0], "machine: done");
    walk.signal(Signal::SIGTERM);
    walk.end_with(130);
}
