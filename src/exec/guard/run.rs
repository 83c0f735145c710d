//! Running a command to its end under a guard, with its output as it comes and the caller's say at every moment.
//!
//! May import `error`. Invariant: when [`Guard::run`] returns, the command's tree is gone; standard input is empty and
//! there is no terminal, so that no command can wait for an answer.

use std::io::{PipeReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Guard, KILL, Report, word_for};
use crate::error::{Error, Result};
use crate::exec::descendants::processes;
use crate::exec::process::{Action, Ended, Invocation, KEPT, Ladder, Step, TICK, Tick};
use crate::exec::transcript::Transcript;

impl Guard {
    /// Runs a command to its end.
    ///
    /// # Errors
    /// `Machine` when the command cannot be started, `Internal` when the guard cannot, or was killed itself.
    pub fn run(&self, invocation: &Invocation, watch: &mut dyn FnMut(Tick<'_>) -> Action) -> Result<Ended> {
        let name = invocation.name();
        invocation.require_folder()?;
        let failed = |error: std::io::Error| {
            Error::internal(format!("failed to start the guard of `{name}`: {error}")).caused_by(error)
        };
        let (out, writer) = std::io::pipe().map_err(failed)?;
        let also = writer.try_clone().map_err(failed)?;
        let started = Instant::now();
        let (guard, socket) = self.start(invocation, &writer, &also).map_err(failed)?;
        // The command's ends are the guard's now: ours would keep the pipe open.
        drop((writer, also));
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
    /// Its process id, which is its session's, too: nobody else gets the number while the session has a process.
    guard: i32,
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
        let word = match step {
            Step::Interrupt => word_for(Signal::SIGINT),
            Step::Terminate => word_for(Signal::SIGTERM),
            Step::Kill => KILL,
        };
        // A guard that has ended meanwhile has told how.
        let _ = (&self.socket).write_all(&[word]);
    }

    /// The guard was killed, so that nobody ended the tree: ends all who are still in its session.
    fn end_session(&self) {
        for process in processes().iter().filter(|process| process.session == self.guard) {
            let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
        }
    }
}

fn readable(place: &impl AsFd, wait: Duration) -> bool {
    let mut places = [PollFd::new(place.as_fd(), PollFlags::POLLIN)];
    poll(&mut places, timeout(wait)).is_ok() && places[0].any().unwrap_or(false)
}

fn timeout(duration: Duration) -> PollTimeout {
    PollTimeout::try_from(duration).unwrap_or(PollTimeout::MAX)
}
