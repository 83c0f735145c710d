//! What providers, the market and the payment network have to say of a file.

use super::*;

fn market() -> Market {
    let offer = |subnet: &str, cpu_threads, mem_gib, start, cpu_hour| Offer {
        subnet: subnet.into(),
        cpu_threads,
        mem_gib,
        storage_gib: 50.0,
        start,
        cpu_hour,
        env_hour: 0.02,
    };
    Market {
        name: "the market".into(),
        offers: vec![
            offer("public", 2.0, 4.0, 0.0, 0.1),
            offer("public", 8.0, 16.0, 0.4, 0.01),
            offer("ray-on-golem-heads", 8.0, 64.0, 0.0, 0.01),
        ],
    }
}

#[test]
fn demands_and_prices_are_compared_with_a_market() {
    let found = |from: &str, to: &str| {
        let text = GOOD.replace(from, to);
        assert_ne!(text, GOOD);
        let found = market_findings(&text, &market());
        found
            .iter()
            .zip(listed(&found))
            .map(|(finding, listed)| format!("{listed} {}", finding.message))
            .collect::<Vec<_>>()
    };
    assert_eq!(market_findings(GOOD, &market()), []);
    // The head may be found among the heads' providers, the worker may not.
    assert_eq!(
        found("min_mem_gib: 1", "min_mem_gib: 32"),
        ["demand-above-market 15:22 no provider of the market has that much memory: the largest has 16 GiB"]
    );
    assert_eq!(
        found("min_mem_gib: 1", "min_mem_gib: 8\n        max_cpu_threads: 4"),
        ["demand-above-market 12:7 no provider of the market meets `min_mem_gib`, `min_cpu_threads`, \
             `min_storage_gib`, `max_cpu_threads` together"]
    );
    assert_eq!(
        found("max_cost: 1.5", "max_cost: 0.001"),
        [
            "price-below-market 17:80 no provider of the market gives a thread for that time at so little: the cheapest costs 0.0053 GLM"
        ]
    );
    assert_eq!(
        found("max_start_price: 0.5", "max_start_price: 0.1\n        max_cpu_per_hour_price: 0.05"),
        [
            "price-below-market 16:7 no provider of the market meets `max_start_price`, `max_cpu_per_hour_price`, `max_cost` together"
        ]
    );
    assert_eq!(
        found("max_start_price: 0.5", "max_env_per_hour_price: 0.01"),
        [
            "price-below-market 18:33 no provider of the market gives an hour of a node for so little: the cheapest asks 0.02 GLM"
        ]
    );
    // A market says nothing about a subnet in which it has nobody.
    assert_eq!(
        found("      demand:\n", "      subnet_tag: mine\n      priority_subnet_tag: null\n      demand:\n")
            .len(),
        0
    );
}

#[test]
fn workers_must_fit() {
    assert_eq!(changed("max_workers: 10\nidle", "max_workers: 0\nidle"), ["too-few-workers! 2:14"]);
    assert_eq!(changed("min_workers: 1", "min_workers: -1"), ["workers-below-zero 24:18"]);
    assert_eq!(changed("    max_workers: 10", "    max_workers: 0"), ["min-above-max 24:18"]);
    assert_eq!(changed("head_node: true", "head_node_type: ray.head"), ["head-node-type-unknown! 36:17"]);
}

#[test]
fn dead_payment_networks_are_warned_about() {
    assert_eq!(changed("\"polygon\"", "holesky"), ["dead-payment-network 9:22"]);
    assert_eq!(changed("    payment_network: \"polygon\"\n", ""), ["dead-payment-network -"]);
    assert_eq!(changed("\"polygon\"", "hoodi"), ["hoodi-needs-newer-yagna 9:22"]);
    assert_eq!(changed("\"polygon\"", "poligon"), ["unknown-payment-network 9:22"]);
}
