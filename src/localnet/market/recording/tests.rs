use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::localnet::market::negotiation::{Answer, Standing, answer};
use crate::localnet::market::outbound_decision::by_the_rules;
use crate::localnet::market::properties::{self, Properties};
use crate::localnet::market::{MarketFile, constraint, offer};

const NOW_MS: i64 = 1_795_000_000_000;

/// The demand that ray-on-golem was seen to publish, for eight hours and in the subnet `public`.
fn demand() -> (Properties, String) {
    let recorded: Vec<Value> = serde_json::from_str(include_str!("../../yagna/recorded.json")).unwrap();
    let demand =
        &recorded.iter().find(|pair| pair["req"] == "POST /market-api/v1/demands 201").unwrap()["body"];
    let mut asked = demand["properties"].as_object().unwrap().clone();
    asked.insert(properties::SUBNET.into(), "public".into());
    asked.insert(properties::EXPIRATION.into(), (NOW_MS + 8 * 3_600_000).into());
    asked.insert("golem.com.payment.chosen-platform".into(), "erc20-holesky-tglm".into());
    (asked, demand["constraints"].as_str().unwrap().replace("ray-on-golem-heads", "public"))
}

/// What the demand's owner knew.
fn asked() -> Asked {
    let urls = vec!["https://pypi.dev.golem.network".parse().unwrap()];
    Asked { usage: Some((0.8, 0.5)), urls: Some(urls), ..Asked::default() }
}

const TAGS: [(&str, &str); 4] = [
    ("per cpu expected cost", "max_cost"),
    ("start price", "max_start_price"),
    ("cpu hour price", "max_cpu_hour_price"),
    ("env per hour price", "max_env_per_hour_price"),
];

fn tag(index: usize, limit: f64) -> String {
    let (what, name) = TAGS[index];
    format!("Passed Reject if {what} exceeds `{name}` = {limit}")
}

/// ray-on-golem's own figures, from the offers alone: what network-stats counts.
fn count(file: &str, limits: &[(usize, f64)]) -> Counts {
    let providers = MarketFile::parse(file, "recorded.yaml", &[]).unwrap().providers;
    let (demand, constraints) = demand();
    let wanted = constraint::parse(&constraints).unwrap();
    let mut stages = vec![("Initial".to_owned(), 0), ("Not blacklisted".into(), 0)];
    stages.extend(limits.iter().map(|(index, limit)| (tag(*index, *limit), 0)));
    stages.extend([("Negotiation initialized".into(), 0), ("Negotiated successfully".into(), 0)]);
    let mut reasons: Vec<(String, u64)> = Vec::new();
    let last = stages.len() - 1;
    for provider in providers {
        let offered = offer::properties(&provider);
        if !wanted.matches(&offered) || !offer::constraints(&provider).matches(&demand) {
            continue;
        }
        let coefficients = &offered["golem.com.pricing.model.linear.coeffs"];
        let [env, cpu, start] = [0, 1, 2].map(|place| coefficients[place].as_f64().unwrap());
        let cost = (start + env * 1800.0) / f64::from(provider.cpu_threads) + cpu * 0.8 * 1800.0;
        let prices = [cost, start, cpu * 3600.0, env * 3600.0];
        let passed = limits.iter().take_while(|(index, limit)| prices[*index] <= *limit).count();
        stages[..2 + passed].iter_mut().for_each(|(_, count)| *count += 1);
        if passed < limits.len() {
            continue;
        }
        stages[last - 1].1 += 1;
        let standing = Standing { agreements: 0, now_ms: NOW_MS };
        let reason = match answer(&provider, &offered, &demand, standing, &by_the_rules()) {
            Answer::Counter { .. } => {
                stages[last].1 += 1;
                continue;
            }
            Answer::Rejected(reason) => reason,
            Answer::Silence => "Failed to receive proposal response!".into(),
        };
        // What is printed loses the blank at its end.
        let reason = reason.trim_end().to_owned();
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((reason, 1)),
        }
    }
    reasons.sort();
    Counts { stages, reasons }
}

const REASONS: [&str; 9] = [
    "Failed to receive proposal response!",
    "No capacity available. Reached Agreements limit: 1",
    "No capacity available. Reached Agreements limit: 3",
    "Outbound rejected because: Everyone rule didn't match whitelist ; Audited-Payload rule requires manifest \
     signature ; Partner rule requires node descriptor ;",
    "Outbound rejected because: Everyone rule is disabled ; Audited-Payload rule requires manifest signature ; \
     Partner rule requires node descriptor ;",
    "Requestor's NodeId is on the blacklist: 0xab",
    "[\"a: b\"] < ['c', \\x]: #1",
    "Proposal expires at: 2026-11-18 19:06:40 UTC which is less than 5m or more than 4h from now",
    "outbound is disabled",
];

/// Counts as a market may give them: limits, how many fail at each, how many give each reason, how many accept.
fn seen(limits: &[(usize, f64)], beyond: &[u64], rejected: &[u64], accepted: u64) -> Counts {
    let rejecting: u64 = rejected.iter().sum();
    let mut left = beyond.iter().sum::<u64>() + rejecting + accepted;
    let mut stages = vec![("Initial".to_owned(), left), ("Not blacklisted".into(), left)];
    for ((index, limit), beyond) in limits.iter().zip(beyond) {
        left -= beyond;
        stages.push((tag(*index, *limit), left));
    }
    stages.extend([("Negotiation initialized".into(), left), ("Negotiated successfully".into(), accepted)]);
    let reasons = REASONS.iter().zip(rejected).filter(|(_, count)| **count > 0);
    Counts { stages, reasons: reasons.map(|(reason, count)| ((*reason).to_owned(), *count)).collect() }
}

fn recorded(counts: &Counts, asked: &Asked) -> String {
    Recording::make(Some(counts), None, asked).unwrap().text("From a test.")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_demand_that_saw_the_counts_sees_them_again(
        written in proptest::array::uniform4(proptest::option::of(1u32..4000)),
        beyond in proptest::collection::vec(0u64..4, 4),
        rejected in proptest::collection::vec(0u64..4, REASONS.len()),
        accepted in 0u64..5,
        known in any::<bool>(),
    ) {
        let limits: Vec<(usize, f64)> = written.iter().enumerate()
            .filter_map(|(index, limit)| limit.map(|limit| (index, f64::from(limit) / 1000.0))).collect();
        // An hour of a busy thread that is beyond its own limit and within that of costs needs room between the two.
        let cost = limits.iter().find(|(index, _)| *index == 0).map_or(f64::INFINITY, |(_, limit)| *limit);
        let beyond: Vec<u64> = limits.iter().zip(beyond).map(|((index, limit), count)| {
            if *index == 2 && limit * 0.4 >= cost * 0.9 { 0 } else { count }
        }).collect();
        let counts = seen(&limits, &beyond, &rejected, accepted);
        let asked = if known { asked() } else { Asked::default() };
        let text = recorded(&counts, &asked);
        let mut again = count(&text, &limits);
        // The time in this reason is that of the demand.
        for (reason, _) in &mut again.reasons {
            if reason.starts_with("Proposal expires at: ") {
                *reason = REASONS[7].into();
            }
        }
        again.reasons.sort();
        let mut expected = counts;
        expected.reasons.sort();
        prop_assert_eq!(again, expected, "{}", text);
    }

    #[test]
    fn an_offer_keeps_its_name_sizes_and_prices(
        name in "\\PC{1,20}",
        threads in 1u32..256,
        mem in 1u32..4096,
        attos in proptest::array::uniform3(0u64..1_000_000_000_000_000),
        cpu_first in any::<bool>(),
    ) {
        let [start, cpu, env] = attos.map(|attos| attos as f64 / 1e18);
        let mut offered = an_offer(&name);
        offered["golem.inf.cpu.threads"] = threads.into();
        offered["golem.inf.mem.gib"] = (f64::from(mem) / 16.0).into();
        let (vector, coefficients) = if cpu_first {
            (json!(["golem.usage.cpu_sec", "golem.usage.duration_sec"]), json!([cpu, env, start]))
        } else {
            (json!(["golem.usage.duration_sec", "golem.usage.cpu_sec"]), json!([env, cpu, start]))
        };
        offered["golem.com.usage.vector"] = vector;
        offered["golem.com.pricing.model.linear.coeffs"] = coefficients;
        let seen = read_offers(&offered.to_string()).unwrap();
        let text = Recording::make(None, Some(seen), &Asked::default()).unwrap().text(&name);
        let provider = MarketFile::parse(&text, "x", &[]).unwrap().providers.remove(0);
        prop_assert_eq!(&provider.name, &name);
        prop_assert_eq!((provider.cpu_threads, provider.mem_gib), (threads, f64::from(mem) / 16.0));
        let again = provider.pricing().coefficients();
        for (again, was) in again.into_iter().zip([env, cpu, start]) {
            prop_assert!((again - was).abs() <= was * 1e-9 + 2e-18, "{} {}", again, was);
        }
    }

    #[test]
    fn whatever_is_given_is_read_or_refused(text in "\\PC{0,80}|[\\[{\"golem.,:}\\]]{0,40}") {
        if let Some(seen) = read_offers(&text) {
            let text = Recording::make(None, Some(seen), &Asked::default()).unwrap().text("x\ny: \u{7}");
            prop_assert!(MarketFile::parse(&text, "x", &[]).is_ok(), "{}", text);
        }
    }
}

fn an_offer(name: &str) -> Value {
    let yaml = "[{name: a, subnet: public, cpu_threads: 2, mem_gib: 1.5, storage_gib: 20, prices: {start: 0.1, \
                cpu_hour: 0.2, env_hour: 0.3}}]";
    let provider = crate::localnet::market::Provider::list(yaml, "x").unwrap().remove(0);
    let mut offered = offer::properties(&provider);
    offered.insert("golem.node.id.name".into(), name.into());
    Value::Object(offered)
}

#[test]
fn a_url_that_no_default_whitelist_has_makes_the_accepting_ones_open() {
    let counts = seen(&[], &[], &[0, 0, 0, 2, 0, 0, 0, 0, 0], 1);
    let urls = vec!["https://example.org".parse().unwrap()];
    let providers = |asked: &Asked| MarketFile::parse(&recorded(&counts, asked), "x", &[]).unwrap().providers;
    let with = providers(&Asked { urls: Some(urls), ..asked() });
    let empty = |provider: &crate::localnet::market::Provider| provider.whitelist.patterns().is_empty();
    assert!(!with.iter().any(empty), "the default whitelist rejects it already");
    assert_eq!(with[2].rules.everyone, crate::outbound::rules::Mode::All);
    let known = providers(&asked());
    assert!(known[0].name == "not-whitelisted-1" && empty(&known[0]));
    assert_eq!(known[2].rules.everyone, crate::outbound::rules::Mode::Whitelist);
}

#[test]
fn an_empty_market_has_no_offers() {
    let text = recorded(&seen(&[], &[], &[], 0), &asked());
    assert!(MarketFile::parse(&text, "x", &[]).unwrap().providers.is_empty(), "{text}");
}

#[test]
fn offers_are_found_wherever_they_lie_and_one_of_a_node_counts() {
    let event = |node: &str, name: &str| json!({"eventType": "ProposalEvent", "proposal": {"issuerId": node, "properties": an_offer(name)}});
    let mut wasm = an_offer("w");
    wasm["golem.runtime.name"] = "wasmtime".into();
    let text = format!(
        "{}\n{}\n",
        json!([event("0x1", "a"), event("0x2", "a"), event("0x1", "a"), {"eventType": "ProposalRejectedEvent"}]),
        json!({"demand": {"properties": {"golem.srv.comp.expiration": 1}}, "offer": {"properties": wasm}})
    );
    let seen = read_offers(&text).unwrap();
    assert_eq!(seen.left_out.values().sum::<u64>(), 2, "{seen:?}");
    let text = Recording::make(None, Some(seen), &Asked::default()).unwrap().text("x");
    let providers = MarketFile::parse(&text, "x", &[]).unwrap().providers;
    let names: Vec<&str> = providers.iter().map(|provider| provider.name.as_str()).collect();
    assert_eq!(names, ["a", "a-2"]);
    for text in ["", "{}", "[1, \"golem\"]", "{\"golem.x\": 1} and more"] {
        assert!(read_offers(text).is_none_or(|seen| seen.offers.is_empty()), "{text}");
    }
}

#[test]
fn counts_deal_their_policies_out_to_the_offers_within_the_limits() {
    let offers: Vec<Value> = (0..6)
        .map(|number| {
            let mut offered = an_offer(&format!("p-{number}"));
            let start = if number < 2 { 3.0 } else { 0.0 };
            offered["golem.com.pricing.model.linear.coeffs"] = json!([0.00001, 0.00001, start]);
            offered
        })
        .collect();
    let limits = [(1, 0.5)];
    let counts = seen(&limits, &[2], &[0, 0, 0, 1, 1, 0, 0, 0, 1], 1);
    let offered = read_offers(&json!(offers).to_string());
    let text = Recording::make(Some(&counts), offered, &asked()).unwrap().text("x");
    let mut expected = counts;
    expected.reasons.sort();
    assert_eq!(count(&text, &limits), expected, "{text}");
}
