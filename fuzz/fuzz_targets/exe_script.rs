//! `targets/exe_script.rs` under libFuzzer.
#![no_main]

#[path = "../targets/exe_script.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|text: &str| target::run(text));
