//! What `check` costs on the documentation's project, beside reading the same cluster file with the YAML reader alone.
//!
//! `cargo bench --bench check`; the last line is the ratio, which does not depend on the machine. The script is repeated to
//! see that the cost grows with its length and not faster.

use std::hint::black_box;
use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::BytesCount;
use golem_outbound::cluster::{
    ClusterConfig, Market, Offer, Releases, image_findings, import_findings, local_file_findings,
    market_findings, script_findings, whitelist_findings,
};
use golem_outbound::outbound::whitelist::Whitelist;

const CLUSTER: &str = include_str!("../examples/docs-outbound/golem-cluster.yaml");
const SCRIPT: &str = include_str!("../examples/docs-outbound/simple-outbound.py");

/// All that `check` does between reading the files and printing.
fn check(cluster: &str, script: &str) -> usize {
    let whitelist = Whitelist::snapshot();
    let (config, mut findings) = ClusterConfig::parse(cluster);
    findings.extend(whitelist_findings(cluster, &whitelist));
    findings.extend(image_findings(cluster, &Releases::default()));
    findings.extend(local_file_findings(cluster, &|_| true));
    findings.extend(market_findings(cluster, &market()));
    if let Some(config) = &config {
        findings.extend(script_findings(config, &whitelist, script));
        findings.extend(import_findings(cluster, config, &[], script));
    }
    findings.len()
}

/// As many providers as the localnet has.
fn market() -> Market {
    let offer = |index: u32| Offer {
        subnet: "public".into(),
        cpu_threads: f64::from(1 + index % 16),
        mem_gib: f64::from(1 + index),
        storage_gib: 50.0,
        start: 0.0,
        cpu_hour: 0.02,
        env_hour: 0.03,
    };
    Market { name: "the localnet".into(), offers: (0..26).map(offer).collect() }
}

fn read_yaml(cluster: &str) -> serde_yaml::Value {
    serde_yaml::from_str(cluster).expect("the example is YAML")
}

#[divan::bench]
fn yaml_reader_alone() -> serde_yaml::Value {
    read_yaml(black_box(CLUSTER))
}

#[divan::bench]
fn cluster_file_alone() -> usize {
    check(black_box(CLUSTER), "")
}

#[divan::bench]
fn whole_project() -> usize {
    check(black_box(CLUSTER), black_box(SCRIPT))
}

#[divan::bench(args = [1, 10, 100])]
fn script_repeated(bencher: Bencher<'_, '_>, times: usize) {
    let config = ClusterConfig::parse(CLUSTER).0.expect("the example is a cluster file");
    let (whitelist, script) = (Whitelist::snapshot(), SCRIPT.repeat(times));
    bencher
        .counter(BytesCount::new(script.len()))
        .bench(|| script_findings(&config, &whitelist, black_box(&script)).len());
}

/// The best of a hundred passes, which other work on the machine disturbs least.
fn best<T>(mut pass: impl FnMut() -> T) -> Duration {
    let timed = |_| {
        let begun = Instant::now();
        black_box(pass());
        begun.elapsed()
    };
    (0..100).map(timed).min().expect("a hundred passes")
}

fn main() {
    divan::main();
    let whole = best(|| check(black_box(CLUSTER), black_box(SCRIPT)));
    let alone = best(|| read_yaml(black_box(CLUSTER)));
    println!(
        "the whole project takes {:.1} times what reading its cluster file as YAML takes",
        whole.as_secs_f64() / alone.as_secs_f64()
    );
}
