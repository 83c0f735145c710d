//! A walk from its first step to its last teardown.

use std::time::{Duration, Instant};

use super::attempt::Attempt;
use super::pause::pause;
use super::teardown::Teardown;
use super::{Answer, Guide, Signals};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, Hint, Sink};
use crate::evidence::{Cause, Evidence, Exit, Funnel, Outcome, Verdict};
use crate::network::{CommandRunner, Network, PROGRAM};
use crate::tutorial::step::is_beyond_the_learner;
use crate::tutorial::{Planned, Step, Tutorial, parse_funnel};

/// Everything that a walk is made of.
pub struct Session<'a> {
    /// The project's name, for reports.
    pub project: String,
    /// The steps.
    pub tutorial: &'a Tutorial,
    /// Which of them, in which order.
    pub plan: Vec<Planned>,
    /// Where they run.
    pub network: &'a mut dyn Network,
    /// What runs their commands.
    pub commands: &'a mut dyn CommandRunner,
    /// Who decides about each.
    pub guide: &'a mut dyn Guide,
    /// What ends the walk early.
    pub signals: &'a Signals,
    /// Who hears of it.
    pub sink: &'a mut dyn Sink,
    /// How often a readiness condition is looked at.
    pub poll_every: Duration,
    /// What network-stats has counted in this walk; nothing at its start.
    pub counted: Option<Funnel>,
}

/// How a walk came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All steps had their turn, or one did not pass.
    Complete,
    /// The reader ended it.
    Quit,
    /// A signal ended it.
    Interrupted,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepResult {
    /// Step id.
    pub id: String,
    /// What it came to.
    pub outcome: Outcome,
    /// Whose doing a failure is, where a symptom tells.
    pub cause: Option<Cause>,
}

/// What a walk came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// Every step of the plan, in order.
    pub steps: Vec<StepResult>,
    /// How it ended.
    pub ending: Ending,
    /// Whether every teardown that was due ended well.
    pub torn_down: bool,
}

impl Walked {
    /// The process exit code: never 0 unless a step was run and every step that was run passed.
    pub fn exit_code(&self) -> u8 {
        let any = |outcome| self.steps.iter().any(|step| step.outcome == outcome);
        if self.ending != Ending::Complete {
            return ErrorKind::Interrupted.exit_code();
        }
        if self.steps.iter().any(|step| step.outcome == Outcome::Failed && step.cause == Some(Cause::Machine))
        {
            return ErrorKind::Machine.exit_code();
        }
        if any(Outcome::Failed) || !self.torn_down {
            return ErrorKind::Failed.exit_code();
        }
        if any(Outcome::Inconclusive) || any(Outcome::NotReached) || !any(Outcome::Passed) {
            return ErrorKind::Inconclusive.exit_code();
        }
        0
    }
}

/// What one step left the session with.
enum Turn {
    Next,
    Stop,
    End(Ending),
}

/// What is said of a failure that nothing is known of.
const UNKNOWN: &str = "this is none of the known failures; `golem-outbound support` writes a file that helps others to \
                       help you, and sends nothing";

impl Session<'_> {
    /// Walks. The teardown has run and the network has been stopped when this returns, whatever it returns.
    ///
    /// # Errors
    /// The tool itself could not go on.
    pub fn walk(mut self) -> Result<Walked> {
        let started = Instant::now();
        self.announce();
        let mut teardown = Teardown::default();
        let mut steps = Vec::new();
        let walked = self.steps(&mut steps, &mut teardown);
        let mut torn_down = true;
        if !teardown.is_empty() {
            self.sink.event(&Event::Narrated("taking down what the walk has started".into()));
            torn_down = teardown.run(&*self.network, self.commands, self.signals, self.sink);
        }
        let stopped = self.network.stop();
        self.sink.event(&Event::WalkFinished { elapsed: started.elapsed() });
        let ending = walked?;
        stopped?;
        Ok(Walked { steps, ending, torn_down })
    }

    fn announce(&mut self) {
        let steps = self.plan.iter().map(|planned| &self.tutorial.steps()[planned.index]);
        self.sink.event(&Event::WalkStarted {
            project: self.project.clone(),
            network: self.network.name().to_owned(),
            simulated: self.network.simulated(),
            steps: steps.map(|step| (step.id.clone(), step.title.clone())).collect(),
        });
        if let Some(content) = self.network.content() {
            self.sink.event(&Event::Narrated(format!("content: {content}")));
        }
    }

    fn steps(&mut self, results: &mut Vec<StepResult>, teardown: &mut Teardown) -> Result<Ending> {
        let plan = self.plan.clone();
        let mut ending = Ok(Ending::Complete);
        let mut obstacle: Option<String> = None;
        for (position, planned) in plan.iter().enumerate() {
            let step = &self.tutorial.steps()[planned.index];
            let idle = if planned.is_due() {
                obstacle
                    .clone()
                    .or_else(|| needs_a_skipped_one(step, results))
                    .map(|why| (Outcome::NotReached, why))
            } else {
                Some((Outcome::Skipped, planned.why.words()))
            };
            if let Some((outcome, reason)) = idle {
                self.pass_over(step, outcome, reason, results);
                continue;
            }
            match self.step(step, position + 1, plan.len(), results, teardown) {
                Ok(Turn::Next) => {}
                Ok(Turn::Stop) => obstacle = Some(format!("`{}` did not pass", step.id)),
                Ok(Turn::End(how)) => {
                    obstacle = Some(if how == Ending::Quit { "you quit" } else { "interrupted" }.into());
                    ending = Ok(how);
                }
                Err(error) => {
                    self.pass_over(step, Outcome::Inconclusive, error.message().to_owned(), results);
                    obstacle = Some(format!("`{}` could not be run", step.id));
                    ending = Err(error);
                }
            }
        }
        ending
    }

    fn step(
        &mut self,
        step: &Step,
        number: usize,
        count: usize,
        results: &mut Vec<StepResult>,
        teardown: &mut Teardown,
    ) -> Result<Turn> {
        self.sink.event(&Event::StepStarted {
            id: step.id.clone(),
            title: step.title.clone(),
            number,
            count,
            prose: step.prose.clone(),
            command: step.command_line(),
        });
        match if self.signals.take() { Answer::Interrupted } else { self.guide.ask() } {
            Answer::Run => {}
            Answer::Skip => {
                self.pass_over(step, Outcome::Skipped, "you skipped it".into(), results);
                return Ok(Turn::Next);
            }
            Answer::Quit => {
                self.pass_over(step, Outcome::NotReached, "you quit".into(), results);
                return Ok(Turn::End(Ending::Quit));
            }
            Answer::Interrupted => {
                self.pass_over(step, Outcome::NotReached, "interrupted".into(), results);
                return Ok(Turn::End(Ending::Interrupted));
            }
        }
        self.start_network_for(step)?;
        teardown.register(&step.id, &step.teardown);
        let keep_daemons = !teardown.is_empty();
        for number in 1..=step.retry.times + 1 {
            let evidence = self.attempt(keep_daemons).run(step)?;
            let mut interrupted = self.signals.take();
            let (outcome, hint) = self.judge(step, &evidence);
            // What the reader or the project got wrong goes wrong again; the network may be better the next time.
            if number <= step.retry.times && outcome == Outcome::Inconclusive && !interrupted {
                if self.pause_before(step, number) {
                    continue;
                }
                interrupted = self.signals.take();
            }
            if outcome == Outcome::Passed {
                step.undoes.iter().for_each(|undone| teardown.discharge(undone));
            }
            let reason = match (interrupted, evidence.exit) {
                (true, _) => "interrupted".to_owned(),
                (false, Exit::TimedOut) => format!("took longer than {} s", step.timeout.as_secs()),
                _ => String::new(),
            };
            let cause = hint.map(|hint| hint.cause);
            self.finish(step, outcome, reason, cause, Some(evidence), results);
            return Ok(match (interrupted, outcome) {
                (true, _) => Turn::End(Ending::Interrupted),
                (false, Outcome::Passed) => Turn::Next,
                (false, _) => Turn::Stop,
            });
        }
        // The loop above has at least one turn, and its last turn returns.
        Err(Error::internal(format!("step `{}` was never tried", step.id)))
    }

    /// Our own commands need no network, and the first ones prepare the machine for it.
    fn start_network_for(&mut self, step: &Step) -> Result<()> {
        let is_ours = |argv: &Vec<String>| argv.first().is_some_and(|program| program == PROGRAM);
        if self.network.is_ready() || step.run.iter().all(is_ours) {
            return Ok(());
        }
        self.sink.event(&Event::Narrated(format!("making the {} ready", self.network.name())));
        self.network.start()
    }

    fn attempt(&mut self, keep_daemons: bool) -> Attempt<'_> {
        Attempt {
            network: &*self.network,
            commands: self.commands,
            signals: self.signals,
            sink: self.sink,
            poll_every: self.poll_every,
            keep_daemons,
            counted: self.counted.as_ref(),
        }
    }

    /// Waits before the try after this one; whether no signal arrived.
    fn pause_before(&mut self, step: &Step, number: u32) -> bool {
        let length = step.retry.pause_before(number);
        let again = format!(
            "`{}` is tried again in {} s, for the {} time of {}",
            step.id,
            length.as_secs(),
            ordinal(number),
            step.retry.times
        );
        self.sink.event(&Event::Narrated(again));
        pause(length, self.signals, self.sink)
    }

    /// Judges, and tells apart what the learner can mend from what the network, a provider or upstream did.
    fn judge(&mut self, step: &Step, evidence: &Evidence) -> (Outcome, Option<Hint>) {
        let verdicts: Vec<Verdict> = step.checks.iter().map(|check| check.judge(evidence)).collect();
        for (check, verdict) in step.checks.iter().zip(&verdicts) {
            self.sink.event(&Event::Checked { check: check.words(), verdict: verdict.clone() });
        }
        if let Some(counted) = parse_funnel(&evidence.output) {
            self.counted = Some(counted);
        }
        let outcome = Outcome::of(&verdicts);
        if outcome == Outcome::Passed {
            return (outcome, None);
        }
        let hint = step.hint(&evidence.text()).cloned();
        match &hint {
            Some(hint) => self.sink.event(&Event::Hinted(hint.clone())),
            None if evidence.exit == Exit::Interrupted => {}
            None => self.sink.event(&Event::Narrated(UNKNOWN.into())),
        }
        match &hint {
            Some(hint) if is_beyond_the_learner(hint.cause) => (Outcome::Inconclusive, Some(hint.clone())),
            _ => (outcome, hint),
        }
    }

    fn pass_over(&mut self, step: &Step, outcome: Outcome, reason: String, results: &mut Vec<StepResult>) {
        self.finish(step, outcome, reason, None, None, results);
    }

    fn finish(
        &mut self,
        step: &Step,
        outcome: Outcome,
        reason: String,
        cause: Option<Cause>,
        evidence: Option<Evidence>,
        results: &mut Vec<StepResult>,
    ) {
        let elapsed = evidence.as_ref().map(|evidence| evidence.elapsed).unwrap_or_default();
        results.push(StepResult { id: step.id.clone(), outcome, cause });
        self.sink.event(&Event::StepFinished {
            id: step.id.clone(),
            outcome,
            reason,
            elapsed,
            evidence: evidence.map(Box::new),
        });
    }
}

fn ordinal(number: u32) -> String {
    match number {
        1 => "first".into(),
        2 => "second".into(),
        3 => "third".into(),
        _ => format!("{number}th"),
    }
}

/// Why a step cannot be run after the reader skipped one that it needs.
fn needs_a_skipped_one(step: &Step, results: &[StepResult]) -> Option<String> {
    let missing =
        results.iter().find(|done| done.outcome != Outcome::Passed && step.needs.contains(&done.id))?;
    Some(format!("it needs `{}`, which was {}", missing.id, missing.outcome.word()))
}

#[cfg(test)]
mod tests;
