//! `targets/api.rs` under libFuzzer.
#![no_main]

#[path = "../targets/api.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|text: &str| target::run(text));
