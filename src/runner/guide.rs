//! Who decides whether a step is run: the reader at a terminal, or nobody.
//!
//! May import `event`, `tutorial`. Invariant: nobody is asked off a terminal, and then everything is run until something does not pass.

use crate::event::Sink;
use crate::tutorial::Step;

/// What the reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Run the step; after a failure, once more.
    Run,
    /// Leave it out.
    Skip,
    /// Go back to the step before it.
    Back,
    /// Run the step that was run last once more.
    Again,
    /// Show the next hint.
    Hint,
    /// Show what the step does.
    Show,
    /// Open a shell where the step's command would run.
    Shell,
    /// End the walk.
    Quit,
    /// A signal arrived instead of an answer.
    Interrupted,
}

/// When the reader is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The step has just been shown.
    Before,
    /// It has just not passed.
    AfterFailure,
}

/// What the reader is asked.
pub struct Question<'a> {
    /// When.
    pub moment: Moment,
    /// About which step.
    pub step: &'a Step,
    /// Whether a step lies before it.
    pub can_go_back: bool,
    /// The step that was run last, if any was.
    pub last: Option<&'a str>,
}

/// Decides about each step.
pub trait Guide {
    /// What to do about the step. Words on the way to an answer go to the sink.
    fn ask(&mut self, question: &Question<'_>, sink: &mut dyn Sink) -> Answer;
}

/// Runs everything: `--yes`, or no terminal.
pub struct Unasked;

impl Guide for Unasked {
    fn ask(&mut self, question: &Question<'_>, _: &mut dyn Sink) -> Answer {
        match question.moment {
            Moment::Before => Answer::Run,
            Moment::AfterFailure => Answer::Quit,
        }
    }
}
