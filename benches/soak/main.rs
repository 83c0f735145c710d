//! The localnet over hours: does anything grow that a cycle of `ray up`, `ray submit`, `ray down` should give back?
//!
//! `cargo bench --profile dev --bench soak -- [MINUTES] [PROGRAM]`: 120 minutes if no number is given, with this build's
//! program or the one named. One localnet is up all the time; after every cycle ray-on-golem is stopped, and what is
//! left is measured. A Python with ray-on-golem is needed: the tests' own in `target/tmp`, or
//! `GOLEM_OUTBOUND_TEST_PYTHON`. Prints a row a cycle and then what became of each quantity, as Markdown; ends with 1 if
//! a cycle failed, or if something grew from the first quarter of the cycles to the last by more than the tolerance that
//! the table states.

#[path = "../shared/project.rs"]
mod project;
mod sample;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use sample::{QUANTITIES, Sample};

const FILE: &str = "golem-cluster.yaml";
/// Cycles that fill caches and reach every code path once; they are shown, but not compared.
const WARM_UP: usize = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let minutes = arguments.iter().find_map(|word| word.parse::<u64>().ok()).unwrap_or(120);
    let program = arguments.iter().find(|word| word.contains('/')).map(PathBuf::from);
    let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_golem-outbound").into());
    let folder = tempfile::tempdir().expect("a folder");
    let soak = Soak::new(&program, folder.path());
    println!("{minutes} minutes, cycles of up, submit, down, stop on one localnet\n");
    println!("| cycle | minute | cycle s | verified | {} |", QUANTITIES.map(|(name, ..)| name).join(" | "));
    println!("| --- | --- | --- | --- |{}", " --- |".repeat(QUANTITIES.len()));
    let (begun, mut samples, mut failed) = (Instant::now(), Vec::new(), 0);
    while begun.elapsed() < Duration::from_secs(60 * minutes) {
        let cycle = Instant::now();
        let verified = soak.cycle();
        let took = cycle.elapsed().as_secs_f64();
        let sample = soak.sample();
        let minute = begun.elapsed().as_secs_f64() / 60.0;
        failed += usize::from(!verified);
        println!("| {} | {minute:.1} | {took:.1} | {verified} | {} |", samples.len() + 1, sample.row());
        samples.push(sample);
    }
    soak.down();
    let grown = summary(samples.get(WARM_UP..).unwrap_or_default());
    println!("\n{} cycles, {failed} failed, {grown} quantities grew", samples.len());
    ExitCode::from(u8::from(failed + grown > 0))
}

/// One row a quantity; how many of them grew.
fn summary(samples: &[Sample]) -> usize {
    let quarter = samples.len() / 4;
    if quarter == 0 {
        println!("\ntoo few cycles to compare quarters: at least {} are needed", 4 + WARM_UP);
        return 1;
    }
    println!("\n| quantity | first quarter | last quarter | tolerance | |\n| --- | --- | --- | --- | --- |");
    let mut grown = 0;
    for (index, (name, share, slack)) in QUANTITIES.into_iter().enumerate() {
        let median = |part: &[Sample]| {
            let mut values: Vec<f64> = part.iter().map(|sample| sample.0[index]).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let (first, last) = (median(&samples[..quarter]), median(&samples[samples.len() - quarter..]));
        let flat = last <= first * (1.0 + share) + slack;
        grown += usize::from(!flat);
        let verdict = if flat { "flat" } else { "GROWS" };
        println!("| {name} | {first:.1} | {last:.1} | {:.0} % + {slack} | {verdict} |", share * 100.0);
    }
    grown
}

/// One localnet, and the project that uses it.
struct Soak {
    program: PathBuf,
    project: PathBuf,
    keeper: i32,
}

impl Soak {
    fn new(program: &Path, folder: &Path) -> Self {
        let project = project::example(folder);
        let mut soak = Self { program: program.into(), project, keeper: 0 };
        let up = ["localnet", "up", "--content", "mirror"];
        assert!(soak.run(&up, Duration::from_secs(60)), "the localnet did not start");
        let status = Command::new(&soak.program)
            .args(["localnet", "status", "--format", "json"])
            .current_dir(&soak.project)
            .output()
            .expect("the program runs");
        let status: serde_json::Value = serde_json::from_slice(&status.stdout).expect("JSON");
        let keeper = status["state"]["keeper"]["pid"].as_i64().expect("the keeper's id");
        soak.keeper = i32::try_from(keeper).expect("an id");
        soak
    }

    /// From `ray up` to `ray-on-golem stop`; whether every download came back verified and every command ended well.
    fn cycle(&self) -> bool {
        let inside = |words: &[&str]| {
            let command = [&["localnet", "exec", "--"], words].concat();
            self.run(&command, Duration::from_secs(300))
        };
        let up = inside(&["ray", "up", FILE, "--yes"]);
        let submitted = up && inside(&["ray", "submit", FILE, "simple-outbound.py"]);
        let said = fs::read_to_string(self.said()).unwrap_or_default();
        let rocks = said.contains("Ray on Golem rocks!");
        let down = inside(&["ray", "down", FILE, "--yes"]);
        let stopped = inside(&["ray-on-golem", "stop", "--kill"]);
        submitted && rocks && down && stopped
    }

    fn sample(&self) -> Sample {
        Sample::take(self.keeper, &self.project)
    }

    fn down(&self) {
        assert!(self.run(&["localnet", "down"], Duration::from_secs(60)), "the localnet did not end");
    }

    fn said(&self) -> PathBuf {
        self.project.with_file_name("said")
    }

    /// Runs the program; its output lies in [`Self::said`] until the next.
    fn run(&self, arguments: &[&str], limit: Duration) -> bool {
        let said = File::create(self.said()).expect("a file");
        let mut child = Command::new(&self.program)
            .args(arguments)
            .current_dir(&self.project)
            .stdin(Stdio::null())
            .stdout(said.try_clone().expect("a descriptor"))
            .stderr(said)
            .spawn()
            .expect("the program starts");
        let begun = Instant::now();
        loop {
            if let Some(status) = child.try_wait().expect("a child") {
                if !status.success() {
                    let said = fs::read_to_string(self.said()).unwrap_or_default();
                    let tail: Vec<&str> = said.lines().rev().take(12).collect();
                    eprintln!("{arguments:?}: {status}");
                    tail.iter().rev().for_each(|line| eprintln!("    {line}"));
                }
                return status.success();
            }
            if begun.elapsed() > limit {
                eprintln!("{arguments:?}: not done after {} s", limit.as_secs());
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
