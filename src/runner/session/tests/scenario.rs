//! A walk of four steps over a scripted network: what is scripted, and the lines in which everything that happens is told.

use super::*;

pub(super) const STEPS: [(&str, &str); 4] = [
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

pub(super) fn tutorial(extra: &str) -> Tutorial {
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
pub(super) type Log = Rc<RefCell<Vec<String>>>;

pub(super) struct ScriptedNetwork {
    log: Log,
    nodes: RefCell<VecDeque<Option<Vec<String>>>>,
    idle: Option<Duration>,
    funnel: Option<Funnel>,
    ready: bool,
    ends_with: Option<&'static str>,
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
    fn ended(&self) -> Option<String> {
        let command = self.ends_with?;
        let has_run = self.log.borrow().iter().any(|line| line.starts_with(command));
        has_run.then(|| "the localnet (simulated) has ended during the walk; its log: `x`".into())
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
pub(super) struct ScriptedCommands {
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

pub(super) struct Answers(pub(super) VecDeque<Answer>);

impl Guide for Answers {
    fn ask(&mut self, question: &Question<'_>, _: &mut dyn Sink) -> Answer {
        let unasked = if question.moment == Moment::Before { Answer::Run } else { Answer::Quit };
        self.0.pop_front().unwrap_or(unasked)
    }
}

/// Tells when something is written down, or that it cannot be.
pub(super) struct Notes(pub(super) Log, pub(super) bool);

impl Notes {
    fn write(&mut self, text: String) -> Result<()> {
        if self.1 {
            return Err(Error::machine("failed to write `state.jsonl`: the disk is full"));
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

pub(super) struct Recorded(pub(super) Log);

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
pub(super) struct Noting(pub(super) Log, pub(super) Arc<Lease>);

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
pub(super) struct Scenario {
    pub(super) extra: &'static str,
    pub(super) script: Vec<(&'static str, Exit, &'static str)>,
    pub(super) answers: Vec<Answer>,
    pub(super) raise_during: Option<&'static str>,
    pub(super) nodes: Vec<Option<Vec<String>>>,
    pub(super) idle: Option<Duration>,
    pub(super) lease: Option<Duration>,
    pub(super) funnel: Option<Funnel>,
    pub(super) standings: Vec<Standing>,
    pub(super) check_first: bool,
    pub(super) noted: bool,
    pub(super) full_disk: bool,
    pub(super) ends_with: Option<&'static str>,
}

impl Scenario {
    pub(super) fn walk(self) -> (Vec<String>, u8) {
        let noted = self.noted;
        let (mut lines, code) = self.walk_with_notes();
        lines.retain(|line| noted || !line.starts_with("note "));
        (lines, code)
    }

    pub(super) fn walk_with_notes(self) -> (Vec<String>, u8) {
        let log = Log::default();
        let signals = Signals::with(Lease::new(self.lease));
        let tutorial = tutorial(self.extra);
        let mut network = ScriptedNetwork {
            log: log.clone(),
            nodes: RefCell::new(self.nodes.into()),
            idle: self.idle,
            funnel: self.funnel,
            ready: false,
            ends_with: self.ends_with,
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
pub(super) fn expect(scenario: Scenario, lines: &[&str], exit_code: u8) {
    let (found, code) = scenario.walk();
    assert_eq!(found, lines, "{found:#?}");
    assert_eq!(code, exit_code);
}

pub(super) const UNDO: [&str; 6] = [
    "- taking down what the walk has started",
    "ray down (daemons kept)",
    "stop (daemons kept)",
    "owed: ",
    "stop network",
    "settled",
];
