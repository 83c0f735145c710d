//! A step that prints 10 and 100 MB: how fast it goes through, and how much memory it takes; and how long a line needs from
//! its writer to the reader.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use tempfile::TempDir;

use crate::PROGRAM;
use crate::clock::{Times, ms, number, run};
use crate::peers::Peers;
use crate::scaffold::last_line;
use crate::table::{goal, table};

/// This benchmark as a program that writes the time into each of its lines.
pub const STAMP: &str = "__stamp";
const LINES: usize = 300;
const EVERY: Duration = Duration::from_millis(10);
const MEGABYTE: u64 = 1_000_000;
const SIZES: [u64; 2] = [10 * MEGABYTE, 100 * MEGABYTE];
/// How much more memory ten times the output may take.
const ALLOWANCE: u64 = 8 * MEGABYTE;
const REPORTS: [&str; 5] = ["json", "xml", "md", "html", "cast"];

/// What a step of `size` bytes runs: lines of a hundred characters.
fn printer(size: u64) -> String {
    format!(
        "yes 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz0 | head -c {size}"
    )
}

struct Reader {
    name: &'static str,
    peer: &'static str,
    command: fn(&Path, &Path, u64) -> std::io::Result<Command>,
}

const READERS: [Reader; 5] = [
    Reader { name: "golem-outbound", peer: "", command: |_, folder, size| ours(folder, size, &[]) },
    Reader {
        name: "golem-outbound, all five reports",
        peer: "",
        command: |_, folder, size| ours(folder, size, &REPORTS),
    },
    Reader {
        name: "scrut",
        peer: "scrut",
        command: |program, folder, size| {
            // The lines are all alike, so that one expectation stands for them.
            let text = format!("```scrut\n$ {}\n* (glob+)\n```\n", printer(size));
            document(program, folder, "a.md", &text, &["test", "a.md"])
        },
    },
    Reader {
        name: "byexample",
        peer: "byexample",
        command: |program, folder, size| {
            let text = format!("```shell\n$ {}\n<...>\n```\n", printer(size));
            document(program, folder, "a.md", &text, &["-l", "shell", "--timeout", "120", "a.md"])
        },
    },
    Reader {
        name: "bats",
        peer: "bats",
        command: |program, folder, size| {
            let text = format!("@test \"a\" {{\n  {}\n}}\n", printer(size));
            document(program, folder, "a.bats", &text, &["--show-output-of-passing-tests", "a.bats"])
        },
    },
];

fn document(
    program: &Path,
    folder: &Path,
    name: &str,
    text: &str,
    arguments: &[&str],
) -> std::io::Result<Command> {
    fs::write(folder.join(name), text)?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    Ok(command)
}

fn ours(folder: &Path, size: u64, reports: &[&str]) -> std::io::Result<Command> {
    step(folder, &format!("[sh, -c, '{}']", printer(size)))?;
    let mut command = walk(folder);
    for report in reports {
        command.arg("--report").arg(folder.join(format!("report.{report}")));
    }
    Ok(command)
}

fn step(folder: &Path, run: &str) -> std::io::Result<()> {
    let _ = fs::remove_dir_all(folder.join("steps"));
    fs::create_dir(folder.join("steps"))?;
    let text = format!("---\nid: a\ntitle: A\nrun:\n  - {run}\nchecks:\n  - exit_code: 0\n---\n\nPrints.\n");
    fs::write(folder.join("steps/1.md"), text)
}

fn walk(folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["run", "--network", "local", "--trust", "--tutorial", "steps"]).current_dir(folder);
    command.env("HOME", folder);
    command
}

/// The tables.
pub fn section(peers: &Peers, runs: usize) -> String {
    let mut text = "## Streaming\n\n".to_owned();
    let mut rows = Vec::new();
    // The first reader is ours.
    let mut ours = None;
    let mut peaks: Vec<(&str, u64, u64)> = Vec::new();
    for reader in &READERS {
        eprintln!("  {}", reader.name);
        let program = if reader.peer.is_empty() { Ok(PROGRAM.into()) } else { peers.program(reader.peer) };
        let measured = SIZES.map(|size| {
            let program = program.clone()?;
            measure(reader, &program, size, runs.min(3))
        });
        if let [Ok(small), Ok(large)] = &measured {
            peaks.push((reader.name, small.1, large.1));
        }
        if let (None, [_, Ok((times, _))]) = (&ours, &measured) {
            ours = Some(times.median());
        }
        rows.push(row(reader.name, &measured, ours));
    }
    rows.push(pipe(runs, ours));
    text += &table(
        &["a step that prints", "10 MB", "100 MB", "ratio", "rate", "memory at 10 MB", "at 100 MB"],
        &rows,
    );
    text += "Memory: the largest resident size of the runner or of one of its processes that it waited for. bats, byexample \
             and scrut show the output after the step, or not at all; clitest, prysk and tesh have no way to expect a \
             million lines.\n\n";
    for (name, small, large) in peaks.iter().take(2) {
        let grown = large.saturating_sub(*small);
        let what = format!(
            "constant memory, {name} (100 MB takes {} MB more than 10 MB)",
            number(grown as f64 / 1e6)
        );
        text += &goal(&what, grown <= ALLOWANCE);
    }
    text + &latency()
}

/// The times of one size and the largest memory, or why there are none.
type Measured = Result<(Times, u64), String>;

fn row(name: &str, measured: &[Measured; 2], ours: Option<Duration>) -> Vec<String> {
    let or_none = |cell: Option<String>| cell.unwrap_or_else(|| "–".to_owned());
    let memory = |of: &Measured| or_none(of.as_ref().ok().map(|(_, peak)| format!("{} MB", peak / MEGABYTE)));
    let [small, large] = measured;
    let (time, ratio, rate) = match large {
        Ok((times, _)) => (times.words(), ratio(times, ours), Some(rate(times))),
        Err(why) => (why.clone(), None, None),
    };
    let small_time = match small {
        Ok((times, _)) => format!("{} ms", ms(times.median())),
        Err(why) => why.clone(),
    };
    vec![name.to_owned(), small_time, time, or_none(ratio), or_none(rate), memory(small), memory(large)]
}

/// Of the times for the larger size.
fn ratio(times: &Times, ours: Option<Duration>) -> Option<String> {
    Some(format!("{} ×", number(times.median().as_secs_f64() / ours?.as_secs_f64())))
}

fn rate(times: &Times) -> String {
    format!("{} MB/s", number(SIZES[1] as f64 / MEGABYTE as f64 / times.median().as_secs_f64()))
}

fn measure(reader: &Reader, program: &Path, size: u64, runs: usize) -> Measured {
    let failed = |cause: std::io::Error| format!("failed: {cause}");
    let folder = TempDir::new().map_err(failed)?;
    let said = folder.path().join("said");
    let mut peak = 0;
    let times = Times::of(runs, || {
        let mut command = (reader.command)(program, folder.path(), size).map_err(failed)?;
        command.env("NO_COLOR", "1").env("TERM", "xterm");
        let run = run(&mut command, &said).map_err(failed)?;
        peak = peak.max(run.peak);
        if run.ok { Ok(run.elapsed) } else { Err(format!("failed: {}", last_line(&said))) }
    })?;
    Ok((times, peak))
}

/// No runner at all.
fn pipe(runs: usize, ours: Option<Duration>) -> Vec<String> {
    let folder = TempDir::new().expect("a folder");
    let once = || {
        let command = format!("({}) | cat", printer(SIZES[1]));
        run(Command::new("sh").arg("-c").arg(command), &folder.path().join("said")).map(|run| run.elapsed)
    };
    match Times::of(runs.min(3), once) {
        Ok(times) => {
            let none = || "–".to_owned();
            let ratio = ratio(&times, ours).unwrap_or_else(none);
            vec!["floor: a pipe".into(), none(), times.words(), ratio, rate(&times), none(), none()]
        }
        Err(cause) => vec!["floor: a pipe".into(), cause.to_string()],
    }
}

/// Writes lines that hold the time at which they were written.
pub fn stamp() -> ExitCode {
    let mut out = std::io::stdout();
    for _ in 0..LINES {
        if writeln!(out, "stamp {}", now().as_nanos()).and_then(|()| out.flush()).is_err() {
            return ExitCode::FAILURE;
        }
        std::thread::sleep(EVERY);
    }
    ExitCode::SUCCESS
}

fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default()
}

/// From the write of a line to its arrival at the reader of the runner's standard output.
fn latency() -> String {
    let own = std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default();
    let folder = TempDir::new().expect("a folder");
    step(folder.path(), &format!("[\"{own}\", {STAMP}]")).expect("a step");
    let of = |command: &mut Command| -> Times {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("it can be started");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let taken = lines.map_while(Result::ok).filter_map(|line| {
            let arrived = now();
            let written: u64 = line.trim().strip_prefix("stamp ")?.parse().ok()?;
            Some(arrived.saturating_sub(Duration::from_nanos(written)))
        });
        let times: Vec<Duration> = taken.collect();
        let _ = child.wait();
        assert_eq!(times.len(), LINES, "every line arrives");
        times.into()
    };
    let rows: Vec<Vec<String>> = [
        ("golem-outbound", of(&mut walk(folder.path()))),
        ("floor: a pipe", of(Command::new(&own).arg(STAMP))),
    ]
    .into_iter()
    .map(|(name, times)| {
        let at = |part| format!("{} ms", ms(times.at(part)));
        vec![name.to_owned(), at(0.5), at(0.99), at(1.0)]
    })
    .collect();
    let head = [&*format!("a line's way, {LINES} lines"), "median", "99 of 100 within", "most"];
    table(&head, &rows)
}
