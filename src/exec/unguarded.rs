//! Running commands where there is no guard between us and them: elsewhere than on Linux.
//!
//! May import `error`. A command is started as the head of a tree that can be ended as a whole: a process group on Unix,
//! a job on Windows. What is weaker than under a guard: a process that leaves the group, as daemons do, is not found, and
//! a command outlives us if we are killed. On Linux it is compiled for its tests alone. Invariant: when [`Guard::run`]
//! returns, nobody of the tree is left, unless daemons were to be kept; standard input is empty, so that no command can
//! wait for an answer.

#[cfg(unix)]
#[path = "unguarded/group.rs"]
mod tree;
#[cfg(windows)]
#[path = "unguarded/job.rs"]
mod tree;

use std::ffi::OsString;
use std::io::{PipeReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use self::tree::Tree;
use super::process::{Action, Ended, Exit, Invocation, KEPT, Ladder, Step, TICK, Tick};
use super::transcript::Transcript;
use crate::error::{Error, Result};

/// How long the pipe of a command that has ended is read on: whoever holds it then is a daemon.
const REST: Duration = Duration::from_millis(200);
/// How long a command that has the terminal may take to follow before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// Stands for the guard that there is on Linux.
#[derive(Clone, Copy, Debug)]
pub struct Guard;

impl Guard {
    /// No process.
    pub fn current() -> Self {
        Self
    }

    /// No process, whatever program is named.
    pub fn at(_: impl Into<PathBuf>) -> Self {
        Self
    }

    /// Never: there are none.
    pub fn stands_in(_: &Path) -> bool {
        false
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// `Machine` when the command cannot be started, `Internal` when its output cannot be read.
    pub fn run(&self, invocation: &Invocation, watch: &mut dyn FnMut(Tick<'_>) -> Action) -> Result<Ended> {
        invocation.require_folder()?;
        let name = invocation.name();
        let piped = |error: std::io::Error| {
            Error::internal(format!("failed to make a pipe for `{name}`: {error}")).caused_by(error)
        };
        let (out, writer) = std::io::pipe().map_err(piped)?;
        let also = writer.try_clone().map_err(piped)?;
        let mut command = command(invocation);
        command.stdin(Stdio::null()).stdout(writer).stderr(also);
        let started = Instant::now();
        let mut tree = start(command, invocation)?;
        let mut output = Output { transcript: Transcript::new(KEPT), chunks: read(out), started };
        let mut ladder = Ladder::new(started + invocation.timeout);
        let status = loop {
            let ended = tree.ended();
            let chunk = output.wait(if ended.is_some() { Duration::ZERO } else { TICK });
            let action = output.tell(watch, chunk.as_deref().unwrap_or_default());
            if let Some(status) = ended {
                break status;
            }
            ladder.wish(action);
            if let Some(step) = ladder.due(Instant::now()) {
                tree.push(step);
            }
        };
        let elapsed = started.elapsed();
        drop(tree);
        while let Some(chunk) = output.wait(REST) {
            output.tell(watch, &chunk);
        }
        Ok(Ended { exit: ladder.exit(status), status, output: output.transcript.finish(), elapsed })
    }

    /// Gives the terminal to a command until it ends, or until `stop` says so.
    ///
    /// # Errors
    /// `Machine` when it cannot be started.
    pub fn interact(&self, invocation: &Invocation, stop: &dyn Fn() -> bool) -> Result<Exit> {
        #[cfg(unix)]
        let terminal = super::terminal::Terminal::remember();
        let mut tree =
            Tree::on_terminal(command(invocation)).map_err(|error| not_started(invocation, error))?;
        let mut told: Option<Instant> = None;
        let status = loop {
            if let Some(status) = tree.ended() {
                break status;
            }
            match told {
                None if stop() => {
                    told = Some(Instant::now());
                    tree.push(Step::Terminate);
                }
                Some(since) if since.elapsed() > GRACE => tree.push(Step::Kill),
                _ => {}
            }
            std::thread::sleep(TICK);
        };
        #[cfg(unix)]
        terminal.take_back();
        if told.is_some() {
            return Ok(Exit::Interrupted);
        }
        Ok(Exit::of(status))
    }
}

fn command(invocation: &Invocation) -> Command {
    // Nothing to start is refused by the system.
    let program = invocation.argv.first().map(OsString::as_os_str).unwrap_or_default();
    let mut command = Command::new(program);
    command.args(invocation.argv.iter().skip(1)).current_dir(&invocation.cwd);
    for key in &invocation.env_remove {
        command.env_remove(key);
    }
    command.envs(invocation.env.iter().map(|(key, value)| (key, value)));
    command
}

fn start(command: Command, invocation: &Invocation) -> Result<Tree> {
    Tree::start(command, invocation.keep_daemons).map_err(|error| not_started(invocation, error))
}

fn not_started(invocation: &Invocation, error: std::io::Error) -> Error {
    Error::machine(format!("failed to start `{}`: {error}", invocation.name())).caused_by(error)
}

/// Chunks of a pipe as they come; a reader of its own, since not every system can wait for a pipe and a process at once.
fn read(mut out: PipeReader) -> Receiver<Vec<u8>> {
    let (sender, chunks) = sync_channel(16);
    std::thread::spawn(move || {
        let mut bytes = vec![0; 64 * 1024];
        loop {
            match out.read(&mut bytes) {
                Ok(0) => return,
                Ok(count) if sender.send(bytes[..count].to_vec()).is_err() => return,
                Err(error) if error.kind() != std::io::ErrorKind::Interrupted => return,
                _ => {}
            }
        }
    });
    chunks
}

struct Output {
    transcript: Transcript,
    chunks: Receiver<Vec<u8>>,
    started: Instant,
}

impl Output {
    /// The next chunk; none if there was none in that time, or no more will come.
    fn wait(&mut self, limit: Duration) -> Option<String> {
        match self.chunks.recv_timeout(limit) {
            Ok(bytes) => Some(self.transcript.push(&bytes)),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                // A command may close its output long before it ends.
                std::thread::sleep(limit.min(TICK));
                None
            }
        }
    }

    fn tell(&self, watch: &mut dyn FnMut(Tick<'_>) -> Action, chunk: &str) -> Action {
        watch(Tick { chunk, output: self.transcript.text(), elapsed: self.started.elapsed() })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(script: &str, timeout: Duration, watch: &mut dyn FnMut(Tick<'_>) -> Action) -> Ended {
        let invocation = Invocation::new(["sh", "-c", script], "/", timeout).env("WORD", "rock");
        Guard::current().run(&invocation, watch).unwrap()
    }

    fn is_alive(pid: &str) -> bool {
        let pid = nix::unistd::Pid::from_raw(pid.trim().parse().unwrap());
        nix::sys::signal::kill(pid, None).is_ok()
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn both_streams_and_the_code_are_there() {
        let ended = run("echo $WORD; echo b >&2; exit 3", LONG, &mut |_| Action::Continue);
        assert_eq!((ended.output.as_str(), ended.exit), ("rock\nb\n", Exit::Code(3)));
    }

    #[test]
    fn what_a_command_leaves_in_its_group_ends_with_it() {
        let ended = run("sleep 600 & echo $!", LONG, &mut |_| Action::Continue);
        assert_eq!(ended.exit, Exit::Code(0));
        let deadline = Instant::now() + Duration::from_secs(10);
        while is_alive(&ended.output) {
            assert!(Instant::now() < deadline, "process {} lives", ended.output);
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn an_interrupt_reaches_the_command_and_a_timeout_ends_it() {
        let interrupt = &mut |tick: Tick<'_>| {
            if tick.output.contains("ready") { Action::Interrupt } else { Action::Continue }
        };
        let script = "trap 'exit 7' INT; echo ready; while :; do sleep 0.05; done";
        assert_eq!(run(script, LONG, interrupt).exit, Exit::Code(7));
        let ended = run("exec sleep 600", Duration::from_millis(50), &mut |_| Action::Continue);
        assert_eq!(ended.exit, Exit::TimedOut);
    }

    #[test]
    fn a_program_and_a_folder_that_are_not_there_are_named() {
        let start = |argv: [&str; 1], cwd| {
            let invocation = Invocation::new(argv, cwd, LONG);
            Guard::current().run(&invocation, &mut |_| Action::Continue).unwrap_err().to_string()
        };
        assert!(start(["no-such-program"], "/").starts_with("failed to start `no-such-program`: "));
        assert!(start(["sh"], "/no/such/folder").contains("there is no folder `/no/such/folder`"));
    }
}
