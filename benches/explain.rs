//! How long somebody waits for `explain`, from the start of the process to its end, beside a program that does nothing.
//!
//! `cargo bench --bench explain`; it is meant to stay below 20 ms. The last line is what is left over the idle program,
//! which depends less on the machine.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_golem-outbound");
const URLS: [&str; 3] =
    ["https://ipfs.io/ipfs/bafkqaaa", "https://www.dropbox.com/s/a/b?dl=0", "https://data.example.org"];

fn explain() {
    let mut command = Command::new(PROGRAM);
    let status = command.arg("explain").args(URLS).stdout(Stdio::null()).status().expect("it can be run");
    assert_eq!(status.code(), Some(1), "one of them is rejected");
}

fn idle() {
    assert!(Command::new("true").status().expect("every machine has `true`").success());
}

#[divan::bench]
fn explain_three_urls() {
    explain();
}

#[divan::bench]
fn a_program_that_does_nothing() {
    idle();
}

/// The best of a hundred starts, which other work on the machine disturbs least.
fn best(start: fn()) -> Duration {
    let timed = |_| {
        let begun = Instant::now();
        start();
        begun.elapsed()
    };
    (0..100).map(timed).min().expect("a hundred starts")
}

fn main() {
    divan::main();
    let (explain, idle) = (best(explain), best(idle));
    println!(
        "explain takes {explain:.1?} from start to end, {:.1?} more than nothing",
        explain.saturating_sub(idle)
    );
}
