//! Runs a target on mutated seeds until its time is over.

use std::path::Path;
use std::time::{Duration, Instant};

use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use super::mutation::mutated;

/// Between two looks at the clock.
const CASES: u32 = 16;

/// What came of it.
pub(super) enum Fuzzed {
    /// So many inputs, and the target held for each.
    Sound(u64),
    /// An input that breaks the target, as small as it could be made.
    Broken { input: String, why: String },
}

impl Fuzzed {
    /// Nothing broke, and something was tried.
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
    let mut runner = TestRunner::new_with_rng(
        Config { cases: CASES, failure_persistence: None, max_shrink_iters: 4096, ..Config::default() },
        rng(number("FUZZ_SEED").unwrap_or(0)),
    );
    let inputs = mutated(seeds, words);
    seeds.iter().for_each(|seed| target(seed));
    let (begun, mut tried) = (Instant::now(), seeds.len() as u64);
    loop {
        match runner.run(&inputs, |input| {
            target(&input);
            Ok(())
        }) {
            Ok(()) => tried += u64::from(CASES),
            Err(TestError::Fail(why, input)) => return Fuzzed::Broken { input, why: why.to_string() },
            Err(TestError::Abort(why)) => panic!("the fuzzing of {name} cannot go on: {why}"),
        }
        if begun.elapsed() >= time {
            println!("{name}: {tried} inputs in {} s", begun.elapsed().as_secs());
            return Fuzzed::Sound(tried);
        }
    }
}

fn rng(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}
