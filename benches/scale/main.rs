//! How large a network, and how quick: thousands of providers, eight nodes, and the same job without Golem.
//!
//! `cargo bench --bench scale -- [market] [nodes] [times] [--runs N]`: all three if none is named, in a quarter of an hour.
//!
//! - `market`: 5,000 providers answer the real `ray-on-golem network-stats`; every count must be right.
//! - `nodes`: a head and seven workers; a task on each of them.
//! - `times`: from `ray up` to the verified end of `ray submit`, on the localnet, on Ray's own `local` provider over SSH, and
//!   on a bare `ray start --head`; and where the seconds of the first go. The order of the three changes with each run.
//!
//! A Python with ray-on-golem is needed: the tests' own in `target/tmp`, or `GOLEM_OUTBOUND_TEST_PYTHON`; for `times`
//! Debian's openssh-server, which is downloaded and unpacked, not installed. Prints Markdown. Panics if a count, a node
//! or a verification is missing.

#[path = "../shared/localnet.rs"]
mod localnet;
mod market;
#[path = "../shared/memory.rs"]
mod memory;
mod nodes;
#[path = "../shared/project.rs"]
mod project;
mod sshd;
mod times;

use std::path::Path;
use std::time::{Duration, Instant};

use localnet::Ran;

/// The program, built as the benchmark is.
const PROGRAM: &str = env!("CARGO_BIN_EXE_golem-outbound");

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let runs = arguments.iter().skip_while(|word| *word != "--runs").nth(1);
    let runs = runs.map_or(3, |number| number.parse().expect("`--runs` takes a number"));
    let named = ["market", "nodes", "times"].map(|name| arguments.iter().any(|word| word == name));
    let wanted = |index: usize| named[index] || named == [false; 3];
    let folder = tempfile::tempdir().expect("a folder");
    for (index, subject) in [market::section, nodes::section].into_iter().enumerate() {
        if wanted(index) {
            print!("{}", subject(&below(folder.path(), index)));
        }
    }
    if wanted(2) {
        print!("{}", times::section(&below(folder.path(), 2), runs));
    }
}

fn below(folder: &Path, index: usize) -> std::path::PathBuf {
    let below = folder.join(index.to_string());
    std::fs::create_dir(&below).expect("a folder");
    below
}

/// What came of a command, and how long it took.
fn timed(work: impl FnOnce() -> Ran) -> (Ran, Duration) {
    let begun = Instant::now();
    let ran = work();
    (ran, begun.elapsed())
}

/// Seconds with one digit behind the point.
fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
