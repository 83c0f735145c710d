//! A cluster on a market where things go wrong: what ray-on-golem itself makes of it.

use std::fs;

use super::failures::{DOWN, Failing, PASSES, UP};
use super::machine::Machine;
use super::turn;

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
    let owes = format!("teardown:\n  - {DOWN}\n  - [ray-on-golem, stop, --force, --kill]\n");
    failing.step(1, "ray-up", UP, &format!("{owes}{PASSES}"));
    failing.step(2, "submit", "[ray, submit, golem-cluster.yaml, simple-outbound.py]", PASSES);
    failing.step(3, "loss", "[ray, exec, golem-cluster.yaml, uptime]", "checks:\n  - exit_code: 1\n");
    let troubles = [
        "seed=3",
        "dns_fails=0.2",
        "urls={url: \"https://ipfs.io/ipfs/*\", status: 504, times: 3}",
        "nodes={what: killed, at: loss}",
    ];
    let mut walk = vec!["run", "--yes", "--trust", "--content", "mirror", "--providers", "market.yaml"];
    troubles.iter().for_each(|trouble| walk.extend(["--fault", trouble]));
    let said = failing.place.start(&walk, &failing.project).end_with(0);

    // Which one is asked first depends on whose answer comes first; the cheapest of them has most often won by then.
    let log = failing.project.join(".golem-outbound/localnet/ray-on-golem/webserver_debug.log");
    let log = fs::read_to_string(log).unwrap();
    let tried = |what: &str| log.lines().any(|line| line.contains(what));
    assert!(tried("Failed to create activity, retrying."), "{said}");
    assert!(tried("SSH connection check on sound"), "{said}");
    assert!(said.contains("Ray on Golem rocks!"), "{said}");
    let attempts =
        said.split("\"attempts\": ").skip(1).filter_map(|rest| rest.get(..1)?.parse::<usize>().ok());
    assert!(attempts.sum::<usize>() >= 12 + 3, "three downloads had to be tried again:\n{said}");
    machine.assert_nothing_left(&failing.place.path(""));
}
