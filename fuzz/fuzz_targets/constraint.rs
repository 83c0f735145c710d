//! `targets/constraint.rs` under libFuzzer.
#![no_main]

#[path = "../targets/constraint.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|text: &str| target::run(text));
