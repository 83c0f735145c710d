//! A signal at a random moment of a step that owes a teardown: is it torn down, how soon, and is anything left?
//!
//! Each tool has its own notion of it: bats' `teardown_file`, byexample's `-skip`, scrut's appended document, a shell's
//! `trap`. The signal goes to the tool's own process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::PROGRAM;
use crate::clock::{Times, ms, number};
use crate::peers::Peers;
use crate::table::{goal, table};

const SIGNALS: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGKILL];
/// How long a teardown may take to be seen.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long after the start of the step the signal may come.
const SPAN_MS: u64 = 400;
/// A variable with the run's folder, by which processes of the step are known.
const OURS: &str = "SIDE_BY_SIDE_STEP";
/// By the variable's path, because scrut runs its documents in a folder of its own.
const STEP: &str = "touch $SIDE_BY_SIDE_STEP/begun; sleep 30";
const TEARDOWN: &str = "touch $SIDE_BY_SIDE_STEP/undone";

struct Tool {
    name: &'static str,
    prepare: fn(&Path) -> std::io::Result<()>,
    command: fn(&Path) -> Command,
}

const TOOLS: [Tool; 5] = [
    Tool {
        name: "golem-outbound",
        prepare: |folder| {
            fs::create_dir(folder.join("steps"))?;
            let text = format!(
                "---\nid: a\ntitle: A\nrun:\n  - [sh, -c, \"{STEP}\"]\nteardown:\n  - [sh, -c, \"{TEARDOWN}\"]\nchecks:\n  \
                 - exit_code: 0\n---\n\nSleeps.\n"
            );
            fs::write(folder.join("steps/1.md"), text)
        },
        command: |program| with(program, &["run", "--network", "local", "--trust", "--tutorial", "steps"]),
    },
    Tool {
        name: "bats",
        prepare: |folder| {
            let text = format!("teardown_file() {{ {TEARDOWN}; }}\n@test \"a\" {{ {STEP}; }}\n");
            fs::write(folder.join("a.bats"), text)
        },
        command: |program| with(program, &["a.bats"]),
    },
    Tool {
        name: "byexample",
        prepare: |folder| {
            let text =
                format!("```shell\n$ {STEP}\n```\n\n```shell\n$ {TEARDOWN}       # byexample: -skip\n```\n");
            fs::write(folder.join("a.md"), text)
        },
        command: |program| with(program, &["-l", "shell", "--timeout", "60", "a.md"]),
    },
    Tool {
        name: "scrut",
        prepare: |folder| {
            let document = |run: &str| format!("# A\n\n```scrut\n$ {run}\n```\n");
            fs::write(folder.join("z.md"), document(TEARDOWN))?;
            fs::write(folder.join("a.md"), document(STEP))
        },
        command: |program| with(program, &["test", "a.md", "--append-test-file-paths", "z.md"]),
    },
    Tool {
        name: "bash with trap",
        prepare: |folder| {
            // A shell runs its trap when the child in the foreground has ended; in the background, `wait` ends at once.
            let text = format!("trap '{TEARDOWN}; kill $!; exit 1' INT TERM HUP EXIT\n({STEP}) &\nwait\n");
            fs::write(folder.join("a.sh"), text)
        },
        command: |_| with(Path::new("bash"), &["a.sh"]),
    },
];

fn with(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// What came of some interruptions.
#[derive(Default)]
struct Seen {
    tried: usize,
    undone: Vec<Duration>,
    orphans: usize,
}

/// The table.
pub fn section(peers: &Peers, runs: usize) -> String {
    let mut rows = Vec::new();
    let mut all_undone = true;
    // Ours, which comes first: the median for each signal.
    let mut ours: Vec<Option<Duration>> = Vec::new();
    let mut random = 0x9e37_79b9_7f4a_7c15;
    for tool in &TOOLS {
        eprintln!("  {}", tool.name);
        let program = match tool.name {
            "golem-outbound" => Ok(PathBuf::from(PROGRAM)),
            "bash with trap" => Ok(PathBuf::from("bash")),
            name => peers.program(name),
        };
        let program = match program {
            Ok(program) => program,
            Err(why) => {
                rows.push(vec![tool.name.to_owned(), why]);
                continue;
            }
        };
        for (at, signal) in SIGNALS.into_iter().enumerate() {
            let mut seen = Seen::default();
            for _ in 0..runs {
                interrupt(tool, &program, signal, &mut random, &mut seen);
            }
            if tool.name == "golem-outbound" {
                all_undone &= seen.undone.len() == seen.tried && seen.orphans == 0 && seen.tried == runs;
                ours.push(seen.median());
            }
            rows.push(row(tool.name, signal, seen, ours.get(at).copied().flatten()));
        }
    }
    let mut text = "## Interruption and teardown\n\n".to_owned();
    let head = ["tool", "signal", "torn down", "after (median)", "after (most)", "ratio", "processes left"];
    text += &table(&head, &rows);
    text += "Others have no notion of a teardown: clitest's `--post-flight` and tesh's and prysk's documents end with their \
             process.\n\n";
    text + &goal("all torn down, nothing left", all_undone)
}

impl Seen {
    fn median(&self) -> Option<Duration> {
        (!self.undone.is_empty()).then(|| Times::from(self.undone.clone()).median())
    }
}

fn row(name: &str, signal: Signal, seen: Seen, ours: Option<Duration>) -> Vec<String> {
    let ratio = seen.median().zip(ours).map(|(theirs, ours)| theirs.as_secs_f64() / ours.as_secs_f64());
    let share = format!("{} of {}", seen.undone.len(), seen.tried);
    let times = Times::from(seen.undone);
    let time =
        |part| if share.starts_with("0 ") { "–".to_owned() } else { format!("{} ms", ms(times.at(part))) };
    vec![
        name.to_owned(),
        signal.as_str().to_owned(),
        share.clone(),
        time(0.5),
        time(1.0),
        ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{} ×", number(ratio))),
        seen.orphans.to_string(),
    ]
}

fn interrupt(tool: &Tool, program: &Path, signal: Signal, random: &mut u64, seen: &mut Seen) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path();
    (tool.prepare)(path).expect("a document");
    let mark = path.display().to_string();
    let mut command = (tool.command)(program);
    command.current_dir(path).env("HOME", path).env(OURS, &mark).env("NO_COLOR", "1").env("TERM", "xterm");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("it can be started");
    if until(PATIENCE, || path.join("begun").exists()).is_some() {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        std::thread::sleep(Duration::from_millis(*random % SPAN_MS));
        seen.tried += 1;
        let pid = Pid::from_raw(child.id().cast_signed());
        let _ = kill(pid, signal);
        seen.undone.extend(until(PATIENCE, || path.join("undone").exists()));
        // Whoever tears down ends a moment later.
        let _ = until(Duration::from_secs(1), || left(&mark, child.id()).is_empty());
        seen.orphans += left(&mark, child.id()).len();
    }
    let _ = child.kill();
    let _ = child.wait();
    for pid in left(&mark, 0) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

/// How long it took until something held.
fn until(most: Duration, mut holds: impl FnMut() -> bool) -> Option<Duration> {
    let started = Instant::now();
    while !holds() {
        if started.elapsed() > most {
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Some(started.elapsed())
}

/// Live processes with the mark in their environment, but for this one.
fn left(mark: &str, but: u32) -> Vec<i32> {
    let wanted = format!("{OURS}={mark}").into_bytes();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| pid.cast_unsigned() != but)
        .filter(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == wanted)
        })
        .collect()
}
