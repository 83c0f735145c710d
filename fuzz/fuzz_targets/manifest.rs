//! `targets/manifest.rs` under libFuzzer.
#![no_main]

#[path = "../targets/manifest.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|text: &str| target::run(text));
