//! A walk while it goes on: its words as they come, signals to it, keys typed at it, its end.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::pty::Pty;

/// A walk that was started. One that a failing test leaves behind is ended like by Ctrl-C.
pub struct Running {
    child: Child,
    screen: Screen,
    seen: String,
    /// Up to where the text was waited for.
    looked: usize,
    stderr: PathBuf,
}

/// What the walk writes to.
enum Screen {
    Pipe(ChildStdout),
    Terminal(Pty),
    /// The terminal was closed.
    Gone,
}

impl Running {
    /// Starts it in a process group of its own, as a terminal's shell does.
    pub fn start(mut command: Command, stderr: PathBuf) -> Self {
        let file = File::create(&stderr).unwrap();
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let mut child = command.spawn().unwrap();
        let screen = Screen::Pipe(child.stdout.take().unwrap());
        Self { child, screen, seen: String::new(), looked: 0, stderr }
    }

    /// Starts it on a terminal of its own, without colours.
    pub fn on_terminal(mut command: Command, columns: u16, stderr: PathBuf) -> Self {
        File::create(&stderr).unwrap();
        command.env("NO_COLOR", "1").env("TERM", "xterm");
        let (pty, child) = Pty::start(command, columns);
        Self { child, screen: Screen::Terminal(pty), seen: String::new(), looked: 0, stderr }
    }

    /// Reads until `text` is said, after what was waited for before. The time limits are the steps' own.
    pub fn until(&mut self, text: &str) {
        loop {
            if let Some(at) = self.seen[self.looked..].find(text) {
                self.looked += at + text.len();
                return;
            }
            assert!(self.piece(), "the walk ended without `{text}`:\n{}\n{}", self.seen, self.stderr());
        }
    }

    /// Types at its terminal.
    pub fn type_in(&mut self, keys: &str) {
        let Screen::Terminal(pty) = &mut self.screen else { panic!("the walk has no terminal") };
        pty.type_in(keys);
    }

    /// Closes its terminal: the kernel hangs up on whoever is on it.
    pub fn close_terminal(&mut self) {
        self.screen = Screen::Gone;
    }

    /// Reads to the end: the exit, and all that was said on standard output.
    pub fn end(mut self) -> (ExitStatus, String) {
        while self.piece() {}
        let status = self.child.wait().unwrap();
        if let Screen::Terminal(pty) = &self.screen {
            pty.assert_as_before();
        }
        (status, std::mem::take(&mut self.seen))
    }

    /// Reads to an end with this exit code; what was said on standard output.
    pub fn end_with(self, code: i32) -> String {
        let stderr = self.stderr.clone();
        let (status, output) = self.end();
        let errors = std::fs::read_to_string(stderr).unwrap();
        assert_eq!(status.code(), Some(code), "{output}\n{errors}");
        output
    }

    /// As `kill PID` does.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// SIGKILL: nothing that the program could still do.
    pub fn murder(mut self) {
        self.signal(Signal::SIGKILL);
        assert_eq!(self.child.wait().unwrap().signal(), Some(Signal::SIGKILL as i32));
    }

    /// All that was said on standard output so far.
    pub fn seen(&self) -> &str {
        &self.seen
    }

    pub fn stderr(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    /// Whatever comes next, a whole line or not.
    fn piece(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let read = match &mut self.screen {
            Screen::Pipe(stdout) => stdout.read(&mut buffer).unwrap(),
            Screen::Terminal(pty) => pty.read(&mut buffer),
            Screen::Gone => 0,
        };
        self.seen += &String::from_utf8_lossy(&buffer[..read]);
        read > 0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.signal(Signal::SIGTERM);
            while self.piece() {}
            let _ = self.child.wait();
        }
    }
}
