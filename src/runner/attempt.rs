//! One try of one step: its commands, its readiness condition, the evidence.

use std::time::{Duration, Instant};

use super::Signals;
use super::live::LiveOutput;
use super::redaction::redacted;
use super::standstill::{Idle, Silence, Stall};
use crate::error::Result;
use crate::event::{Event, Sink};
use crate::evidence::{Evidence, Exit, Funnel};
use crate::network::{Action, CommandRunner, Ended, Network, Tick};
use crate::tutorial::{Already, Step, parse_findings, parse_ledger, parse_verdicts};

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
    /// What network-stats has counted earlier in the walk.
    pub counted: Option<&'a Funnel>,
}

impl Attempt<'_> {
    /// Runs the step's commands in order until one does not return 0, waits for its condition, and collects what
    /// can be observed.
    ///
    /// # Errors
    /// A command could not be started.
    pub fn run(&mut self, step: &Step) -> Result<Evidence> {
        let started = Instant::now();
        self.network.enter_step(&step.id);
        let mut exit = Exit::Code(0);
        let (mut output, mut notes) = (String::new(), Vec::new());
        let mut last = String::new();
        for argv in &step.run {
            output += &last;
            let ended = self.command(step, argv, &mut notes)?;
            last = ended.output;
            exit = ended.exit;
            if exit != Exit::Code(0) {
                break;
            }
        }
        if exit == Exit::Code(0) {
            exit = self.wait_until_ready(step, &mut last, &mut notes)?;
        }
        if let Some(why) = self.network.ended() {
            self.sink.event(&Event::Narrated(why.clone()));
            notes.push(why);
        }
        Ok(Evidence { notes, ..self.evidence(exit, &(output + last.as_str()), started.elapsed()) })
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
            notes: Vec::new(),
            elapsed,
            nodes: self.network.nodes(),
            busy_ports: self.network.busy_ports(),
            processes: self.network.processes(),
        }
    }

    pub(super) fn command(&mut self, step: &Step, argv: &[String], notes: &mut Vec<String>) -> Result<Ended> {
        let invocation = self.network.command(argv, step.timeout, self.keep_daemons);
        let mut live = LiveOutput::default();
        let mut idle = step.interrupt_when.as_ref().map(Idle::new);
        let mut stall = step.stall_when.as_ref().map(Stall::new);
        let (network, signals, counted) = (self.network, self.signals, self.counted);
        let sink = &mut *self.sink;
        let mut silence = Silence::default();
        let ended = self.commands.run(&invocation, &mut |tick| {
            if let Some(text) = live.push(tick.chunk) {
                sink.event(&Event::Output(text));
                silence.broken(tick.elapsed);
            } else if silence.is_due(tick.elapsed) {
                let what = stall.as_ref().and_then(|stall| stall.words(tick.elapsed)).unwrap_or_default();
                sink.event(&Event::Waited { what, elapsed: tick.elapsed });
            }
            if let Some(warning) = signals.lease().warning() {
                sink.event(&Event::Narrated(warning));
            }
            if signals.arrived() {
                return Action::Stop;
            }
            if let Some(why) = stall.as_mut().and_then(|stall| stall.is_over(tick)) {
                sink.event(&Event::Narrated(format!("{why}; the command is interrupted")));
                notes.push(why);
                let (seen, lines) = market(network, counted);
                sink.event(&Event::Narrated(seen));
                lines.iter().for_each(|line| sink.event(&Event::Narrated(line.clone())));
                notes.extend(lines);
                return Action::Interrupt;
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
}

/// What is known of the market when nobody agrees: its counts now, else those of network-stats, else where to get them.
fn market(network: &dyn Network, counted: Option<&Funnel>) -> (String, Vec<String>) {
    match (network.funnel(), counted) {
        (Some(now), _) => {
            let simulated = if network.simulated() { " (simulated)" } else { "" };
            (format!("the market has answered this demand as follows{simulated}"), now.lines())
        }
        (None, Some(counted)) => {
            ("network-stats counted as follows, earlier in this walk".into(), counted.lines())
        }
        (None, None) => {
            ("`golem-outbound run network-stats` counts at which stage offers are lost".into(), Vec::new())
        }
    }
}
