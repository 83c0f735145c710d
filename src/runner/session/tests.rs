//! Walks over a scripted network: order of commands, teardown on every way out, exit codes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::*;
use crate::network::{Action, Ended, Invocation, Problem, Tick};
use crate::tutorial::{Selection, Values, plan};

const STEPS: [(&str, &str); 4] = [
    ("01-env.md", "id: env\ntitle: Env\nrun:\n  - [golem-outbound, environment]\n"),
    (
        "02-up.md",
        "id: up\ntitle: Up\nrun:\n  - [ray, up]\nneeds: [env]\nteardown:\n  - [ray, down]\n  - [stop]\n\
         hints:\n  - {symptom: 'no funds', cause: upstream, why: w, command: c}\n  \
         - {symptom: 'no disk', cause: machine, why: w, command: c}\n",
    ),
    (
        "03-submit.md",
        "id: submit\ntitle: Submit\nrun:\n  - [ray, submit]\nneeds: [up]\nteardown:\n  - [forget]\n",
    ),
    (
        "04-down.md",
        "id: down\ntitle: Down\nrun:\n  - [ray, down]\n  - [stop]\nneeds: [up]\nundoes: [up, submit]\n",
    ),
];

fn tutorial(extra: &str) -> Tutorial {
    let files: Vec<(String, String)> = STEPS
        .iter()
        .map(|(name, front)| {
            let extra = if *name == "02-up.md" { extra } else { "" };
            ((*name).to_owned(), format!("---\n{front}{extra}checks:\n  - exit_code: 0\n---\nProse.\n"))
        })
        .collect();
    Tutorial::load(&files, &Values::new()).expect("the tutorial of the tests loads")
}

/// What happened, in order, as every double of the test tells it.
type Log = Rc<RefCell<Vec<String>>>;

struct ScriptedNetwork {
    log: Log,
    nodes: RefCell<VecDeque<Option<Vec<String>>>>,
    idle: Option<Duration>,
    ready: bool,
}

impl Network for ScriptedNetwork {
    fn name(&self) -> &'static str {
        "localnet"
    }
    fn simulated(&self) -> bool {
        true
    }
    fn preflight(&self) -> Vec<Problem> {
        Vec::new()
    }
    fn is_ready(&self) -> bool {
        self.ready
    }
    fn start(&mut self) -> Result<()> {
        self.ready = true;
        self.log.borrow_mut().push("start network".into());
        Ok(())
    }
    fn command(&self, argv: &[String], timeout: Duration, keep_daemons: bool) -> Invocation {
        Invocation {
            argv: argv.iter().map(Into::into).collect(),
            cwd: "/".into(),
            env: Vec::new(),
            env_remove: Vec::new(),
            timeout,
            keep_daemons,
        }
    }
    fn nodes(&self) -> Option<Vec<String>> {
        let mut nodes = self.nodes.borrow_mut();
        if nodes.len() > 1 { nodes.pop_front().flatten() } else { nodes.front().cloned().flatten() }
    }
    fn market_idle_for(&self) -> Option<Duration> {
        self.idle
    }
    fn busy_ports(&self) -> Option<Vec<(u16, String)>> {
        Some(Vec::new())
    }
    fn processes(&self) -> Option<Vec<String>> {
        None
    }
    fn stop(&mut self) -> Result<()> {
        self.log.borrow_mut().push("stop network".into());
        Ok(())
    }
}

/// Answers each command line with its next scripted exit and output; 0 and silence without a script.
struct ScriptedCommands {
    log: Log,
    script: Vec<(&'static str, Exit, &'static str)>,
    signals: Signals,
    raise_during: Option<&'static str>,
}

impl CommandRunner for ScriptedCommands {
    fn run(&mut self, invocation: &Invocation, watch: &mut dyn FnMut(Tick<'_>) -> Action) -> Result<Ended> {
        let words: Vec<String> =
            invocation.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let line = words.join(" ");
        let kept = if invocation.keep_daemons { " (daemons kept)" } else { "" };
        self.log.borrow_mut().push(format!("{line}{kept}"));
        let at = self.script.iter().position(|(command, ..)| *command == line);
        let (exit, output) = at.map_or((Exit::Code(0), ""), |at| {
            let (_, exit, output) = self.script.remove(at);
            (exit, output)
        });
        if self.raise_during == Some(line.as_str()) {
            self.signals.raise();
        }
        let mut action = watch(Tick { elapsed: Duration::ZERO, chunk: output, output });
        if action == Action::Continue {
            action = watch(Tick { elapsed: Duration::from_secs(9), chunk: "", output });
        }
        let exit = if action == Action::Stop { Exit::Interrupted } else { exit };
        if action == Action::Interrupt {
            self.log.borrow_mut().push(format!("interrupt {line}"));
        }
        Ok(Ended { exit, output: output.to_owned(), elapsed: Duration::ZERO })
    }
}

struct Answers(VecDeque<Answer>);

impl Guide for Answers {
    fn ask(&mut self) -> Answer {
        self.0.pop_front().unwrap_or(Answer::Run)
    }
}

struct Recorded(Log);

impl Sink for Recorded {
    fn event(&mut self, event: &Event) {
        let line = match event {
            Event::Narrated(text) => format!("- {text}"),
            Event::StepFinished { id, outcome, reason, .. } if reason.is_empty() => {
                format!("= {id} {}", outcome.word())
            }
            Event::StepFinished { id, outcome, reason, .. } => format!("= {id} {}: {reason}", outcome.word()),
            _ => return,
        };
        self.0.borrow_mut().push(line);
    }
}

/// A walk to be scripted; the defaults pass.
#[derive(Default)]
struct Scenario {
    extra: &'static str,
    script: Vec<(&'static str, Exit, &'static str)>,
    answers: Vec<Answer>,
    raise_during: Option<&'static str>,
    nodes: Vec<Option<Vec<String>>>,
    idle: Option<Duration>,
}

impl Scenario {
    fn walk(self) -> (Vec<String>, u8) {
        let log = Log::default();
        let signals = Signals::default();
        let tutorial = tutorial(self.extra);
        let mut network = ScriptedNetwork {
            log: log.clone(),
            nodes: RefCell::new(self.nodes.into()),
            idle: self.idle,
            ready: false,
        };
        let mut commands = ScriptedCommands {
            log: log.clone(),
            script: self.script,
            signals: signals.clone(),
            raise_during: self.raise_during,
        };
        let walked = Session {
            project: "p".into(),
            about: About::default(),
            versions: &Vec::new,
            plan: plan(tutorial.steps(), &Selection::All, "localnet").expect("a plan"),
            tutorial: &tutorial,
            network: &mut network,
            commands: &mut commands,
            guide: &mut Answers(self.answers.into()),
            signals: &signals,
            sink: &mut Recorded(log.clone()),
            poll_every: Duration::ZERO,
        }
        .walk()
        .expect("the tool works");
        let lines = log.borrow().clone();
        (lines, walked.exit_code())
    }
}

#[track_caller]
fn expect(scenario: Scenario, lines: &[&str], exit_code: u8) {
    let (found, code) = scenario.walk();
    assert_eq!(found, lines, "{found:#?}");
    assert_eq!(code, exit_code);
}

const UNDO: [&str; 4] = [
    "- taking down what the walk has started",
    "ray down (daemons kept)",
    "stop (daemons kept)",
    "stop network",
];

#[test]
fn all_steps_pass_and_nothing_is_left_to_take_down() {
    expect(
        Scenario::default(),
        &[
            "golem-outbound environment",
            "= env passed",
            "- making the localnet ready",
            "start network",
            "ray up (daemons kept)",
            "= up passed",
            "ray submit (daemons kept)",
            "= submit passed",
            "ray down (daemons kept)",
            "stop (daemons kept)",
            "= down passed",
            "stop network",
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
    expected.push("forget (daemons kept)");
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
    assert_eq!(lines[at + 1..], ["stop (daemons kept)", "stop network"]);
}

#[test]
fn a_failed_teardown_is_never_green() {
    let walked = Walked {
        steps: vec![StepResult { id: "a".into(), outcome: Outcome::Passed, cause: None }],
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

#[test]
fn a_step_is_tried_again_only_as_often_as_it_says() {
    let failing = |times: usize| vec![("ray up", Exit::Code(1), ""); times];
    let (lines, code) = Scenario { extra: "retry: 1\n", script: failing(1), ..Scenario::default() }.walk();
    assert_eq!(lines.iter().filter(|line| line.starts_with("ray up")).count(), 2);
    assert_eq!(code, 0);
    let (lines, code) = Scenario { extra: "retry: 1\n", script: failing(3), ..Scenario::default() }.walk();
    assert_eq!(lines.iter().filter(|line| line.starts_with("ray up")).count(), 2);
    assert_eq!(code, 1);
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
