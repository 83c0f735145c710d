//! `targets/whitelist.rs` under libFuzzer.
#![no_main]

#[path = "../targets/whitelist.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|text: &str| target::run(text));
