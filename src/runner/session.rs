//! A walk from its first step to its last teardown.
//!
//! Invariant: whatever a step leaves behind was registered for teardown before the step started; what is written down
//! of a step is written before and after it, so that a kill at any moment leaves the truth.

mod tries;
mod turn;

use std::time::{Duration, Instant};

use super::journal::Memory;
use super::results::{Ending, Results, StepResult, Walked};
use super::teardown::Teardown;
use super::{Guide, Signals, Watch};
use crate::error::Result;
use crate::event::{About, Event, Hint, PlannedStep, Sink, Version};
use crate::evidence::{Evidence, Funnel, Outcome};
use crate::network::{CommandRunner, Network};
use crate::tutorial::{Planned, Step, Tutorial};

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
        if let (false, Some(_)) = (course.teardown.is_empty(), self.network.ended()) {
            self.narrate("what the walk has started there has ended with it and need not be taken down");
            course.teardown.forget_what_ended(&*self.network);
        }
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
            self.narrate(format!("{done} of {count} steps done; the walk goes on at `{id}`: {why}"));
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

/// A step as reports know it before it has its turn.
fn outline(step: &Step) -> PlannedStep {
    PlannedStep { id: step.id.clone(), title: step.title.clone(), file: step.file.clone(), line: step.line }
}

#[cfg(test)]
mod tests;
