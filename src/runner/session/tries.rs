//! The tries of one step: what is owed before them, how each is judged, and whether there is another.
//!
//! May import what the session may. Invariant: whoever has to know of a step's debts knows before its first try, and only
//! what could not be told is tried again.

use std::time::Duration;

use super::{Course, Session, Turn};
use crate::error::{Error, Result};
use crate::event::{Event, Hint};
use crate::evidence::{Evidence, Exit, Outcome, Verdict};
use crate::network::PROGRAM;
use crate::runner::attempt::Attempt;
use crate::runner::lease;
use crate::runner::pause::pause;
use crate::runner::results::{Ending, StepResult};
use crate::tutorial::progress::Last;
use crate::tutorial::step::is_beyond_the_learner;
use crate::tutorial::{Planned, Step, Why, parse_funnel};

/// What is said of a failure that nothing is known of.
const UNKNOWN: &str = "this is none of the known failures; `golem-outbound support` writes a file that helps others to \
                       help you, and sends nothing";

impl Session<'_> {
    /// Runs a step, judges it, and tries again as often as it says.
    pub(super) fn run(&mut self, step: &Step, position: usize, course: &mut Course<'_>) -> Result<Turn> {
        self.start_network_for(step)?;
        self.owe(step, course)?;
        let begins = self.memory.begins(step);
        self.heed(begins);
        course.last = Some(position);
        let keep_daemons = !course.teardown.is_empty();
        for number in 1..=step.retry.times + 1 {
            let evidence = self.attempt(keep_daemons).run(step)?;
            let mut interrupted = self.signals.take();
            let (outcome, hint) = self.judge(step, &evidence);
            // What the reader or the project got wrong goes wrong again; the network may be better the next time, if there
            // is one.
            let is_worth_it = outcome == Outcome::Inconclusive && self.network.ended().is_none();
            if number <= step.retry.times && is_worth_it && !interrupted {
                if self.pause_before(step, number) {
                    self.sink.event(&Event::TriedAgain);
                    continue;
                }
                interrupted = self.signals.take();
            }
            if outcome == Outcome::Passed {
                course.teardown.discharge(&step.undoes, &*self.network)?;
                course.results.undo(&step.undoes);
            }
            if !interrupted {
                let ended = self.memory.ended(step, last(outcome));
                self.heed(ended);
            }
            let reason = match (interrupted, evidence.exit) {
                (true, _) => self.signals.words().to_owned(),
                (false, Exit::TimedOut) => format!("took longer than {} s", step.timeout.as_secs()),
                _ => String::new(),
            };
            let result = StepResult {
                id: step.id.clone(),
                outcome,
                cause: hint.as_ref().map(|hint| hint.cause),
                holds: outcome == Outcome::Passed,
            };
            // Its first rung has just been shown.
            course.hint = hint.map(|hint| (hint, 1));
            self.finish(position, result, reason, Some(evidence), course);
            return Ok(match (interrupted, outcome) {
                (true, _) => Turn::End(Ending::Interrupted),
                (false, Outcome::Passed) => Turn::Next,
                (false, _) => Turn::Stop,
            });
        }
        // The loop above has at least one turn, and its last turn returns.
        Err(Error::internal(format!("step `{}` was never tried", step.id)))
    }

    /// A memory that fails spoils the next walk's start, not this walk.
    pub(super) fn heed(&mut self, written: Result<()>) {
        if let Err(error) = written {
            self.narrate(format!("{}; the next walk will not know of this step", error.message()));
        }
    }

    /// Our own commands need no network, and the first ones prepare the machine for it.
    pub(super) fn start_network_for(&mut self, step: &Step) -> Result<()> {
        if self.network.is_ready() || step.run.iter().all(|argv| is_ours(argv)) {
            return Ok(());
        }
        let name = self.network.name();
        self.narrate(format!("making the {name} ready"));
        self.network.start()
    }

    /// Lets somebody else know what the step owes, before it starts; with the first debt the lease begins.
    pub(super) fn owe(&mut self, step: &Step, course: &mut Course<'_>) -> Result<()> {
        let is_first = course.teardown.is_empty() && !step.teardown.is_empty();
        course.teardown.register(&step.id, &step.teardown, &*self.network)?;
        if let (true, Some(left)) = (is_first, self.signals.lease().left()) {
            let left = lease::words(Duration::from_secs(left.as_secs_f64().ceil() as u64));
            self.narrate(format!(
                "what is started from here on is taken down after {left} at the latest, which is the lease"
            ));
        }
        Ok(())
    }

    pub(super) fn attempt(&mut self, keep_daemons: bool) -> Attempt<'_> {
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
    pub(super) fn pause_before(&mut self, step: &Step, number: u32) -> bool {
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

    /// What is true already, if a step says how to see that, and it can be seen. Nothing is started for it.
    pub(super) fn already_true(
        &mut self,
        planned: &Planned,
        step: &Step,
        first_time: bool,
    ) -> Option<String> {
        let already = step.already.as_ref()?;
        let blind = !self.network.is_ready() && !already.run.iter().all(|argv| is_ours(argv));
        if !self.check_first || !first_time || planned.why == Why::Asked || blind || self.signals.arrived() {
            return None;
        }
        let evidence = self.attempt(true).look(already)?;
        let holds = already.checks.iter().all(|check| check.judge(&evidence) == Verdict::Pass);
        holds.then(|| already.why.clone())
    }

    pub(super) fn true_already(&mut self, step: &Step, position: usize, why: &str, course: &mut Course<'_>) {
        let written = self.memory.begins(step).and_then(|()| self.memory.ended(step, Last::AlreadyTrue));
        self.heed(written);
        self.pass_over(step, position, Outcome::Skipped, format!("already true: {why}"), true, course);
    }

    /// Judges, and tells apart what the learner can mend from what the network, a provider or upstream did.
    pub(super) fn judge(&mut self, step: &Step, evidence: &Evidence) -> (Outcome, Option<Hint>) {
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
}

fn ordinal(number: u32) -> String {
    match number {
        1 => "first".into(),
        2 => "second".into(),
        3 => "third".into(),
        _ => format!("{number}th"),
    }
}

fn is_ours(argv: &[String]) -> bool {
    argv.first().is_some_and(|program| program == PROGRAM)
}

/// As it is remembered.
fn last(outcome: Outcome) -> Last {
    match outcome {
        Outcome::Passed => Last::Passed,
        Outcome::Failed => Last::Failed,
        Outcome::Inconclusive | Outcome::Skipped | Outcome::NotReached => Last::Inconclusive,
    }
}
