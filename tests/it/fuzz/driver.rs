//! Runs a target on mutated seeds until its time is over.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Once;
use std::time::{Duration, Instant};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::mutation::mutated;

/// What came of it.
pub(super) enum Fuzzed {
    /// So many inputs, and the target held for each.
    Sound(usize),
    /// An input that breaks the target, as small as it could be made.
    Broken { input: String, why: String },
}

impl Fuzzed {
    /// Nothing broke, and more than the seeds was tried.
    pub(super) fn expect_sound(self) {
        match self {
            Self::Sound(inputs) => assert!(inputs > 0, "no input was tried"),
            Self::Broken { input, why } => panic!("{input:?} breaks it: {why}"),
        }
    }
}

/// The texts of a file or of all files in a folder, which is no place for anything else.
pub(super) fn seeds(path: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    if path.is_file() {
        return vec![read(&path)];
    }
    let mut files: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    files.iter().map(|file| read(file)).collect()
}

/// The seeds themselves, then mutations of them with these words.
pub(super) fn fuzz(name: &str, seeds: &[String], words: &[&str], target: impl Fn(&str)) -> Fuzzed {
    let number = |variable| std::env::var(variable).ok().map(|text| text.parse::<u64>().expect(variable));
    let time = Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(1));
    let seed = number("FUZZ_SEED").unwrap_or(0);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng(seed));
    let mutated = mutated(seeds, words);
    let mutations = std::iter::repeat_with(|| mutated.new_tree(&mut runner).unwrap().current());
    let begun = Instant::now();
    let inputs = seeds.iter().cloned().chain(mutations).enumerate();
    let inputs = inputs.take_while(|(number, _)| *number <= seeds.len() || begun.elapsed() < time);
    let fuzzed = search(inputs.map(|(_, input)| input), target);
    if let Fuzzed::Sound(tried) = &fuzzed {
        println!("{name}: {tried} inputs in {} s, of the seed {seed}", begun.elapsed().as_secs());
    }
    fuzzed
}

/// Tries all of these.
pub(super) fn search(inputs: impl Iterator<Item = String>, target: impl Fn(&str)) -> Fuzzed {
    let mut tried = 0;
    for input in inputs {
        if let Some(why) = broken(&input, &target) {
            // Once more, because a target may remember what it was given before.
            let Some(_) = broken(&input, &target) else {
                return Fuzzed::Broken { input, why: format!("only after the inputs before it: {why}") };
            };
            let input = smallest(&input, &target);
            let why = broken(&input, &target).unwrap_or(why);
            return Fuzzed::Broken { input, why };
        }
        tried += 1;
    }
    Fuzzed::Sound(tried)
}

thread_local! {
    /// The last panic of this thread, also one that a runtime has caught in a task.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What the target says when it breaks.
fn broken(text: &str, target: impl Fn(&str)) -> Option<String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANIC.set(Some(info.to_string()));
            before(info);
        }));
    });
    PANIC.set(None);
    let ended = catch_unwind(AssertUnwindSafe(|| target(text)));
    PANIC.take().or_else(|| ended.err().map(|_| "no words".to_owned()))
}

/// The text without every piece that is not needed to break the target: halves first, single characters last.
fn smallest(text: &str, target: impl Fn(&str)) -> String {
    let mut text: Vec<char> = text.chars().collect();
    let mut length = text.len().div_ceil(2);
    while length > 0 {
        let mut at = 0;
        while at < text.len() {
            let end = (at + length).min(text.len());
            let less: String = text[..at].iter().chain(&text[end..]).collect();
            match broken(&less, &target) {
                None => at = end,
                Some(_) => drop(text.drain(at..end)),
            }
        }
        length /= 2;
    }
    text.into_iter().collect()
}

fn rng(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}
