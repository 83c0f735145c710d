//! Walks over a scripted network: order of commands, teardown on every way out, exit codes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use super::*;
use crate::error::Error;
use crate::evidence::Exit;
use crate::network::{Action, Ended, Invocation, Problem, Tick};
use crate::runner::Lease;
use crate::runner::guide::{Answer, Moment, Question};
use crate::runner::ledger::Owed;
use crate::runner::pause::pause;
use crate::tutorial::progress::{Due, Last, Standing};
use crate::tutorial::{Selection, Values, plan, plan_due};

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
    funnel: Option<Funnel>,
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
    fn funnel(&self) -> Option<Funnel> {
        self.funnel.clone()
    }
    fn is_listening(&self, port: u16) -> Option<bool> {
        self.log.borrow_mut().push(format!("look at port {port}"));
        let looks = self.log.borrow().iter().filter(|line| line.starts_with("look at")).count();
        Some(looks > 2)
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

    fn interact(&mut self, invocation: &Invocation, _: &dyn Fn() -> bool) -> Result<Exit> {
        let words: Vec<_> = invocation.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        self.log.borrow_mut().push(format!("interact {}", words.join(" ")));
        Ok(Exit::Code(0))
    }
}

struct Answers(VecDeque<Answer>);

impl Guide for Answers {
    fn ask(&mut self, question: &Question<'_>, _: &mut dyn Sink) -> Answer {
        let unasked = if question.moment == Moment::Before { Answer::Run } else { Answer::Quit };
        self.0.pop_front().unwrap_or(unasked)
    }
}

/// Tells when something is written down, or that it cannot be.
struct Notes(Log, bool);

impl Notes {
    fn write(&mut self, text: String) -> Result<()> {
        if self.1 {
            return Err(Error::machine("failed to write `state.json`: the disk is full"));
        }
        self.0.borrow_mut().push(text);
        Ok(())
    }
}

impl Memory for Notes {
    fn begins(&mut self, step: &Step) -> Result<()> {
        self.write(format!("note {} begins", step.id))
    }
    fn ended(&mut self, step: &Step, last: Last) -> Result<()> {
        self.write(format!("note {} {last:?}", step.id))
    }
}

struct Recorded(Log);

impl Sink for Recorded {
    fn event(&mut self, event: &Event) {
        let line = match event {
            Event::Narrated(text) => format!("- {text}"),
            Event::Hinted(hint) if !hint.id.is_empty() => format!("hint {}", hint.id),
            Event::StepFinished { id, outcome, reason, .. } if reason.is_empty() => {
                format!("= {id} {}", outcome.word())
            }
            Event::StepFinished { id, outcome, reason, .. } => format!("= {id} {}: {reason}", outcome.word()),
            _ => return,
        };
        self.0.borrow_mut().push(line);
    }
}

/// Notes what it is told to remember.
struct Noting(Log, Arc<Lease>);

impl Watch for Noting {
    fn owe(&mut self, owed: &[Owed], _network: &dyn Network) -> Result<()> {
        let steps: Vec<&str> = owed.iter().map(|owed| owed.step.as_str()).collect();
        self.0.borrow_mut().push(format!("owed: {}", steps.join(", ")));
        if !owed.is_empty() {
            self.1.begin()?;
        }
        Ok(())
    }

    fn release(&mut self, settled: bool) -> bool {
        self.0.borrow_mut().push(if settled { "settled" } else { "left to the watchdog" }.into());
        !settled
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
    lease: Option<Duration>,
    funnel: Option<Funnel>,
    standings: Vec<Standing>,
    check_first: bool,
    noted: bool,
    full_disk: bool,
}

impl Scenario {
    fn walk(self) -> (Vec<String>, u8) {
        let noted = self.noted;
        let (mut lines, code) = self.walk_with_notes();
        lines.retain(|line| noted || !line.starts_with("note "));
        (lines, code)
    }

    fn walk_with_notes(self) -> (Vec<String>, u8) {
        let log = Log::default();
        let signals = Signals::with(Lease::new(self.lease));
        let tutorial = tutorial(self.extra);
        let mut network = ScriptedNetwork {
            log: log.clone(),
            nodes: RefCell::new(self.nodes.into()),
            idle: self.idle,
            funnel: self.funnel,
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
            plan: if self.standings.is_empty() {
                plan(tutorial.steps(), &Selection::All, "localnet").expect("a plan")
            } else {
                plan_due(&self.standings)
            },
            about: About::default(),
            versions: &Vec::new,
            tutorial: &tutorial,
            network: &mut network,
            commands: &mut commands,
            guide: &mut Answers(self.answers.into()),
            memory: &mut Notes(log.clone(), self.full_disk),
            check_first: self.check_first,
            signals: &signals,
            sink: &mut Recorded(log.clone()),
            poll_every: Duration::ZERO,
            counted: None,
        }
        .walk(&mut Noting(log.clone(), Arc::clone(signals.lease())))
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

const UNDO: [&str; 6] = [
    "- taking down what the walk has started",
    "ray down (daemons kept)",
    "stop (daemons kept)",
    "owed: ",
    "stop network",
    "settled",
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
        "- 1 of 4 steps are done; the walk goes on at `up`: what it starts ended with the walk, and submit needs it",
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
    let told = "- failed to write `state.json`: the disk is full; the next walk will not know of this step";
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
