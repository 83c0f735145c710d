//! SIGKILL of the real walk at random moments: is `ray down` done by the watchdog, and is anything left?
//!
//! `cargo bench --profile dev --bench kills -- [KILLS] [SEED]`: 20 kills if no number is given, each between the moment at
//! which something is first owed and 90 s later: in `ray up`, `ray submit`, `ray down`, or the walk's own teardown.
//! The program is copied first, so a build that goes on meanwhile changes nothing.
//! A Python with ray-on-golem is needed: the tests' own in `target/tmp`, or `GOLEM_OUTBOUND_TEST_PYTHON`. Prints a
//! Markdown table and ends with 1 unless every kill was followed by a whole teardown without orphans. It takes about a
//! minute a kill.

#[path = "shared/project.rs"]
mod project;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::fcntl::{Flock, FlockArg};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_golem-outbound");
/// How long after the first debt a kill may come.
const SPAN_MS: u64 = 90_000;

fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_secs());
    let (kills, mut state) = (numbers.first().copied().unwrap_or(20), numbers.get(1).copied().unwrap_or(now));
    println!("{kills} kills, seed {state}\n");
    println!(
        "| kill | after | step | torn down by | teardown | orphans |\n| --- | --- | --- | --- | --- | --- |"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("golem-outbound");
    fs::copy(PROGRAM, &program).expect("a copy of the program");
    let project = project::example(folder.path());
    let mut bad = 0;
    for number in 1..=kills {
        let wait = Duration::from_millis(random(&mut state) % SPAN_MS);
        let killed = kill_one(&program, &project, wait);
        println!(
            "| {number} | {:.1} s | {} | {} | {} | {} |",
            killed.after.as_secs_f64(),
            killed.step,
            killed.by,
            killed.teardown,
            killed.orphans.len()
        );
        killed.orphans.iter().for_each(|orphan| eprintln!("left: {orphan}"));
        bad += u64::from(!killed.torn_down || !killed.orphans.is_empty());
    }
    println!("\n{} of {kills} taken down without orphans", kills - bad);
    ExitCode::from(u8::from(bad > 0))
}

struct Killed {
    after: Duration,
    step: String,
    by: &'static str,
    teardown: String,
    torn_down: bool,
    orphans: Vec<String>,
}

fn kill_one(program: &Path, project: &Path, wait: Duration) -> Killed {
    let said = File::create(project.with_file_name("said")).expect("a file");
    let mut walk = Command::new(program)
        .args(["run", "--yes", "--content", "mirror", "--from", "ray-up"])
        .current_dir(project)
        .stdin(Stdio::null())
        .stdout(said.try_clone().expect("a descriptor"))
        .stderr(said)
        .spawn()
        .expect("the walk starts");
    let ledger = project.join(".golem-outbound/teardown.json");
    while !ledger.exists() {
        assert!(walk.try_wait().expect("a child").is_none(), "the walk ended before it owed anything");
        std::thread::sleep(Duration::from_millis(5));
    }
    let before = records(project).len();
    let owed = Instant::now();
    std::thread::sleep(wait);
    let was_owed = ledger.exists();
    let _ = walk.kill();
    let after = owed.elapsed();
    let _ = walk.wait();
    let lock = File::open(project.join(".golem-outbound/watchdog/lock")).expect("the watchdog's lock");
    drop(Flock::lock(lock, FlockArg::LockExclusive).expect("the lock"));
    // The kernel takes the localnet down once nobody holds its lifeline.
    let ended = Instant::now();
    let mut orphans = processes(project);
    while !orphans.is_empty() && ended.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
        orphans = processes(project);
    }
    let records = records(project);
    let record = (records.len() > before).then(|| records.last()).flatten();
    let said = fs::read_to_string(project.with_file_name("said")).unwrap_or_default();
    let step = said.lines().rfind(|line| is_heading(line));
    let commands =
        record.map(|record| record["commands"].as_array().cloned().unwrap_or_default()).unwrap_or_default();
    let words = commands.iter().map(|done| {
        let name =
            done["command"].as_str().unwrap_or_default().split(' ').take(2).collect::<Vec<_>>().join(" ");
        format!("{name}: {} {} s", if done["ok"] == true { "ok" } else { "FAILED" }, done["seconds"])
    });
    Killed {
        after,
        step: step.unwrap_or("before the first step").to_owned(),
        by: match (record, was_owed) {
            (Some(_), _) => "watchdog",
            (None, true) => "NOBODY",
            (None, false) => "walk",
        },
        teardown: words.collect::<Vec<_>>().join(", "),
        torn_down: record.map_or(!was_owed, |record| record["torn_down"] == true) && !ledger.exists(),
        orphans,
    }
}

/// `[2/4] Run on the cluster`: what the walk prints as a step begins. Ray's own numbers never stand at a line's beginning.
fn is_heading(line: &str) -> bool {
    let place = line.strip_prefix('[').and_then(|line| line.split_once("] "));
    let numbers = place.and_then(|(place, _)| place.split_once('/'));
    numbers.is_some_and(|(number, count)| number.parse::<usize>().is_ok() && count.parse::<usize>().is_ok())
}

fn records(project: &Path) -> Vec<Value> {
    let folder = fs::read_dir(project.join(".golem-outbound/watchdog")).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind == "json"));
    files.sort();
    let read = |file: &PathBuf| serde_json::from_str(&fs::read_to_string(file).ok()?).ok();
    files.iter().filter_map(read).collect()
}

/// Processes that have to do with the project, by command line, environment or working directory.
fn processes(project: &Path) -> Vec<String> {
    let name = project.to_string_lossy();
    let of = |process: &Path| {
        let texts = ["cmdline", "environ"].map(|file| fs::read(process.join(file)).unwrap_or_default());
        let folder = fs::read_link(process.join("cwd")).unwrap_or_default();
        texts.iter().any(|text| String::from_utf8_lossy(text).contains(&*name)) || folder.starts_with(project)
    };
    let all = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    let numbered =
        all.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().parse::<u32>().is_ok()));
    numbered
        .filter(|process| of(process))
        .map(|process| {
            let command = fs::read(process.join("cmdline")).unwrap_or_default();
            format!("{} {}", process.display(), String::from_utf8_lossy(&command).replace('\0', " "))
        })
        .collect()
}

/// splitmix64.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
