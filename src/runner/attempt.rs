//! One try of one step: its commands, its readiness condition, the evidence.

use std::time::{Duration, Instant};

use super::Signals;
use super::live::LiveOutput;
use super::redaction::redacted;
use crate::error::Result;
use crate::event::{Event, Sink};
use crate::evidence::{Evidence, Exit};
use crate::network::{Action, CommandRunner, Ended, Network, Tick};
use crate::tutorial::{
    Already, Condition, InterruptWhen, Step, WaitFor, parse_findings, parse_ledger, parse_verdicts,
};

/// How long a command may look whether something is true already.
const LOOK: Duration = Duration::from_secs(30);

/// What a try needs of its session.
pub struct Attempt<'a> {
    /// Where it runs.
    pub network: &'a dyn Network,
    /// What runs it.
    pub commands: &'a mut dyn CommandRunner,
    /// What ends it early.
    pub signals: &'a Signals,
    /// Who hears of it.
    pub sink: &'a mut dyn Sink,
    /// How often a readiness condition is looked at.
    pub poll_every: Duration,
    /// Whether processes that it leaves behind live on.
    pub keep_daemons: bool,
}

impl Attempt<'_> {
    /// Runs the step's commands in order until one does not return 0, waits for its condition, and collects what
    /// can be observed.
    ///
    /// # Errors
    /// A command could not be started.
    pub fn run(&mut self, step: &Step) -> Result<Evidence> {
        let started = Instant::now();
        let mut exit = Exit::Code(0);
        let mut output = String::new();
        for argv in &step.run {
            let ended = self.command(step, argv)?;
            output += &ended.output;
            exit = ended.exit;
            if exit != Exit::Code(0) {
                break;
            }
        }
        if let Some(condition) = &step.wait_for
            && exit == Exit::Code(0)
            && !self.wait_for(condition)
        {
            exit = Exit::Interrupted;
        }
        Ok(self.evidence(exit, &output, started.elapsed()))
    }

    /// Looks whether something is true already, without a word; none if it cannot be told.
    pub fn look(&mut self, already: &Already) -> Option<Evidence> {
        let started = Instant::now();
        let (mut exit, mut output) = (Exit::Code(0), String::new());
        for argv in &already.run {
            let invocation = self.network.command(argv, LOOK, self.keep_daemons);
            let signals = self.signals;
            let mut watch = |_: Tick<'_>| if signals.arrived() { Action::Stop } else { Action::Continue };
            let ended = self.commands.run(&invocation, &mut watch).ok()?;
            output += &ended.output;
            exit = ended.exit;
            if exit != Exit::Code(0) {
                break;
            }
        }
        (!self.signals.arrived()).then(|| self.evidence(exit, &output, started.elapsed()))
    }

    /// All that can be observed after the commands have ended.
    fn evidence(&self, exit: Exit, output: &str, elapsed: Duration) -> Evidence {
        let output = redacted(&console::strip_ansi_codes(output));
        Evidence {
            exit,
            ledger: parse_ledger(&output),
            findings: parse_findings(&output),
            verdicts: parse_verdicts(&output),
            output,
            elapsed,
            nodes: self.network.nodes(),
            busy_ports: self.network.busy_ports(),
            processes: self.network.processes(),
        }
    }

    fn command(&mut self, step: &Step, argv: &[String]) -> Result<Ended> {
        let invocation = self.network.command(argv, step.timeout, self.keep_daemons);
        let mut live = LiveOutput::default();
        let mut idle = step.interrupt_when.as_ref().map(Idle::new);
        let (network, signals, sink) = (self.network, self.signals, &mut *self.sink);
        let mut silence = Silence::default();
        let ended = self.commands.run(&invocation, &mut |tick| {
            if let Some(text) = live.push(tick.chunk) {
                sink.event(&Event::Output(text));
                silence.broken(tick.elapsed);
            } else if silence.is_due(tick.elapsed) {
                sink.event(&Event::Waited { elapsed: tick.elapsed });
            }
            if signals.arrived() {
                return Action::Stop;
            }
            match idle.as_mut().and_then(|idle| idle.is_over(tick, network)) {
                Some(why) => {
                    sink.event(&Event::Narrated(why.into()));
                    Action::Interrupt
                }
                None => Action::Continue,
            }
        });
        if let Some(text) = live.finish() {
            self.sink.event(&Event::Output(text));
        }
        ended
    }

    /// Looks until the condition holds or its time is over, which is then for a check to tell; whether no signal
    /// arrived.
    fn wait_for(&mut self, condition: &WaitFor) -> bool {
        let started = Instant::now();
        let mut shown = None;
        while let Some(waiting) = self.waiting_for(condition.condition)
            && started.elapsed() < condition.timeout
        {
            if self.signals.arrived() {
                return false;
            }
            if shown.as_ref() != Some(&waiting) {
                let line = format!("waiting {waiting} (at most {} s)", condition.timeout.as_secs());
                self.sink.event(&Event::Narrated(line));
                shown = Some(waiting);
            }
            std::thread::sleep(self.poll_every);
        }
        true
    }

    /// What is still missing, in words; none when the condition holds or the network cannot tell.
    fn waiting_for(&self, condition: Condition) -> Option<String> {
        match condition {
            Condition::Nodes(wanted) => {
                let up = self.network.nodes()?.len() as u64;
                (up < wanted).then(|| format!("for {wanted} nodes, {up} up so far"))
            }
            Condition::NothingLeft => {
                let left = self.network.processes().unwrap_or_default().len()
                    + self.network.busy_ports().unwrap_or_default().len();
                (left > 0).then(|| "for the last processes to end".to_owned())
            }
        }
    }
}

/// When to say that a silent command goes on: about once a second, for the reader to see that time passes.
#[derive(Default)]
struct Silence {
    said: Duration,
}

impl Silence {
    fn broken(&mut self, elapsed: Duration) {
        self.said = elapsed;
    }

    fn is_due(&mut self, elapsed: Duration) -> bool {
        let due = elapsed.saturating_sub(self.said) >= Duration::from_secs(1);
        if due {
            self.said = elapsed;
        }
        due
    }
}

/// Whether the market has been silent for long enough, counted from the moment at which it was asked; or the command has
/// failed and does not end. `network-stats` waits for a thread of its own for ever after most of its errors.
struct Idle<'a> {
    when: &'a InterruptWhen,
    seen: String,
    asked_at: Option<Duration>,
    failed_at: Option<Duration>,
    interrupted: bool,
}

impl<'a> Idle<'a> {
    fn new(when: &'a InterruptWhen) -> Self {
        Self { when, seen: String::new(), asked_at: None, failed_at: None, interrupted: false }
    }

    /// Why it is over: once, and for the market only on a network that can tell.
    fn is_over(&mut self, tick: Tick<'_>, network: &dyn Network) -> Option<&'static str> {
        if self.interrupted {
            return None;
        }
        self.look(tick);
        let long = |since: Option<Duration>| {
            let passed = tick.elapsed.saturating_sub(since?);
            (passed >= self.when.market_idle).then_some(passed)
        };
        let why = if long(self.failed_at).is_some() {
            "the command has failed and does not end by itself; it is interrupted"
        } else {
            let since = long(self.asked_at)?;
            if network.market_idle_for()?.min(since) < self.when.market_idle {
                return None;
            }
            "the market has nothing more to offer"
        };
        self.interrupted = true;
        Some(why)
    }

    fn look(&mut self, tick: Tick<'_>) {
        if tick.chunk.is_empty() {
            return;
        }
        self.seen.push_str(tick.chunk);
        let says = |text: &String| self.seen.contains(text).then_some(tick.elapsed);
        self.asked_at = self.asked_at.or_else(|| says(&self.when.after));
        self.failed_at = self.failed_at.or_else(|| says(self.when.failed.as_ref()?));
    }
}
