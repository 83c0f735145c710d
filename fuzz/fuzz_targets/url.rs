//! `targets/url.rs` under libFuzzer.
#![no_main]

#[path = "../targets/url.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|text: &str| target::run(text));
