//! `targets/front_matter.rs` under libFuzzer.
#![no_main]

#[path = "../targets/front_matter.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|text: &str| target::run(text));
