//! A cluster on a market where things go wrong: what ray-on-golem itself makes of it.

use std::fs;
use std::time::{Duration, Instant};

use super::failures::{Failing, PASSES};
use super::machine::Machine;
use super::turn;

/// How long ray-on-golem may take to notice that a node is gone; it looks every twenty seconds, and twice.
const NOTICE: Duration = Duration::from_secs(120);

/// Two providers of which nothing comes, cheaper than the two that work.
fn market() -> String {
    let provider = |(name, price, faults): (&str, &str, &str)| {
        format!(
            "  - {{name: {name}, subnet: ray-on-golem-heads, cpu_threads: 4, mem_gib: 8, storage_gib: 60, prices: \
             {{start: 0, cpu_hour: {price}, env_hour: {price}}}, rules: {{enabled: true, everyone: whitelist}}, \
             faults: [{faults}]}}\n"
        )
    };
    let providers = [
        ("cheap-and-broken", "0.001", "deploy_fails"),
        ("cheap-and-mute", "0.002", "ssh_never_up"),
        ("sound", "0.02", ""),
        ("sound-too", "0.03", ""),
    ];
    format!("providers:\n{}", providers.map(provider).concat())
}

#[test]
fn a_cluster_comes_up_works_and_is_lost_as_the_faults_have_it() {
    let _turn = turn();
    let machine = Machine::look();
    let failing = Failing::new();
    failing.place_file("market.yaml", &market());
    failing.cluster_file("min_workers: 1", "min_workers: 0");
    let troubles = [
        "seed=3",
        "dns_fails=0.2",
        "urls={url: \"https://ipfs.io/ipfs/*\", status: 504, times: 3}",
        "nodes={what: killed, at: loss}",
    ];
    let mut up = vec!["up", "--content", "mirror", "--providers", "market.yaml"];
    troubles.iter().for_each(|trouble| up.extend(["--fault", trouble]));
    failing.localnet(&up);
    let exec = |words: &[&str]| {
        let words = [&["localnet", "exec", "--"], words].concat();
        failing.place.start(&words, &failing.project)
    };

    exec(&["ray", "up", "golem-cluster.yaml", "--yes"]).end_with(0);
    let log = failing.project.join(".golem-outbound/localnet/ray-on-golem/webserver_debug.log");
    let log = fs::read_to_string(log).unwrap();
    let tried: Vec<&str> =
        log.lines().filter(|line| line.contains("retrying") || line.contains("SSH")).collect();
    let tried = tried.join("\n");
    assert!(
        tried.contains("simulated fault `deploy_fails` of this provider"),
        "the cheapest came first:\n{tried}"
    );
    assert!(tried.contains("failed after 3 tries!"), "then the second:\n{tried}");

    let said = exec(&["ray", "submit", "golem-cluster.yaml", "simple-outbound.py"]).end_with(0);
    assert!(said.contains("Ray on Golem rocks!"), "{said}");
    assert!(said.contains("504"), "three downloads had to be tried again:\n{said}");

    failing.step(1, "loss", "[ray-on-golem, status]", PASSES);
    let walk = ["run", "loss", "--yes", "--trust"];
    failing.place.start(&walk, &failing.project).end_with(0);
    let begun = Instant::now();
    while !exec(&["ray-on-golem", "status"]).end_with(0).contains("activity is no longer accessible") {
        assert!(begun.elapsed() < NOTICE, "ray-on-golem has not noticed that its head node is dead");
    }
    exec(&["ray-on-golem", "stop", "--force", "--kill"]).end_with(0);
    failing.localnet(&["down"]);
    machine.assert_nothing_left(&failing.place.path(""));
}
