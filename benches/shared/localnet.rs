//! A localnet and the project that uses it, for benchmarks that run the real tools.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The project's cluster file.
pub const FILE: &str = "golem-cluster.yaml";

/// A localnet that is up.
pub struct Localnet {
    program: PathBuf,
    pub project: PathBuf,
}

/// What came of a command.
pub struct Ran {
    pub ok: bool,
    /// Both outputs, line by line, each with the time since the command's start.
    pub lines: Vec<(Duration, String)>,
}

impl Ran {
    /// When the first line came that has this text.
    pub fn at(&self, text: &str) -> Option<Duration> {
        self.lines.iter().find(|(_, line)| line.contains(text)).map(|(at, _)| *at)
    }

    pub fn has(&self, text: &str) -> bool {
        self.at(text).is_some()
    }
}

impl Localnet {
    /// Brings it up in `project`, with content from the mirror.
    ///
    /// # Panics
    /// If it does not come up within a minute.
    pub fn up(program: &Path, project: PathBuf, more: &[&str]) -> Self {
        let localnet = Self { program: program.into(), project };
        let up = [&["localnet", "up", "--content", "mirror"], more].concat();
        assert!(localnet.run(&up, Duration::from_secs(60)).ok, "the localnet did not start");
        localnet
    }

    /// Runs a command in it, as a learner does.
    pub fn inside(&self, words: &[&str], limit: Duration) -> Ran {
        self.run(&[&["localnet", "exec", "--"], words].concat(), limit)
    }

    /// `localnet status --format json`.
    pub fn status(&self) -> serde_json::Value {
        let status = Command::new(&self.program)
            .args(["localnet", "status", "--format", "json"])
            .current_dir(&self.project)
            .output()
            .expect("the program runs");
        serde_json::from_slice(&status.stdout).expect("JSON")
    }

    /// The process that keeps it.
    pub fn keeper(&self) -> i32 {
        let keeper = self.status()["state"]["keeper"]["pid"].as_i64().expect("the keeper's id");
        i32::try_from(keeper).expect("an id")
    }

    /// # Panics
    /// If it does not end within a minute.
    pub fn down(&self) {
        assert!(self.run(&["localnet", "down"], Duration::from_secs(60)).ok, "the localnet did not end");
    }

    /// Runs the program. What failed is told on stderr with the end of what it said.
    pub fn run(&self, arguments: &[&str], limit: Duration) -> Ran {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let begun = Instant::now();
        let mut child = Command::new(&self.program)
            .args(arguments)
            .current_dir(&self.project)
            .stdin(Stdio::null())
            .stdout(writer.try_clone().expect("a descriptor"))
            .stderr(writer)
            .spawn()
            .expect("the program starts");
        // Not joined: what a command leaves running may hold the pipe open.
        let (sent, received) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(reader).split(b'\n').map_while(Result::ok);
            for line in lines {
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                if sent.send((begun.elapsed(), line)).is_err() {
                    break;
                }
            }
        });
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child") {
                break Some(status);
            }
            if begun.elapsed() > limit {
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let mut lines = Vec::new();
        // What it wrote is in the pipe by now; the reader is a moment behind at most.
        while let Ok(line) = received.recv_timeout(Duration::from_millis(300)) {
            lines.push(line);
        }
        let ok = status.is_some_and(|status| status.success());
        if !ok {
            let end = status.map_or(format!("not done after {} s", limit.as_secs()), |end| end.to_string());
            eprintln!("{arguments:?}: {end}");
            lines.iter().skip(lines.len().saturating_sub(12)).for_each(|(_, line)| eprintln!("    {line}"));
        }
        Ran { ok, lines }
    }
}
