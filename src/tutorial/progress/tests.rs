//! Which steps are due again, and why; and what holds for every plan whatever was remembered.

use proptest::prelude::*;

use super::*;
use crate::tutorial::{Tutorial, Values, plan_due};

const NETWORK: &str = "localnet";

/// `(id, other keys)`, in order.
fn tutorial(steps: &[(&str, &str)]) -> Tutorial {
    let file = |(index, (id, keys)): (usize, &(&str, &str))| {
        let front = format!("id: {id}\ntitle: T\nrun:\n  - [ray, x]\n{keys}checks:\n  - exit_code: 0\n");
        (format!("tutorial/{index:02}-{id}.md"), format!("---\n{front}---\nProse.\n"))
    };
    let files: Vec<(String, String)> = steps.iter().enumerate().map(file).collect();
    Tutorial::load(&files, &Values::new()).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

/// As the template's: `up` lives as long as the walk, `down` undoes it.
fn cluster() -> Tutorial {
    tutorial(&[
        ("env", "inputs: [requirements.lock, venv]\n"),
        ("config", "needs: [env]\ninputs: [golem-cluster.yaml]\n"),
        ("local", "needs: [env]\ninputs: ['*.py']\n"),
        (
            "up",
            "needs: [config]\ninputs: [golem-cluster.yaml]\nteardown:\n  - [ray, down]\nnetworks: [localnet]\n",
        ),
        ("submit", "needs: [up]\ninputs: [golem-cluster.yaml, '*.py']\n"),
        ("blocked", "needs: [up]\ninputs: [golem-cluster.yaml]\n"),
        ("down", "needs: [up]\nundoes: [up]\ninputs: [golem-cluster.yaml]\n"),
    ])
}

fn now() -> Surroundings {
    let files = ["golem-cluster.yaml", "requirements.lock", "simple-outbound.py"];
    Surroundings {
        version: "0.1.0".into(),
        environment: "made".into(),
        files: files.map(|name| (name.to_owned(), "1".to_owned())).into(),
        localnet: Some(
            [(CONTENT, "mirror"), (MARKET, "built-in")].map(|(n, is)| (n.into(), is.into())).into(),
        ),
    }
}

fn remembered(steps: &[Step], now: &Surroundings, last: Last) -> Progress {
    let entry = |step: &Step| Remembered { last, at: "then".into(), inputs: inputs_of(step, now) };
    steps.iter().map(|step| (step.id.clone(), entry(step))).collect()
}

/// What is due, with its reasons, after all had passed in `now()`.
fn due(change: impl FnOnce(&mut Surroundings, &mut Progress)) -> String {
    let tutorial = cluster();
    let (mut surroundings, mut progress) = (now(), remembered(tutorial.steps(), &now(), Last::Passed));
    change(&mut surroundings, &mut progress);
    let found = standings(tutorial.steps(), NETWORK, &progress, &surroundings);
    let line = |(step, standing): (&Step, &Standing)| match standing {
        Standing::Due(due) => Some(format!("{}: {}", step.id, due.words())),
        _ => None,
    };
    tutorial.steps().iter().zip(&found).filter_map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn nothing_is_due_when_nothing_has_changed() {
    assert_eq!(due(|_, _| {}), "");
}

#[test]
fn a_changed_cluster_file_makes_due_what_uses_it_and_what_needs_that() {
    let changed = due(|now, _| {
        now.files.insert("golem-cluster.yaml".into(), "2".into());
    });
    insta::assert_snapshot!(changed, @r"
    config: golem-cluster.yaml has changed since
    up: golem-cluster.yaml has changed since
    submit: golem-cluster.yaml has changed since
    blocked: golem-cluster.yaml has changed since
    down: golem-cluster.yaml has changed since
    ");
}

#[test]
fn a_changed_script_brings_the_cluster_back_for_those_who_use_it_and_for_no_other() {
    let changed = due(|now, _| {
        now.files.insert("simple-outbound.py".into(), "2".into());
    });
    insta::assert_snapshot!(changed, @r"
    local: simple-outbound.py has changed since
    up: what it starts ended with the walk, and submit needs it
    submit: simple-outbound.py has changed since
    down: takes down what up starts, which is due
    ");
}

#[test]
fn another_environment_and_another_version_make_everything_due() {
    let changed = due(|now, _| now.environment = "none".into());
    insta::assert_snapshot!(changed.lines().take(2).collect::<Vec<_>>().join("\n"), @r"
    env: the Python environment has changed since
    config: the Python environment has changed since
    ");
    assert_eq!(changed.lines().count(), 7);
    let changed = due(|now, _| now.version = "0.2.0".into());
    assert_eq!(changed.lines().filter(|line| line.contains("golem-outbound has changed since")).count(), 7);
}

fn localnet(content: &str, market: &str) -> Inputs {
    Inputs::from([(CONTENT.into(), content.into()), (MARKET.into(), market.into())])
}

#[test]
fn another_content_or_market_of_the_localnet_makes_due_what_runs_in_it_and_it_is_said_which() {
    let tutorial =
        tutorial(&[("own", "inputs: []\n"), ("up", "inputs: []\n"), ("submit", "needs: [up]\ninputs: []\n")]);
    let mut steps = tutorial.steps().to_vec();
    steps[0].run = vec![vec![OWN.into(), "explain".into()]];
    let progress = remembered(&steps, &now(), Last::Passed);
    let due = |localnet| {
        let found = standings(&steps, NETWORK, &progress, &Surroundings { localnet, ..now() });
        found
            .into_iter()
            .map(|standing| match standing {
                Standing::Due(due) => due.words(),
                _ => "done".into(),
            })
            .collect::<Vec<String>>()
    };
    let content = "the localnet's content (`--content`) has changed since";
    assert_eq!(due(Some(localnet("live", "built-in"))), ["done", content, content]);
    let market = "the localnet's market (`--providers`) has changed since";
    assert_eq!(due(Some(localnet("mirror", "2"))), ["done", market, market]);
    let both =
        "the localnet's content (`--content`) and the localnet's market (`--providers`) have changed since";
    assert_eq!(due(Some(localnet("live", "2"))), ["done", both, both]);
    assert_eq!(due(None), ["done"; 3], "nobody has looked");
    // What was remembered before there were such names is due once.
    let mut older = progress.clone();
    older
        .values_mut()
        .for_each(|step| step.inputs.retain(|name, _| ![CONTENT, MARKET].contains(&name.as_str())));
    let found = standings(&steps, NETWORK, &older, &now());
    assert_eq!(found.iter().map(Standing::is_due).collect::<Vec<_>>(), [false, true, true]);
}

#[test]
fn a_file_that_comes_or_goes_is_a_change() {
    let added = due(|now, _| {
        now.files.insert("more.py".into(), "1".into());
    });
    assert!(added.starts_with("local: more.py has changed since"), "{added}");
    let gone = due(|now, _| {
        now.files.clear();
    });
    assert!(
        gone.starts_with("env: requirements.lock has changed since\nconfig: golem-cluster.yaml has"),
        "{gone}"
    );
}

#[test]
fn a_walk_that_was_killed_goes_on_at_the_step_that_it_was_killed_in() {
    let killed = due(|_, progress| {
        progress.get_mut("submit").unwrap().last = Last::Begun;
        progress.remove("blocked");
        progress.remove("down");
    });
    insta::assert_snapshot!(killed, @r"
    up: what it starts ended with the walk, and submit needs it
    submit: it was begun and did not come to its end
    blocked: not done yet
    down: not done yet
    ");
}

#[test]
fn a_step_that_did_not_pass_is_due_with_all_that_need_it() {
    let failed = due(|_, progress| progress.get_mut("config").unwrap().last = Last::Failed);
    insta::assert_snapshot!(failed, @r"
    config: it failed last time
    up: needs config, which is due
    submit: needs up, which is due
    blocked: needs up, which is due
    down: needs up, which is due
    ");
    let unsure = due(|_, progress| progress.get_mut("local").unwrap().last = Last::Inconclusive);
    assert_eq!(unsure, "local: last time it could not be told whether it passes");
}

#[test]
fn a_changed_prose_of_one_step_makes_no_other_due_than_those_who_need_it() {
    let tutorial = tutorial(&[("a", ""), ("b", ""), ("c", "needs: [a]\n")]);
    let mut progress = remembered(tutorial.steps(), &now(), Last::Passed);
    progress.get_mut("a").unwrap().inputs.insert("tutorial/00-a.md".into(), "other".into());
    let found = standings(tutorial.steps(), NETWORK, &progress, &now());
    assert_eq!(found[0], Standing::Due(Due::Changed(vec!["tutorial/00-a.md".into()])));
    assert_eq!(found[1], Standing::Done("then".into()));
    assert_eq!(found[2], Standing::Due(Due::Needs("a".into())));
}

#[test]
fn a_step_that_names_no_inputs_depends_on_all_and_our_own_on_no_environment() {
    let mut tutorial = tutorial(&[("a", ""), ("b", "inputs: []\n")]);
    let names = |step: &Step| inputs_of(step, &now()).into_keys().collect::<Vec<_>>().join(", ");
    assert_eq!(
        names(&tutorial.steps[0]),
        "golem-cluster.yaml, golem-outbound, its command, requirements.lock, simple-outbound.py, \
         the localnet's content (`--content`), the localnet's market (`--providers`), tutorial/00-a.md, venv"
    );
    tutorial.steps[1].run = vec![vec!["golem-outbound".into(), "doctor".into()]];
    assert_eq!(names(&tutorial.steps[1]), "golem-outbound, its command, tutorial/01-b.md");
}

#[test]
fn a_placeholder_s_value_is_part_of_the_command() {
    let of = |value: &str| {
        let file = "---\nid: a\ntitle: T\nrun:\n  - [x, '{{ first_url }}']\ninputs: []\nchecks:\n  - exit_code: 0\n---\n";
        let values = Values::from([("first_url".to_owned(), value.into())]);
        Tutorial::load(&[("a.md".into(), file.into())], &values).unwrap()
    };
    let progress = remembered(of("https://a.io/").steps(), &now(), Last::Passed);
    let found = standings(of("https://b.io/").steps(), NETWORK, &progress, &now());
    assert_eq!(found[0], Standing::Due(Due::Changed(vec!["its command".into()])));
}

#[test]
fn a_step_is_forgotten_with_those_who_need_it() {
    let tutorial = cluster();
    let forgotten = with_those_who_need_it(tutorial.steps(), "config").unwrap();
    assert_eq!(forgotten, ["config", "up", "submit", "blocked", "down"]);
    let error = with_those_who_need_it(tutorial.steps(), "confg").unwrap_err();
    assert_eq!(error.hints(), ["did you mean `config`?"]);
}

/// A tutorial of up to eight steps that need, undo, last and fit networks at random; what is remembered, at random.
fn anything() -> impl Strategy<Value = (Tutorial, Progress)> {
    let step = (any::<u8>(), any::<u8>(), any::<bool>(), 0..5u8, 0..6u8);
    proptest::collection::vec(step, 1..9).prop_map(|drawn| {
        let ids: Vec<String> = (0..drawn.len()).map(|index| format!("s{index}")).collect();
        let chosen = |bits: u8, below: usize| {
            let some: Vec<&str> =
                (0..below).filter(|at| bits & (1 << at) != 0).map(|at| ids[at].as_str()).collect();
            some.join(", ")
        };
        let keys: Vec<String> = drawn
            .iter()
            .enumerate()
            .map(|(index, (needs, undoes, lives, elsewhere, _))| {
                let teardown = if *lives { "teardown:\n  - [y]\n" } else { "" };
                let networks = if *elsewhere == 0 { "networks: [local]\n" } else { "" };
                format!(
                    "needs: [{}]\nundoes: [{}]\n{teardown}{networks}",
                    chosen(*needs, index),
                    chosen(*undoes, index)
                )
            })
            .collect();
        let steps: Vec<(&str, &str)> =
            ids.iter().zip(&keys).map(|(id, keys)| (id.as_str(), keys.as_str())).collect();
        let tutorial = tutorial(&steps);
        let mut progress = Progress::new();
        for (step, (.., remembered_as)) in tutorial.steps().iter().zip(&drawn) {
            let last = match remembered_as {
                0 => continue,
                1 => Last::Begun,
                2 => Last::Failed,
                _ => Last::Passed,
            };
            let mut inputs = inputs_of(step, &now());
            if *remembered_as == 3 {
                inputs.insert("golem-cluster.yaml".into(), "older".into());
            }
            progress.insert(step.id.clone(), Remembered { last, at: "then".into(), inputs });
        }
        (tutorial, progress)
    })
}

proptest! {
    #[test]
    fn a_plan_never_runs_a_step_whose_needs_are_neither_done_nor_due_before_it((tutorial, progress) in anything()) {
        let steps = tutorial.steps();
        let found = standings(steps, NETWORK, &progress, &now());
        let plan = plan_due(&found);
        prop_assert_eq!(plan.len(), steps.len());
        for (position, planned) in plan.iter().enumerate().filter(|(_, planned)| planned.is_due()) {
            let step = &steps[planned.index];
            for need in &step.needs {
                let at = steps.iter().position(|other| other.id == *need).unwrap();
                let before = &plan[at];
                let lasts = before.is_done() && !steps[at].lives_as_long_as_the_walk();
                let elsewhere = !steps[at].is_for(NETWORK);
                prop_assert!(at < position && (before.is_due() || lasts || elsewhere), "{} needs {}", step.id, need);
            }
        }
    }

    #[test]
    fn a_done_step_passed_with_what_there_is_now_and_so_did_all_that_it_needs((tutorial, progress) in anything()) {
        let steps = tutorial.steps();
        let found = standings(steps, NETWORK, &progress, &now());
        for (step, standing) in steps.iter().zip(&found) {
            let Standing::Done(_) = standing else { continue };
            prop_assert_eq!(progress[&step.id].last, Last::Passed);
            prop_assert_eq!(&progress[&step.id].inputs, &inputs_of(step, &now()));
            for (need, standing) in steps.iter().zip(&found).filter(|(need, _)| step.needs.contains(&need.id)) {
                let started_again =
                    matches!(standing, Standing::Due(Due::Ended(_) | Due::Undoes(_)));
                prop_assert!(!standing.is_due() || started_again, "{} is done, {} is {standing:?}", step.id, need.id);
            }
        }
    }

    #[test]
    fn what_is_started_again_is_taken_down_again((tutorial, progress) in anything()) {
        let steps = tutorial.steps();
        let found = standings(steps, NETWORK, &progress, &now());
        for (step, standing) in steps.iter().zip(&found).filter(|(step, _)| step.is_for(NETWORK)) {
            let undone = step.undoes.iter().any(|id| is_due(steps, &found, id));
            prop_assert!(!undone || standing.is_due(), "{} undoes what is due", step.id);
        }
    }
}
