//! Running a command to its end under a guard, with its output as it comes and the caller's say at every moment.
//!
//! May import `error`. Invariant: when [`Guard::run`] returns, the command's tree is gone; standard input is empty and
//! there is no terminal, so that no command can wait for an answer.

use std::ffi::OsString;
use std::io::{PipeReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::descendants::processes;
use super::guard::{Guard, KILL, Report};
use super::transcript::Transcript;
use crate::error::{Error, Result};

/// How much output is kept: beyond it the middle is forgotten.
const KEPT: usize = 8 * 1024 * 1024;
/// How often the caller is asked, at least.
const TICK: Duration = Duration::from_millis(100);
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

impl Guard {
    /// Runs a command to its end.
    ///
    /// # Errors
    /// `Machine` when the command cannot be started, `Internal` when the guard cannot, or was killed itself.
    pub fn run(&self, invocation: &Invocation, watch: &mut dyn FnMut(Tick<'_>) -> Action) -> Result<Ended> {
        let name =
            invocation.argv.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !invocation.cwd.is_dir() {
            return Err(Error::usage(format!(
                "failed to start `{name}`: there is no folder `{}`",
                invocation.cwd.display()
            )));
        }
        let failed = |error: std::io::Error| {
            Error::internal(format!("failed to start the guard of `{name}`: {error}")).caused_by(error)
        };
        let (out, writer) = std::io::pipe().map_err(failed)?;
        let also = writer.try_clone().map_err(failed)?;
        let started = Instant::now();
        let (guard, socket) =
            self.start(invocation, Stdio::from(writer), Stdio::from(also)).map_err(failed)?;
        let mut running = Running {
            guard,
            socket,
            out,
            transcript: Transcript::new(KEPT),
            started,
            ladder: Ladder::new(started + invocation.timeout),
        };
        let report = running.follow(watch);
        let elapsed = started.elapsed();
        let output = running.transcript.finish();
        match report {
            Some(Report::Ended(status)) => {
                Ok(Ended { exit: running.ladder.exit(status), status, output, elapsed })
            }
            Some(Report::NotStarted(cause)) => {
                Err(Error::machine(format!("failed to start `{name}`: {cause}")))
            }
            None => Err(Error::internal(format!("the guard of `{name}` was killed"))),
        }
    }
}

struct Running {
    guard: Child,
    socket: UnixStream,
    out: PipeReader,
    transcript: Transcript,
    started: Instant,
    ladder: Ladder,
}

impl Running {
    /// Reads, ticks and obeys until the guard has ended; then reads what is left.
    fn follow(&mut self, watch: &mut dyn FnMut(Tick<'_>) -> Action) -> Option<Report> {
        let mut open = true;
        loop {
            let ended = self.wait(open);
            let chunk = if open { self.read(&mut open) } else { String::new() };
            let action = self.tell(watch, &chunk);
            if ended {
                break;
            }
            self.ladder.wish(action);
            if let Some(step) = self.ladder.due(Instant::now()) {
                self.push(step);
            }
        }
        let report = Report::receive(&self.socket);
        if report.is_none() {
            self.end_session();
        }
        let _ = self.guard.wait();
        // Whoever still holds the pipe is a daemon that was kept or lives in another PID namespace: not waited for.
        while open && readable(&self.out, Duration::ZERO) {
            let chunk = self.read(&mut open);
            self.tell(watch, &chunk);
        }
        report
    }

    fn tell(&self, watch: &mut dyn FnMut(Tick<'_>) -> Action, chunk: &str) -> Action {
        watch(Tick { chunk, output: self.transcript.text(), elapsed: self.started.elapsed() })
    }

    /// Waits for output or the guard's end, at most a tick. Whether the guard has ended.
    fn wait(&self, open: bool) -> bool {
        let mut places = vec![PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        if open {
            places.push(PollFd::new(self.out.as_fd(), PollFlags::POLLIN));
        }
        let _ = poll(&mut places, timeout(TICK));
        places[0].any().unwrap_or(true)
    }

    /// Reads one chunk, if there is one.
    fn read(&mut self, open: &mut bool) -> String {
        if !readable(&self.out, Duration::ZERO) {
            return String::new();
        }
        let mut bytes = vec![0; 64 * 1024];
        match self.out.read(&mut bytes) {
            Ok(0) => {
                *open = false;
                String::new()
            }
            Ok(count) => self.transcript.push(&bytes[..count]),
            Err(error) => {
                *open = error.kind() == std::io::ErrorKind::Interrupted;
                String::new()
            }
        }
    }

    fn push(&self, step: Step) {
        match step {
            Step::Signal(signal) => {
                // The guard is not reaped before the end, so that its id cannot be another's.
                let _ = kill(guard_pid(&self.guard), signal);
            }
            Step::Kill => {
                let _ = (&self.socket).write_all(&[KILL]);
            }
        }
    }

    /// The guard was killed, so that nobody ended the tree: ends all who are still in its session.
    fn end_session(&self) {
        let session = guard_pid(&self.guard).as_raw();
        for process in processes().iter().filter(|process| process.session == session) {
            let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
        }
    }
}

fn guard_pid(guard: &Child) -> Pid {
    Pid::from_raw(i32::try_from(guard.id()).expect("the kernel's process ids fit an i32"))
}

fn readable(place: &impl AsFd, wait: Duration) -> bool {
    let mut places = [PollFd::new(place.as_fd(), PollFlags::POLLIN)];
    poll(&mut places, timeout(wait)).is_ok() && places[0].any().unwrap_or(false)
}

fn timeout(duration: Duration) -> PollTimeout {
    PollTimeout::try_from(duration).unwrap_or(PollTimeout::MAX)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Signal(Signal),
    Kill,
}

/// What is done to a command that should end, and when: pure, so that it can be read and tested without waiting.
#[derive(Debug)]
struct Ladder {
    deadline: Instant,
    interrupted: bool,
    stopped: bool,
    timed_out: bool,
    /// Steps still to take, each not before its time.
    steps: Vec<(Instant, Step)>,
}

impl Ladder {
    fn new(deadline: Instant) -> Self {
        Self { deadline, interrupted: false, stopped: false, timed_out: false, steps: Vec::new() }
    }

    fn wish(&mut self, action: Action) {
        self.wish_at(action, Instant::now());
    }

    fn wish_at(&mut self, action: Action, now: Instant) {
        match action {
            Action::Interrupt if !self.interrupted && !self.stopped => {
                self.interrupted = true;
                self.steps.push((now, Step::Signal(Signal::SIGINT)));
            }
            Action::Stop if !self.stopped => {
                self.stopped = true;
                self.steps = vec![(now, Step::Signal(Signal::SIGTERM)), (now + GRACE, Step::Kill)];
            }
            _ => {}
        }
        if now >= self.deadline && !self.timed_out && !self.stopped {
            self.timed_out = true;
            self.steps = vec![
                (now, Step::Signal(Signal::SIGINT)),
                (now + GRACE, Step::Signal(Signal::SIGTERM)),
                (now + 2 * GRACE, Step::Kill),
            ];
        }
    }

    fn due(&mut self, now: Instant) -> Option<Step> {
        (self.steps.first()?.0 <= now).then(|| self.steps.remove(0).1)
    }

    fn exit(&self, status: ExitStatus) -> Exit {
        let died_of_interrupt = status.signal() == Some(Signal::SIGINT as i32) || status.code() == Some(130);
        if self.timed_out {
            Exit::TimedOut
        } else if self.stopped || (self.interrupted && died_of_interrupt) {
            Exit::Interrupted
        } else if let Some(code) = status.code() {
            Exit::Code(code)
        } else {
            Exit::Signal(status.signal().unwrap_or(0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_climbs_from_int_over_term_to_kill() {
        let start = Instant::now();
        let mut ladder = Ladder::new(start);
        let at = |seconds| start + Duration::from_secs(seconds);
        ladder.wish_at(Action::Continue, start);
        assert_eq!(ladder.due(start), Some(Step::Signal(Signal::SIGINT)));
        assert_eq!(ladder.due(at(4)), None);
        assert_eq!(ladder.due(at(5)), Some(Step::Signal(Signal::SIGTERM)));
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
        assert_eq!(ladder.due(start), Some(Step::Signal(Signal::SIGINT)));
        assert_eq!(ladder.due(start), None);
        ladder.wish_at(Action::Stop, start);
        ladder.wish_at(Action::Stop, start);
        assert_eq!(ladder.due(start), Some(Step::Signal(Signal::SIGTERM)));
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
