//! The same offers and demands to both markets: who is offered to whom.
//!
//! Proposals of one identity's offers to another one's demands appear in one daemon, without any network.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use golem_outbound::localnet::market::constraint::parse;
use golem_outbound::localnet::market::properties::{Properties, flatten};
use serde_json::{Value, json};

use super::chain;
use super::client::{Request, send};
use super::corpus::{Demand, Offer, corpus};
use super::oracle::{Daemon, program};

/// Marks an offer, so that a proposal can be traced back to it.
const MARK: &str = "offer.index";
/// How long the market may take to compare everything.
const PATIENCE: Duration = Duration::from_secs(120);

/// A demand's and an offer's number.
type Pair = (usize, usize);

fn matches(constraints: &str, properties: &Properties) -> bool {
    parse(constraints).is_ok_and(|constraint| constraint.matches(properties))
}

/// What the localnet's market pairs.
fn ours(offers: &[Offer], demands: &[Demand]) -> BTreeSet<Pair> {
    let offered: Vec<Properties> = offers.iter().map(|offer| flatten(offer.properties.clone())).collect();
    let mut pairs = BTreeSet::new();
    for (d, demand) in demands.iter().enumerate() {
        let demanded = flatten(demand.properties.clone());
        let fits = |o: &usize| {
            matches(&demand.constraints, &offered[*o]) && matches(&offers[*o].constraints, &demanded)
        };
        pairs.extend((0..offers.len()).filter(fits).map(|o| (d, o)));
    }
    pairs
}

/// A client of the real market.
struct Market {
    api: SocketAddr,
    requestor: String,
    provider: String,
}

impl Market {
    fn post(&self, key: &str, what: &str, properties: &Value, constraints: &str) -> String {
        let body = json!({"properties": properties, "constraints": constraints}).to_string();
        let request = Request {
            method: "POST".into(),
            path: format!("/market-api/v1/{what}"),
            key: Some(key.to_owned()),
            content_type: Some("application/json".into()),
            body: Some(body),
        };
        let answer = send(self.api, &request);
        assert_eq!(answer.status, 201, "{constraints:?}: {answer:?}");
        answer.json().and_then(|id| id.as_str().map(str::to_owned)).expect("an identifier")
    }

    fn events(&self, demand: &str, timeout: u64) -> Vec<Value> {
        let path = format!("/market-api/v1/demands/{demand}/events?timeout={timeout}&maxEvents=100");
        let request =
            Request { method: "GET".into(), path, key: Some(self.requestor.clone()), ..Request::default() };
        let answer = send(self.api, &request).json();
        answer.and_then(|events| events.as_array().cloned()).expect("events")
    }

    /// The last demand is one that only the last offer fits: when they have met, everything before has been compared.
    fn pairs(&self, offers: &[Offer], demands: &[Demand]) -> BTreeSet<Pair> {
        for (index, offer) in offers.iter().enumerate() {
            let mut properties = offer.properties.clone();
            properties[MARK] = index.into();
            self.post(&self.provider, "offers", &properties, &offer.constraints);
        }
        self.post(&self.provider, "offers", &json!({"last": 1}), "()");
        let post =
            |demand: &Demand| self.post(&self.requestor, "demands", &demand.properties, &demand.constraints);
        let ids: Vec<String> = demands.iter().map(post).collect();
        let last = self.post(&self.requestor, "demands", &json!({}), "(last=1)");
        let begun = Instant::now();
        while self.events(&last, 5).is_empty() {
            assert!(begun.elapsed() < PATIENCE, "the real market did not compare everything");
        }
        let mut pairs = BTreeSet::new();
        for (d, id) in ids.iter().enumerate() {
            loop {
                let events = self.events(id, 0);
                let offers = events.iter().filter_map(|event| event["proposal"]["properties"][MARK].as_u64());
                pairs.extend(offers.map(|o| (d, usize::try_from(o).expect("a small number"))));
                if events.is_empty() {
                    break;
                }
            }
        }
        pairs
    }
}

#[test]
fn the_market_pairs_the_same_demands_and_offers_as_the_real_one() {
    let daemon = Daemon::start(&program(), chain::serve(), None);
    let second = daemon.json(&["id", "create", "--no-password", "--json"]);
    let second = second["Ok"]["nodeId"].as_str().expect("an identity").to_owned();
    let market = Market {
        api: daemon.api,
        requestor: daemon.app_key("requestor", None),
        provider: daemon.app_key("provider", Some(&second)),
    };
    let (offers, demands) = corpus();
    let (real, ours) = (market.pairs(&offers, &demands), ours(&offers, &demands));
    let told = |(d, o): &Pair| {
        let (demand, offer) = (&demands[*d], &offers[*o]);
        format!(
            "{:?} {} <-> {:?} {}",
            demand.constraints, demand.properties, offer.constraints, offer.properties
        )
    };
    let missed: Vec<String> = real.difference(&ours).map(told).collect();
    let invented: Vec<String> = ours.difference(&real).map(told).collect();
    assert!(
        missed.is_empty() && invented.is_empty(),
        "of {} pairs\nonly in the real market: {missed:#?}\nonly in ours: {invented:#?}",
        demands.len() * offers.len()
    );
    assert!(demands.len() * offers.len() >= 5000 && real.len() >= 400, "{} pairs met", real.len());
}
