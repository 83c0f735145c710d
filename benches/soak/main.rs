//! The localnet over hours: does anything grow that a cycle of `ray up`, `ray submit`, `ray down` should give back?
//!
//! `cargo bench --profile dev --bench soak -- [MINUTES] [PROGRAM]`: 120 minutes if no number is given, with this build's
//! program or the one named. One localnet is up all the time; after every cycle ray-on-golem is stopped, and what is
//! left is measured. A Python with ray-on-golem is needed: the tests' own in `target/tmp`, or
//! `GOLEM_OUTBOUND_TEST_PYTHON`. Prints a row a cycle and then what became of each quantity, as Markdown; ends with 1 if
//! a cycle failed, or if something grew from the first quarter of the cycles to the last by more than the tolerance that
//! the table states.

#[path = "../shared/localnet.rs"]
mod localnet;
#[path = "../shared/memory.rs"]
mod memory;
#[path = "../shared/project.rs"]
mod project;
mod sample;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use localnet::{FILE, Localnet};
use sample::{QUANTITIES, Sample};

/// Cycles that are shown, but not compared: until the log has been put aside for the first time, which comes at 4 MiB, what
/// lies on the disk only grows; from then on it goes up and down.
const WARM_UP: usize = 16;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let minutes = arguments.iter().find_map(|word| word.parse::<u64>().ok()).unwrap_or(120);
    let program = arguments.iter().find(|word| word.contains('/')).map(PathBuf::from);
    let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_golem-outbound").into());
    let folder = tempfile::tempdir().expect("a folder");
    let localnet = Localnet::up(&program, project::example(folder.path()), &[]);
    let keeper = localnet.keeper();
    println!("{minutes} minutes, cycles of up, submit, down, stop on one localnet\n");
    println!("| cycle | minute | cycle s | verified | {} |", QUANTITIES.map(|(name, _)| name).join(" | "));
    println!("| --- | --- | --- | --- |{}", " --- |".repeat(QUANTITIES.len()));
    let (begun, mut samples, mut failed) = (Instant::now(), Vec::new(), 0);
    while begun.elapsed() < Duration::from_secs(60 * minutes) {
        let started = Instant::now();
        let verified = cycle(&localnet);
        let took = started.elapsed().as_secs_f64();
        let sample = Sample::take(keeper, &localnet.project);
        let minute = begun.elapsed().as_secs_f64() / 60.0;
        failed += usize::from(!verified);
        println!("| {} | {minute:.1} | {took:.1} | {verified} | {} |", samples.len() + 1, sample.row());
        samples.push(sample);
    }
    localnet.down();
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
    for (index, (name, bound)) in QUANTITIES.into_iter().enumerate() {
        let median = |part: &[Sample]| {
            let mut values: Vec<f64> = part.iter().map(|sample| sample.0[index]).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let (first, last) = (median(&samples[..quarter]), median(&samples[samples.len() - quarter..]));
        let flat = bound.holds(first, last);
        grown += usize::from(!flat);
        let verdict = if flat { "flat" } else { "GROWS" };
        println!("| {name} | {first:.1} | {last:.1} | {} | {verdict} |", bound.words());
    }
    grown
}

/// From `ray up` to `ray-on-golem stop`; whether every download came back verified and every command ended well.
fn cycle(localnet: &Localnet) -> bool {
    let inside = |words: &[&str]| localnet.inside(words, Duration::from_secs(300));
    if !inside(&["ray", "up", FILE, "--yes"]).ok {
        // What there is of a cluster is taken down all the same.
        inside(&["ray", "down", FILE, "--yes"]);
        inside(&["ray-on-golem", "stop", "--kill"]);
        return false;
    }
    let submitted = inside(&["ray", "submit", FILE, "simple-outbound.py"]);
    let down = inside(&["ray", "down", FILE, "--yes"]);
    let stopped = inside(&["ray-on-golem", "stop", "--kill"]);
    submitted.ok && submitted.has("Ray on Golem rocks!") && down.ok && stopped.ok
}
