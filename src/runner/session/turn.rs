//! One step's turn: what the reader is asked, and what becomes of the answer.
//!
//! May import what the session may. Invariant: a step is run only by an answer, and each answer that decides nothing is
//! followed by the question again.

use super::{Course, Session, Turn};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::evidence::Outcome;
use crate::runner::guide::{Answer, Moment, Question};
use crate::runner::results::Ending;
use crate::runner::shell::shell_for;
use crate::tutorial::step::command_line;
use crate::tutorial::{Step, Why};

impl Session<'_> {
    /// Asks about a step until it is decided, and does what was decided.
    pub(super) fn turn(
        &mut self,
        step: &Step,
        position: usize,
        at_once: bool,
        course: &mut Course<'_>,
    ) -> Result<Turn> {
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
        if let Some(wait) = &step.wait_for {
            let seconds = wait.timeout.as_secs();
            self.narrate(format!("waits for {}, for at most {seconds} s", wait.condition.words()));
        }
        for check in &step.checks {
            self.narrate(format!("checks: {}", check.words()));
        }
        for argv in &step.teardown {
            self.narrate(format!("at any end of the walk: `{}`", command_line(argv)));
        }
    }

    /// A shell as the step's command would find it. What the reader starts there is taken down as the step's own.
    fn shell(&mut self, step: &Step, course: &mut Course<'_>) -> Result<()> {
        self.start_network_for(step)?;
        self.owe(step, course)?;
        let invocation = shell_for(step, &*self.network, !course.teardown.is_empty());
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
}
