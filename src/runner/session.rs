//! A walk from its first step to its last teardown.
//!
//! Invariant: whatever a step leaves behind was registered for teardown before the step started; what is written down
//! of a step is written before and after it, so that a kill at any moment leaves the truth.

use std::time::{Duration, Instant};

use super::attempt::Attempt;
use super::guide::{Moment, Question};
use super::journal::Memory;
use super::lease;
use super::pause::pause;
use super::results::{Ending, Results, StepResult, Walked};
use super::shell::shell_for;
use super::teardown::Teardown;
use super::{Answer, Guide, Signals, Watch};
use crate::error::{Error, Result};
use crate::event::{About, Event, Hint, PlannedStep, Sink, Version};
use crate::evidence::{Evidence, Exit, Funnel, Outcome, Verdict};
use crate::network::{CommandRunner, Network, PROGRAM};
use crate::tutorial::progress::Last;
use crate::tutorial::step::is_beyond_the_learner;
use crate::tutorial::{Planned, Step, Tutorial, Why, parse_funnel};

/// Everything that a walk is made of.
pub struct Session<'a> {
    /// The project's name, for reports.
    pub project: String,
    /// What its reports begin with.
    pub about: About,
    /// The versions of what takes part, looked up anew with every call.
    pub versions: &'a dyn Fn() -> Vec<Version>,
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
    /// Who remembers them for the next walk.
    pub memory: &'a mut dyn Memory,
    /// What ends the walk early.
    pub signals: &'a Signals,
    /// Who hears of it.
    pub sink: &'a mut dyn Sink,
    /// How often a readiness condition is looked at.
    pub poll_every: Duration,
    /// What network-stats has counted in this walk; nothing at its start.
    pub counted: Option<Funnel>,
    /// Whether a step that is true already is left out, unless the reader named it.
    pub check_first: bool,
}

/// What has happened so far.
struct Course<'w> {
    results: Results,
    teardown: Teardown<'w>,
    /// The position of the step that was run last.
    last: Option<usize>,
    /// The hint of the last failure, and how many rungs of its ladder were shown.
    hint: Option<(Hint, usize)>,
    /// Why no further step is run.
    obstacle: Option<String>,
}

/// Where the walk goes from a step.
enum Turn {
    Next,
    /// To the step at this position, with or without a question.
    To(usize, bool),
    Stop,
    End(Ending),
}

/// What is said of a failure that nothing is known of.
const UNKNOWN: &str = "this is none of the known failures; `golem-outbound support` writes a file that helps others to \
                       help you, and sends nothing";

impl Session<'_> {
    /// Walks. The teardown has run and the network has been stopped when this returns, whatever it returns. If this
    /// process is killed meanwhile, `watch` has to do that.
    ///
    /// # Errors
    /// The tool itself could not go on.
    pub fn walk(mut self, watch: &mut dyn Watch) -> Result<Walked> {
        let started = Instant::now();
        let versions = self.announce();
        let mut course = Course {
            results: Results::of(self.plan.len()),
            teardown: Teardown::new(watch),
            last: None,
            hint: None,
            obstacle: None,
        };
        let walked = self.steps(&mut course);
        let mut torn_down = true;
        if !course.teardown.is_empty() {
            self.narrate("taking down what the walk has started");
            torn_down = course.teardown.run(&*self.network, self.commands, self.signals, self.sink);
        }
        // What lives in a network of the walk's own ends with it.
        let own_network = self.network.lifeline().is_some();
        let stopped = self.network.stop();
        if course.teardown.release(torn_down || (own_network && stopped.is_ok())) {
            self.narrate(
                "the watchdog goes on with what could not be taken down; the next `run` says what came of it",
            );
        }
        self.announce_new(&versions);
        let walked = walked.and_then(|ending| stopped.map(|()| ending)).map(|ending| Walked {
            steps: course.results.into_steps(),
            ending,
            torn_down,
        });
        let (ending, exit_code) = match &walked {
            Ok(walked) => (walked.ending, walked.exit_code()),
            Err(error) => (Ending::Broken, error.kind().exit_code()),
        };
        self.sink.event(&Event::WalkFinished { elapsed: started.elapsed(), ending, exit_code });
        walked
    }

    fn narrate(&mut self, text: impl Into<String>) {
        self.sink.event(&Event::Narrated(text.into()));
    }

    /// Says what begins, and where; returns the versions that were told.
    fn announce(&mut self) -> Vec<Version> {
        let steps = self.plan.iter().map(|planned| &self.tutorial.steps()[planned.index]);
        self.sink.event(&Event::WalkStarted {
            project: self.project.clone(),
            network: self.network.name().to_owned(),
            simulated: self.network.simulated(),
            content: self.network.content(),
            steps: steps.map(outline).collect(),
            about: Box::new(std::mem::take(&mut self.about)),
        });
        if let Some(content) = self.network.content() {
            self.narrate(format!("content: {content}"));
        }
        let done = self.plan.iter().filter(|planned| planned.is_done()).count();
        if let (true, Some(first)) = (done > 0, self.plan.iter().find(|planned| planned.is_due())) {
            let id = &self.tutorial.steps()[first.index].id;
            let (count, why) = (self.plan.len(), first.why.words());
            self.narrate(format!("{done} of {count} steps are done; the walk goes on at `{id}`: {why}"));
            let network = self.network.name();
            let option = if network == "localnet" { String::new() } else { format!(" --network {network}") };
            self.narrate(format!("to walk all of them again: `golem-outbound run{option} --again`"));
        }
        self.announce_new(&[])
    }

    /// Tells the versions if they are others than those that were told before; a step may make the environment.
    fn announce_new(&mut self, told: &[Version]) -> Vec<Version> {
        let versions = (self.versions)();
        if versions != told {
            self.sink.event(&Event::Versions(versions.clone()));
        }
        versions
    }

    fn steps(&mut self, course: &mut Course<'_>) -> Result<Ending> {
        let plan = self.plan.clone();
        let (mut ending, mut position) = (Ok(Ending::Complete), 0);
        // Where the reader goes back to: asked about, or run at once, even if the plan leaves it out.
        let (mut wanted, mut at_once) = (false, false);
        while let Some(planned) = plan.get(position) {
            let step = &self.tutorial.steps()[planned.index];
            if let Some((outcome, reason)) = self.idle(planned, step, course, wanted) {
                self.pass_over(step, position, outcome, reason, planned.is_done(), course);
                (position, wanted) = (position + 1, false);
                continue;
            }
            let first_time = !wanted && course.results.at(position).is_none();
            let turn = match self.already_true(planned, step, first_time) {
                Some(why) => {
                    self.true_already(step, position, &why, course);
                    Ok(Turn::Next)
                }
                None => self.turn(step, position, at_once, course),
            };
            (wanted, at_once) = (false, false);
            match turn {
                Ok(Turn::Next) => position += 1,
                Ok(Turn::To(to, now)) => (position, wanted, at_once) = (to, true, now),
                Ok(Turn::Stop) => {
                    course.obstacle = Some(format!("`{}` did not pass", step.id));
                    position += 1;
                }
                Ok(Turn::End(how)) => {
                    let why = if how == Ending::Quit { "you quit" } else { self.signals.words() };
                    course.obstacle = Some(why.into());
                    ending = Ok(how);
                    position += 1;
                }
                Err(error) => {
                    self.pass_over(
                        step,
                        position,
                        Outcome::Inconclusive,
                        error.message().into(),
                        false,
                        course,
                    );
                    course.obstacle = Some(format!("`{}` could not be run", step.id));
                    ending = Err(error);
                    position += 1;
                }
            }
        }
        ending
    }

    /// Why a step does not get its turn, if so.
    fn idle(
        &self,
        planned: &Planned,
        step: &Step,
        course: &Course<'_>,
        wanted: bool,
    ) -> Option<(Outcome, String)> {
        let is_wanted = planned.is_due() || (wanted && planned.is_done());
        if !is_wanted {
            return Some((Outcome::Skipped, planned.why.words()));
        }
        let why = course.obstacle.clone().or_else(|| course.results.missing_for(step))?;
        Some((Outcome::NotReached, why))
    }

    /// Asks about a step until it is decided, and does what was decided.
    fn turn(&mut self, step: &Step, position: usize, at_once: bool, course: &mut Course<'_>) -> Result<Turn> {
        self.begin(step, position);
        let mut answer = match (self.signals.take(), at_once) {
            (true, _) => Answer::Interrupted,
            (false, true) => Answer::Run,
            (false, false) => self.ask(Moment::Before, step, position, course)?,
        };
        let mut failed = false;
        loop {
            match answer {
                Answer::Run => {
                    if failed {
                        self.begin(step, position);
                    }
                    match self.run(step, position, course)? {
                        Turn::Stop => failed = true,
                        turn => return Ok(turn),
                    }
                    answer = self.ask(Moment::AfterFailure, step, position, course)?;
                }
                Answer::Back => return Ok(Turn::To(self.before(position).unwrap_or(position), false)),
                Answer::Again => return Ok(Turn::To(course.last.unwrap_or(position), true)),
                Answer::Skip => {
                    self.skip(step, position, failed, course);
                    return Ok(Turn::Next);
                }
                // What has failed is told as such, whoever ends the walk afterwards.
                Answer::Quit if failed => return Ok(Turn::Stop),
                Answer::Quit => {
                    self.pass_over(step, position, Outcome::NotReached, "you quit".into(), false, course);
                    return Ok(Turn::End(Ending::Quit));
                }
                Answer::Interrupted => {
                    if !failed {
                        let why = self.signals.words().to_owned();
                        self.pass_over(step, position, Outcome::NotReached, why, false, course);
                    }
                    return Ok(Turn::End(Ending::Interrupted));
                }
                Answer::Hint | Answer::Show | Answer::Shell => {
                    return Err(Error::internal("an answer that decides nothing was taken for a decision"));
                }
            }
        }
    }

    fn begin(&mut self, step: &Step, position: usize) {
        self.sink.event(&Event::StepStarted {
            id: step.id.clone(),
            title: step.title.clone(),
            number: position + 1,
            count: self.plan.len(),
            file: step.file.clone(),
            line: step.line,
            prose: step.prose.clone(),
            command: step.command_line(),
        });
    }

    /// Asks until the answer decides; shows what is asked for on the way.
    fn ask(
        &mut self,
        moment: Moment,
        step: &Step,
        position: usize,
        course: &mut Course<'_>,
    ) -> Result<Answer> {
        loop {
            let last = course.last.map(|last| self.tutorial.steps()[self.plan[last].index].id.as_str());
            let can_go_back = self.before(position).is_some();
            let question = Question { moment, step, can_go_back, last };
            match self.guide.ask(&question, self.sink) {
                Answer::Hint => self.hint(course),
                Answer::Show => self.show(step),
                Answer::Shell => self.shell(step, course)?,
                answer => return Ok(answer),
            }
            if self.signals.take() {
                return Ok(Answer::Interrupted);
            }
        }
    }

    /// The nearest step before this one that the network has a use for.
    fn before(&self, position: usize) -> Option<usize> {
        (0..position).rev().find(|at| !matches!(self.plan[*at].why, Why::NotOn(_)))
    }

    /// The next rung of the hint's ladder.
    fn hint(&mut self, course: &mut Course<'_>) {
        let Some((hint, shown)) = &mut course.hint else {
            return self.narrate("there is no hint: nothing that is known has gone wrong");
        };
        let count = hint.rungs().len();
        *shown = (*shown + 1).min(count);
        let text = hint.rung(*shown).map(|(_, text)| text).unwrap_or_default();
        let number = *shown;
        self.narrate(format!("hint {number} of {count}: {text}"));
    }

    fn show(&mut self, step: &Step) {
        self.narrate(format!(
            "runs `{}`, for at most {} s each",
            step.command_line(),
            step.timeout.as_secs()
        ));
        for check in &step.checks {
            self.narrate(format!("checks: {}", check.words()));
        }
        for argv in &step.teardown {
            self.narrate(format!("at any end of the walk: `{}`", crate::tutorial::step::command_line(argv)));
        }
    }

    /// A shell as the step's command would find it. What the reader starts there is taken down as the step's own.
    fn shell(&mut self, step: &Step, course: &mut Course<'_>) -> Result<()> {
        self.start_network_for(step)?;
        self.owe(step, course)?;
        let invocation = shell_for(step, &*self.network);
        let folder = invocation.cwd.display();
        self.narrate(format!("a shell as `{}` has it, in `{folder}`; `exit` comes back here", step.id));
        let signals = self.signals.clone();
        if let Err(error) = self.commands.interact(&invocation, &|| signals.arrived()) {
            self.narrate(error.message());
        }
        self.narrate("back in the walk");
        Ok(())
    }

    /// Leaves a step out. One that has passed before in this walk stays passed, one that has just failed stays failed.
    fn skip(&mut self, step: &Step, position: usize, failed: bool, course: &mut Course<'_>) {
        if course.results.at(position).is_some_and(|before| before.holds) {
            self.narrate(format!("`{}` stays as it was", step.id));
        } else if !failed {
            self.pass_over(step, position, Outcome::Skipped, "you skipped it".into(), false, course);
        }
    }

    /// Runs a step, judges it, and tries again as often as it says.
    fn run(&mut self, step: &Step, position: usize, course: &mut Course<'_>) -> Result<Turn> {
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
            // What the reader or the project got wrong goes wrong again; the network may be better the next time.
            if number <= step.retry.times && outcome == Outcome::Inconclusive && !interrupted {
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
    fn heed(&mut self, written: Result<()>) {
        if let Err(error) = written {
            self.narrate(format!("{}; the next walk will not know of this step", error.message()));
        }
    }

    /// Our own commands need no network, and the first ones prepare the machine for it.
    fn start_network_for(&mut self, step: &Step) -> Result<()> {
        if self.network.is_ready() || step.run.iter().all(|argv| is_ours(argv)) {
            return Ok(());
        }
        let name = self.network.name();
        self.narrate(format!("making the {name} ready"));
        self.network.start()
    }

    /// Lets somebody else know what the step owes, before it starts; with the first debt the lease begins.
    fn owe(&mut self, step: &Step, course: &mut Course<'_>) -> Result<()> {
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

    /// What is true already, if a step says how to see that, and it can be seen. Nothing is started for it.
    fn already_true(&mut self, planned: &Planned, step: &Step, first_time: bool) -> Option<String> {
        let already = step.already.as_ref()?;
        let blind = !self.network.is_ready() && !already.run.iter().all(|argv| is_ours(argv));
        if !self.check_first || !first_time || planned.why == Why::Asked || blind || self.signals.arrived() {
            return None;
        }
        let evidence = self.attempt(true).look(already)?;
        let holds = already.checks.iter().all(|check| check.judge(&evidence) == Verdict::Pass);
        holds.then(|| already.why.clone())
    }

    fn true_already(&mut self, step: &Step, position: usize, why: &str, course: &mut Course<'_>) {
        let written = self.memory.begins(step).and_then(|()| self.memory.ended(step, Last::AlreadyTrue));
        self.heed(written);
        self.pass_over(step, position, Outcome::Skipped, format!("already true: {why}"), true, course);
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

    /// A step that is not run now. What came of it before, when the reader has gone back, is not overwritten.
    fn pass_over(
        &mut self,
        step: &Step,
        position: usize,
        outcome: Outcome,
        reason: String,
        holds: bool,
        course: &mut Course<'_>,
    ) {
        if course.results.at(position).is_some_and(|before| before.says_more_than(outcome)) {
            return;
        }
        let result = StepResult { id: step.id.clone(), outcome, cause: None, holds };
        self.finish(position, result, reason, None, course);
    }

    fn finish(
        &mut self,
        position: usize,
        result: StepResult,
        reason: String,
        evidence: Option<Evidence>,
        course: &mut Course<'_>,
    ) {
        let elapsed = evidence.as_ref().map(|evidence| evidence.elapsed).unwrap_or_default();
        self.sink.event(&Event::StepFinished {
            id: result.id.clone(),
            outcome: result.outcome,
            reason,
            elapsed,
            evidence: evidence.map(Box::new),
        });
        course.results.set(position, result);
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

/// A step as reports know it before it has its turn.
fn outline(step: &Step) -> PlannedStep {
    PlannedStep { id: step.id.clone(), title: step.title.clone(), file: step.file.clone(), line: step.line }
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

#[cfg(test)]
mod tests;
