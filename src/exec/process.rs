//! A command to run, what its caller sees and wants meanwhile, and how it ended.
//!
//! May import `error`. Invariant: how a command is brought to its end is decided here, once for every system.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// How much output is kept: beyond it the middle is forgotten.
pub(super) const KEPT: usize = 8 * 1024 * 1024;
/// How often the caller is asked, at least.
pub(super) const TICK: Duration = Duration::from_millis(100);
/// How long a command has to follow a signal before the next stronger one.
const GRACE: Duration = Duration::from_secs(5);

/// A command to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Program and arguments; never a shell line.
    pub argv: Vec<OsString>,
    /// Where it runs.
    pub cwd: PathBuf,
    /// Added to our environment.
    pub env: Vec<(OsString, OsString)>,
    /// Taken out of our environment before `env` is added.
    pub env_remove: Vec<OsString>,
    /// When it is over, the command is interrupted, then terminated, then killed.
    pub timeout: Duration,
    /// Leaves processes that have a session of their own alive when the command has ended, for ray-on-golem's
    /// webserver and yagna on a real network. Also if we are killed meanwhile: whoever takes down the cluster then needs
    /// them.
    pub keep_daemons: bool,
}

impl Invocation {
    /// `argv` in `cwd` with our environment and `timeout`, and no daemon kept.
    pub fn new<A: Into<OsString>>(
        argv: impl IntoIterator<Item = A>,
        cwd: impl Into<PathBuf>,
        timeout: Duration,
    ) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            cwd: cwd.into(),
            env: Vec::new(),
            env_remove: Vec::new(),
            timeout,
            keep_daemons: false,
        }
    }

    /// Its program's name, for messages.
    pub(super) fn name(&self) -> String {
        self.argv.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The system says of a folder that is not there what it says of a program that is not there.
    pub(super) fn require_folder(&self) -> Result<()> {
        if self.cwd.is_dir() {
            return Ok(());
        }
        let (name, folder) = (self.name(), self.cwd.display());
        Err(Error::usage(format!("failed to start `{name}`: there is no folder `{folder}`")))
    }

    /// Adds one variable.
    #[must_use]
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }
}

/// What the caller sees at every chunk of output and at least ten times a second.
#[derive(Clone, Copy, Debug)]
pub struct Tick<'a> {
    /// Output since the last tick, both streams in the order of arrival; often empty.
    pub chunk: &'a str,
    /// All output so far, without the middle if it is long.
    pub output: &'a str,
    /// Time since the start.
    pub elapsed: Duration,
}

/// What the caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Go on.
    Continue,
    /// Interrupt the command as Ctrl-C would. Only the first one counts.
    Interrupt,
    /// Terminate the command, and kill its tree 5 s later.
    Stop,
}

/// Who or what ended a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It returned this code, by itself or as its answer to [`Action::Interrupt`].
    Code(i32),
    /// This signal ended it, and it was not us who sent it.
    Signal(i32),
    /// Its time was over.
    TimedOut,
    /// [`Action::Stop`] ended it, or it died of [`Action::Interrupt`] by SIGINT or with code 130.
    Interrupted,
}

impl Exit {
    /// Of a command that nobody made end.
    pub(super) fn of(status: ExitStatus) -> Self {
        status.code().map_or_else(|| Self::Signal(signal_of(status).unwrap_or(0)), Self::Code)
    }
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Who or what ended it.
    pub exit: Exit,
    /// Its own wait status, whoever ended it.
    pub status: ExitStatus,
    /// Both streams in the order of arrival, decoded leniently, ANSI codes kept; beyond 8 MiB without the middle.
    pub output: String,
    /// Wall-clock time.
    pub elapsed: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// As Ctrl-C would.
    Interrupt,
    /// As the system's own end would.
    Terminate,
    /// Without a say.
    Kill,
}

/// What is done to a command that should end, and when: pure, so that it can be read and tested without waiting.
#[derive(Debug)]
pub(super) struct Ladder {
    deadline: Instant,
    interrupted: bool,
    stopped: bool,
    timed_out: bool,
    /// Steps still to take, each not before its time.
    steps: Vec<(Instant, Step)>,
}

impl Ladder {
    pub(super) fn new(deadline: Instant) -> Self {
        Self { deadline, interrupted: false, stopped: false, timed_out: false, steps: Vec::new() }
    }

    pub(super) fn wish(&mut self, action: Action) {
        self.wish_at(action, Instant::now());
    }

    fn wish_at(&mut self, action: Action, now: Instant) {
        match action {
            Action::Interrupt if !self.interrupted && !self.stopped => {
                self.interrupted = true;
                self.steps.push((now, Step::Interrupt));
            }
            Action::Stop if !self.stopped => {
                self.stopped = true;
                self.steps = vec![(now, Step::Terminate), (now + GRACE, Step::Kill)];
            }
            _ => {}
        }
        if now >= self.deadline && !self.timed_out && !self.stopped {
            self.timed_out = true;
            self.steps =
                vec![(now, Step::Interrupt), (now + GRACE, Step::Terminate), (now + 2 * GRACE, Step::Kill)];
        }
    }

    pub(super) fn due(&mut self, now: Instant) -> Option<Step> {
        (self.steps.first()?.0 <= now).then(|| self.steps.remove(0).1)
    }

    pub(super) fn exit(&self, status: ExitStatus) -> Exit {
        let died_of_interrupt = signal_of(status) == Some(SIGINT) || status.code() == Some(130);
        if self.timed_out {
            Exit::TimedOut
        } else if self.stopped || (self.interrupted && died_of_interrupt) {
            Exit::Interrupted
        } else {
            Exit::of(status)
        }
    }
}

/// The signal of Ctrl-C.
const SIGINT: i32 = signal_hook::consts::SIGINT;

/// The signal that ended a process; none where there is no such thing.
fn signal_of(status: ExitStatus) -> Option<i32> {
    #[cfg(unix)]
    return std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    {
        let _ = status;
        None
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn a_timeout_climbs_from_int_over_term_to_kill() {
        let start = Instant::now();
        let mut ladder = Ladder::new(start);
        let at = |seconds| start + Duration::from_secs(seconds);
        ladder.wish_at(Action::Continue, start);
        assert_eq!(ladder.due(start), Some(Step::Interrupt));
        assert_eq!(ladder.due(at(4)), None);
        assert_eq!(ladder.due(at(5)), Some(Step::Terminate));
        assert_eq!(ladder.due(at(9)), None);
        assert_eq!(ladder.due(at(10)), Some(Step::Kill));
        assert_eq!(ladder.exit(ExitStatus::from_raw(0)), Exit::TimedOut);
    }

    #[test]
    fn a_stop_overtakes_an_interrupt_and_each_counts_once() {
        let start = Instant::now();
        let mut ladder = Ladder::new(start + Duration::from_secs(60));
        ladder.wish_at(Action::Interrupt, start);
        ladder.wish_at(Action::Interrupt, start);
        assert_eq!(ladder.due(start), Some(Step::Interrupt));
        assert_eq!(ladder.due(start), None);
        ladder.wish_at(Action::Stop, start);
        ladder.wish_at(Action::Stop, start);
        assert_eq!(ladder.due(start), Some(Step::Terminate));
        assert_eq!(ladder.due(start), None);
        assert_eq!(ladder.due(start + GRACE), Some(Step::Kill));
        assert_eq!(ladder.exit(ExitStatus::from_raw(9)), Exit::Interrupted);
    }

    #[test]
    fn an_interrupt_that_the_command_answers_with_a_code_keeps_the_code() {
        let start = Instant::now();
        let mut ladder = Ladder::new(start + Duration::from_secs(60));
        ladder.wish_at(Action::Interrupt, start);
        assert_eq!(ladder.exit(ExitStatus::from_raw(0)), Exit::Code(0));
        assert_eq!(ladder.exit(ExitStatus::from_raw(130 << 8)), Exit::Interrupted);
        assert_eq!(ladder.exit(ExitStatus::from_raw(2)), Exit::Interrupted);
    }
}
