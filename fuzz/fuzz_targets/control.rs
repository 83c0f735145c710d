//! `targets/control.rs` under libFuzzer.
#![no_main]

#[path = "../targets/control.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|text: &str| target::run(text));
