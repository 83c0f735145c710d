//! The offer that a provider publishes.
//!
//! May import nothing of the house. Invariant: the properties are those that golem-core and ray-on-golem read, named as a
//! real provider names them.

use serde_json::{Value, json};

use super::constraint::{Constraint, Operator};
use super::platform::NETWORKS;
use super::properties::{self, Properties};
use super::provider::Provider;

/// What the VM runtime can do; yagna checks none of it against the outbound rules.
const CAPABILITIES: [&str; 4] = ["inet", "vpn", "manifest-support", "start-entrypoint"];

/// Seconds: what a real provider offers before it negotiates.
const DEFAULT_DEBIT_NOTE_INTERVAL: u32 = 120;
const DEFAULT_PAYMENT_TIMEOUT: u32 = 120;
const DEBIT_NOTE_ACCEPT_TIMEOUT: u32 = 240;

/// The properties of the provider's offer.
pub fn properties(provider: &Provider) -> Properties {
    let Value::Object(mut properties) = json!({
        "golem.node.id.name": provider.name,
        properties::SUBNET: provider.subnet,
        "golem.node.net.is-public": false,
        "golem.inf.cpu.architecture": "x86_64",
        "golem.inf.cpu.cores": provider.cpu_threads.div_ceil(2),
        "golem.inf.cpu.threads": provider.cpu_threads,
        "golem.inf.mem.gib": provider.mem_gib,
        "golem.inf.storage.gib": provider.storage_gib,
        "golem.runtime.name": "vm",
        "golem.runtime.version": "0.4.2",
        "golem.runtime.capabilities": CAPABILITIES,
        "golem.srv.caps.multi-activity": true,
        "golem.srv.caps.payload-manifest": true,
        "golem.activity.caps.transfer.protocol": ["http", "https", "gftp"],
        "golem.com.payment.protocol.version": 3,
        "golem.com.scheme": "payu",
        properties::DEBIT_NOTE_ACCEPT_TIMEOUT: DEBIT_NOTE_ACCEPT_TIMEOUT,
        "golem.com.pricing.model": "linear",
        "golem.com.pricing.model.linear.coeffs": provider.pricing().coefficients(),
        "golem.com.usage.vector": ["golem.usage.duration_sec", "golem.usage.cpu_sec"],
    }) else {
        unreachable!("the literal above is an object")
    };
    if provider.mid_agreement_payments {
        properties.insert(properties::DEBIT_NOTE_INTERVAL.into(), DEFAULT_DEBIT_NOTE_INTERVAL.into());
        properties.insert(properties::PAYMENT_TIMEOUT.into(), DEFAULT_PAYMENT_TIMEOUT.into());
    }
    for network in NETWORKS {
        let name = format!("golem.com.payment.platform.{}.address", network.platform());
        properties.insert(name, provider.id().into());
    }
    properties
}

/// The constraints of the provider's offer on a demand.
pub fn constraints(provider: &Provider) -> Constraint {
    let compare = |property: &str, operator, value: &str| Constraint::Compare {
        property: property.into(),
        operator,
        value: value.to_owned(),
    };
    Constraint::All(vec![
        compare(properties::EXPIRATION, Operator::Greater, "0"),
        compare(properties::SUBNET, Operator::Equal, &provider.subnet),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::constraint::parse;
    use super::super::provider::DEFAULT_PROVIDERS;
    use super::*;

    #[test]
    fn offers_match_the_recorded_demand_of_their_subnet_both_ways() {
        let recorded: Vec<Value> = serde_json::from_str(include_str!("../yagna/recorded.json")).unwrap();
        let demand =
            &recorded.iter().find(|pair| pair["req"] == "POST /market-api/v1/demands 201").unwrap()["body"];
        let wanted = parse(demand["constraints"].as_str().unwrap()).unwrap();
        for provider in Provider::list(DEFAULT_PROVIDERS, "providers.yaml").unwrap() {
            let head = provider.subnet == "ray-on-golem-heads";
            assert_eq!(wanted.matches(&properties(&provider)), head, "{}", provider.name);
            let of_demand = demand["properties"].as_object().unwrap();
            assert_eq!(constraints(&provider).matches(of_demand), head, "{}", provider.name);
        }
    }

    #[test]
    fn an_offer_has_every_property_of_the_recorded_one() {
        let recorded: Vec<Value> = serde_json::from_str(include_str!("../yagna/recorded.json")).unwrap();
        let events =
            recorded.iter().find(|pair| pair["req"] == "GET /market-api/v1/demands/{id}/events 200").unwrap();
        let wanted = events["resp"][0]["proposal"]["properties"].as_object().unwrap();
        let provider = &Provider::list(DEFAULT_PROVIDERS, "providers.yaml").unwrap()[0];
        let ours = properties(provider);
        for (name, value) in wanted {
            let found = ours.get(name).unwrap_or_else(|| panic!("`{name}` is missing"));
            assert_eq!(std::mem::discriminant(found), std::mem::discriminant(value), "{name}");
        }
    }
}
