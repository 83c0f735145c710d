//! The time that a runner takes for a step beside what the step does itself: documents of 1, 10, 100 and 500 steps that echo
//! their number and are judged by what they printed.
//!
//! What each runner does around a step differs, and stands in the table: a shell for all of them is quicker than a process
//! tree of its own, watched and ended, for each.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::PROGRAM;
use crate::clock::{Times, ms, number, run};
use crate::peers::Peers;
use crate::scaffold::last_line;
use crate::table::{goal, table};

const SIZES: [usize; 4] = [1, 10, 100, 500];
/// How much more than a bash per step ours may take for each.
const ALLOWANCE: Duration = Duration::from_millis(2);

/// A runner of documents.
struct Runner {
    name: &'static str,
    /// What stands around a step.
    isolation: &'static str,
    /// Writes a document of so many steps into the folder.
    write: fn(&Path, usize) -> std::io::Result<()>,
    /// Runs it there.
    command: fn(&Path) -> Command,
}

const RUNNERS: [Runner; 8] = [
    Runner {
        name: "golem-outbound",
        isolation: "a guarded process tree per step, a line of state before and after each",
        write: |folder, count| {
            fs::create_dir(folder.join("steps"))?;
            (1..=count).try_for_each(|number| {
                let text = format!(
                    "---\nid: step-{number}\ntitle: Step {number}\nrun:\n  - [echo, \"number {number}\"]\nchecks:\n  \
                     - exit_code: 0\n  - output_has: \"number {number}\"\n---\n\nEchoes its number.\n"
                );
                fs::write(folder.join(format!("steps/{number:03}.md")), text)
            })
        },
        command: |program| {
            let mut command = Command::new(program);
            command.args(["run", "--network", "local", "--trust", "--tutorial", "steps"]);
            command
        },
    },
    Runner {
        name: "scrut",
        isolation: "a bash per step, variables carried over",
        write: |folder, count| {
            one(folder, "steps.md", "", count, |n| {
                format!("```scrut\n$ echo number {n}\nnumber {n}\n```\n\n")
            })
        },
        command: |program| with(program, &["test", "steps.md"]),
    },
    Runner {
        name: "byexample",
        isolation: "one shell on a terminal",
        write: |folder, count| {
            one(folder, "steps.md", "", count, |n| {
                format!("```shell\n$ echo number {n}\nnumber {n}\n```\n\n")
            })
        },
        command: |program| with(program, &["-l", "shell", "steps.md"]),
    },
    Runner {
        name: "tesh",
        isolation: "one shell on a terminal",
        write: |folder, count| {
            one(folder, "steps.md", "```console tesh-session=\"steps\"\n", count, |n| {
                format!("$ echo number {n}\nnumber {n}\n")
            })
            .and_then(|()| append(&folder.join("steps.md"), "```\n"))
        },
        command: |program| with(program, &["steps.md"]),
    },
    Runner {
        name: "prysk",
        isolation: "one shell",
        write: |folder, count| {
            one(folder, "steps.t", "", count, |n| format!("  $ echo number {n}\n  number {n}\n\n"))
        },
        command: |program| with(program, &["steps.t"]),
    },
    Runner {
        name: "clitest",
        isolation: "one shell, `eval` and `diff` per step",
        write: |folder, count| {
            one(folder, "steps.txt", "", count, |n| format!("$ echo number {n}\nnumber {n}\n"))
        },
        command: |program| with(program, &["steps.txt"]),
    },
    Runner {
        name: "bats",
        isolation: "a bash per step",
        write: |folder, count| {
            one(folder, "steps.bats", "", count, |n| {
                format!("@test \"{n}\" {{\n  run echo number {n}\n  [ \"$output\" = \"number {n}\" ]\n}}\n")
            })
        },
        command: |program| with(program, &["steps.bats"]),
    },
    Runner {
        name: "floor: one bash",
        isolation: "one bash for all",
        write: |folder, count| {
            one(folder, "steps.sh", "", count, |n| {
                format!("[ \"$(echo number {n})\" = \"number {n}\" ] || exit 1\n")
            })
        },
        command: |_| with(Path::new("bash"), &["steps.sh"]),
    },
];

/// A runner, its isolation, and its times by size, or why there are none.
type Measured = (&'static str, &'static str, Result<Vec<Times>, String>);

const PER_STEP: &str = "floor: a bash per step";

fn one(
    folder: &Path,
    name: &str,
    head: &str,
    count: usize,
    step: fn(usize) -> String,
) -> std::io::Result<()> {
    let mut text = head.to_owned();
    for number in 1..=count {
        let _ = text.write_str(&step(number));
    }
    fs::write(folder.join(name), text)
}

fn append(path: &Path, text: &str) -> std::io::Result<()> {
    fs::write(path, fs::read_to_string(path)? + text)
}

fn with(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// The table.
pub fn section(peers: &Peers, runs: usize) -> String {
    let mut measured: Vec<Measured> = Vec::new();
    for runner in &RUNNERS {
        eprintln!("  {}", runner.name);
        let program = match runner.name {
            "golem-outbound" => Ok(PathBuf::from(PROGRAM)),
            "floor: one bash" => Ok(PathBuf::from("bash")),
            name => peers.program(name),
        };
        let times = program.and_then(|program| {
            SIZES.iter().map(|size| measure(runner, &program, *size, runs)).collect::<Result<Vec<_>, _>>()
        });
        measured.push((runner.name, runner.isolation, times));
    }
    let floor =
        SIZES.iter().map(|size| Times::of(runs, || bash_per_step(*size))).collect::<Result<Vec<_>, _>>();
    measured.push((PER_STEP, "a new bash for each, by the benchmark itself", floor));
    render(&measured)
}

fn render(measured: &[Measured]) -> String {
    let slopes: Vec<(&str, f64)> =
        measured.iter().filter_map(|(name, _, times)| Some((*name, slope(times.as_ref().ok()?)))).collect();
    let of =
        |name: &str| slopes.iter().find(|(known, _)| *known == name).map_or(f64::NAN, |(_, slope)| *slope);
    let ours = of("golem-outbound");
    let row = |(name, isolation, times): &Measured| match times {
        Err(why) => vec![(*name).to_owned(), why.clone()],
        Ok(times) => {
            let mut row = vec![(*name).to_owned()];
            row.extend(times.iter().map(|times| format!("{} ms", ms(times.median()))));
            row.push(format!("{} ms", number(slope(times))));
            row.push(format!("{} ×", number(slope(times) / ours)));
            row.push((*isolation).to_owned());
            row
        }
    };
    let rows: Vec<_> = measured.iter().map(row).collect();
    let mut text = "## Steps\n\n".to_owned();
    text +=
        &table(&["runner", "1 step", "10", "100", "500", "each further step", "ratio", "isolation"], &rows);
    text += "Each further step: the time for 500 less the time for 1, divided by 499. The time for 1 step is nearly all \
             start-up.\n\n";
    let peers = slopes.iter().filter(|(name, _)| *name != "golem-outbound" && !name.starts_with("floor"));
    text +=
        &goal("less for each further step than every peer", peers.clone().all(|(_, slope)| *slope > ours));
    let above = ours - of(PER_STEP);
    let allowed = ALLOWANCE.as_secs_f64() * 1000.0;
    text += &goal(
        &format!("within {allowed} ms of a bash per step (it is {} ms above)", number(above)),
        above <= allowed,
    );
    text
}

/// Milliseconds for each further step.
fn slope(times: &[Times]) -> f64 {
    let at = |index: usize| times.get(index).map_or(f64::NAN, |times| times.median().as_secs_f64() * 1000.0);
    (at(SIZES.len() - 1) - at(0)) / (SIZES[SIZES.len() - 1] - SIZES[0]) as f64
}

fn measure(runner: &Runner, program: &Path, size: usize, runs: usize) -> Result<Times, String> {
    let failed = |cause: std::io::Error| format!("failed: {cause}");
    let folder = TempDir::new().map_err(failed)?;
    (runner.write)(folder.path(), size).map_err(failed)?;
    let said = folder.path().join("said");
    let once = || {
        // A second walk would find everything done.
        let _ = fs::remove_dir_all(folder.path().join("steps/.golem-outbound"));
        let mut command = (runner.command)(program);
        command
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .env("NO_COLOR", "1")
            .env("TERM", "xterm");
        let run = run(&mut command, &said).map_err(failed)?;
        if run.ok { Ok(run.elapsed) } else { Err(format!("failed: {}", last_line(&said))) }
    };
    // The long ones have warmed nothing that the short ones before have not.
    if size <= SIZES[1] {
        once()?;
    }
    Times::of(runs, once)
}

/// What no runner that gives each step a shell of its own can be quicker than.
fn bash_per_step(count: usize) -> Result<Duration, String> {
    let started = Instant::now();
    for number in 1..=count {
        let output = Command::new("bash").arg("-c").arg(format!("echo number {number}")).output();
        let output = output.map_err(|cause| format!("failed: {cause}"))?;
        if output.stdout != format!("number {number}\n").into_bytes() {
            return Err("failed: bash said something else".into());
        }
    }
    Ok(started.elapsed())
}
