//! Matching a million URLs against the default whitelist, beside two peers in the same run: the way yagna's own code
//! goes, and the way that one would write first. The last line is the ratio; absolute times say little on another machine.

use std::collections::HashSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::ItemsCount;
use golem_outbound::outbound::whitelist::{MatchKind, Whitelist};
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use url::Url;

const URLS: usize = 1_000_000;

/// Hosts as people have them: most are on the list, some nearly, some not at all.
const HOSTS: [&str; 8] = [
    "ipfs.io",
    "dl.dropboxusercontent.com",
    "pypi.dev.golem.network",
    "www.dropbox.com",
    "raw.githubusercontent.com",
    "gateway.ipfs.io",
    "geth4.golem.network",
    "registry.npmjs.org",
];

/// The URLs, parsed: parsing is the same work for all.
fn urls() -> Vec<Url> {
    let text = |number: usize| format!("https://{}/file/{number}", HOSTS[number % HOSTS.len()]);
    (0..URLS).map(|number| Url::parse(&text(number)).expect("each is a URL")).collect()
}

/// One way to answer whether a host is on the list.
trait Matching {
    fn matches(&self, host: &str) -> bool;
}

impl Matching for Whitelist {
    fn matches(&self, host: &str) -> bool {
        Self::matches(self, host).is_some()
    }
}

/// A set of strict patterns asked for the lower-cased host, then one set of regexes, as in
/// `utils/manifest-utils/src/matching/domain.rs`.
struct AsYagnaDoes {
    strict: HashSet<String>,
    regexes: RegexSet,
}

impl Matching for AsYagnaDoes {
    fn matches(&self, host: &str) -> bool {
        self.strict.contains(&host.to_lowercase()) || self.regexes.matches(host).matched_any()
    }
}

/// One pattern after the other, each regex compiled for itself.
struct OneByOne {
    strict: Vec<String>,
    regexes: Vec<Regex>,
}

impl Matching for OneByOne {
    fn matches(&self, host: &str) -> bool {
        self.strict.iter().any(|pattern| pattern.eq_ignore_ascii_case(host))
            || self.regexes.iter().any(|regex| regex.is_match(host))
    }
}

fn patterns(kind: MatchKind) -> Vec<String> {
    let list = Whitelist::snapshot();
    list.patterns().iter().filter(|pattern| pattern.kind == kind).map(|p| p.domain.to_lowercase()).collect()
}

fn as_yagna_does() -> AsYagnaDoes {
    let regexes = RegexSetBuilder::new(patterns(MatchKind::Regex))
        .case_insensitive(true)
        .ignore_whitespace(true)
        .build()
        .expect("the embedded list compiles");
    AsYagnaDoes { strict: patterns(MatchKind::Strict).into_iter().collect(), regexes }
}

fn one_by_one() -> OneByOne {
    let regex = |pattern: &String| {
        RegexBuilder::new(pattern)
            .case_insensitive(true)
            .ignore_whitespace(true)
            .build()
            .expect("it compiles")
    };
    OneByOne {
        strict: patterns(MatchKind::Strict),
        regexes: patterns(MatchKind::Regex).iter().map(regex).collect(),
    }
}

/// How many of the URLs are on the list.
fn accepted(matching: &impl Matching, urls: &[Url]) -> usize {
    urls.iter().filter_map(Url::host_str).filter(|host| matching.matches(host)).count()
}

fn bench(bencher: Bencher<'_, '_>, matching: impl Matching + Sync) {
    let urls = urls();
    bencher.counter(ItemsCount::new(urls.len())).bench(|| accepted(&matching, black_box(&urls)));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn ours(bencher: Bencher<'_, '_>) {
    bench(bencher, Whitelist::snapshot());
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn yagnas_way(bencher: Bencher<'_, '_>) {
    bench(bencher, as_yagna_does());
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn one_pattern_after_the_other(bencher: Bencher<'_, '_>) {
    bench(bencher, one_by_one());
}

/// The best of five passes, which other work on the machine disturbs least.
fn best(matching: &impl Matching, urls: &[Url]) -> (Duration, usize) {
    let pass = |_| {
        let begun = Instant::now();
        let accepted = black_box(accepted(matching, black_box(urls)));
        (begun.elapsed(), accepted)
    };
    (0..5).map(pass).min().expect("five passes")
}

fn main() {
    divan::main();
    let urls = urls();
    let (ours, accepted) = best(&Whitelist::snapshot(), &urls);
    let (yagnas, accepted_by_yagnas) = best(&as_yagna_does(), &urls);
    let (naive, accepted_by_naive) = best(&one_by_one(), &urls);
    assert!(accepted == accepted_by_yagnas && accepted == accepted_by_naive, "all three agree");
    println!(
        "{URLS} URLs: ours takes {:.2} of the time of yagna's way, {:.2} of one pattern after the other",
        ours.as_secs_f64() / yagnas.as_secs_f64(),
        ours.as_secs_f64() / naive.as_secs_f64()
    );
}
