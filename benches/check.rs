//! What `check` costs on the documentation's project, beside reading the same cluster file with the YAML reader alone.
//!
//! `cargo bench --bench check`; the two figures of one input are meant to be read as a ratio, which does not depend on the
//! machine. The script is repeated to see that the cost grows with its length and not faster.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use golem_outbound::cluster::{ClusterConfig, import_findings, script_findings, whitelist_findings};
use golem_outbound::outbound::whitelist::Whitelist;

const CLUSTER: &str = include_str!("../examples/docs-outbound/golem-cluster.yaml");
const SCRIPT: &str = include_str!("../examples/docs-outbound/simple-outbound.py");

/// All that `check` does between reading the files and printing.
fn check(cluster: &str, script: &str) -> usize {
    let whitelist = Whitelist::snapshot();
    let (config, mut findings) = ClusterConfig::parse(cluster);
    findings.extend(whitelist_findings(cluster, &whitelist));
    if let Some(config) = &config {
        findings.extend(script_findings(config, &whitelist, script));
        findings.extend(import_findings(cluster, config, &[], script));
    }
    findings.len()
}

fn project(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("the documentation's project");
    group.bench_function("yaml reader alone", |bench| {
        bench.iter(|| serde_yaml::from_str::<serde_yaml::Value>(black_box(CLUSTER)).unwrap());
    });
    group.bench_function("check, cluster file", |bench| bench.iter(|| check(black_box(CLUSTER), "")));
    group.bench_function("check, whole", |bench| bench.iter(|| check(black_box(CLUSTER), black_box(SCRIPT))));
    group.finish();
}

fn script_length(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a script repeated");
    let config = ClusterConfig::parse(CLUSTER).0.expect("the example is a cluster file");
    let whitelist = Whitelist::snapshot();
    for times in [1, 10, 100] {
        let script = SCRIPT.repeat(times);
        group.throughput(Throughput::Bytes(script.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(times), &script, |bench, script| {
            bench.iter(|| script_findings(&config, &whitelist, black_box(script)).len());
        });
    }
    group.finish();
}

criterion_group!(benches, project, script_length);
criterion_main!(benches);
