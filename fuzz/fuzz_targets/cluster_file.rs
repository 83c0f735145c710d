//! `targets/cluster_file.rs` under libFuzzer.
#![no_main]

#[path = "../targets/cluster_file.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|text: &str| target::run(text));
