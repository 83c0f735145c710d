//! Offers of real providers, read from JSON or from lines of JSON.
//!
//! May import its siblings and the market's properties. Invariant: an offer that the localnet cannot carry as it is, is
//! left out and counted, never bent.

use std::collections::BTreeMap;

use serde_json::Value;

use super::MOST;
use super::limits::{Asks, round};
use crate::localnet::market::properties::{self, Properties, flatten};

/// The offers of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    pub(super) offers: Vec<Offered>,
    /// Why offers were left out, and how many.
    pub(super) left_out: BTreeMap<&'static str, u64>,
}

/// What one provider offers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Offered {
    /// The node id, where the offer came with one.
    pub node: Option<String>,
    pub name: String,
    pub subnet: String,
    pub mem_gib: f64,
    pub storage_gib: f64,
    pub asks: Asks,
    pub mid_agreement_payments: bool,
}

/// How deep offers may lie in a document.
const DEEPEST: usize = 16;

/// Reads offers wherever they lie in a document: a list of events, proposals or offers as yagna's API gives them, maps of
/// properties, or one of these a line. Nothing if the text is no JSON or has no offer.
pub fn read_offers(text: &str) -> Option<Seen> {
    let mut documents = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        documents.push(document.ok()?);
    }
    let mut seen = Seen::default();
    documents.into_iter().for_each(|document| seen.look_into(document, None, 0));
    (!seen.offers.is_empty() || !seen.left_out.is_empty()).then_some(seen)
}

impl Seen {
    fn look_into(&mut self, value: Value, node: Option<&str>, depth: usize) {
        match value {
            _ if depth > DEEPEST => {}
            Value::Array(items) => items.into_iter().for_each(|item| self.look_into(item, node, depth + 1)),
            Value::Object(fields) if fields.keys().any(|key| key == "golem" || key.starts_with("golem.")) => {
                let offer = read(&flatten(Value::Object(fields)), node);
                match offer {
                    Ok(offer) => self.take(offer),
                    Err(why) => *self.left_out.entry(why).or_default() += 1,
                }
            }
            Value::Object(fields) => {
                let own =
                    ["issuerId", "providerId", "node_id"].iter().find_map(|key| fields.get(*key)?.as_str());
                let node = own.map(str::to_owned).or_else(|| node.map(str::to_owned));
                // Demands and agreements hold the requestor's properties, too.
                let offers = fields.into_iter().filter(|(key, _)| key != "demand");
                offers.for_each(|(_, value)| self.look_into(value, node.as_deref(), depth + 1));
            }
            _ => {}
        }
    }

    /// A node that offers again has changed its mind; the last offer counts.
    fn take(&mut self, offer: Offered) {
        let full = self.offers.len() as u64 >= MOST;
        let known = self.offers.iter_mut().find(|known| known.node.is_some() && known.node == offer.node);
        match known {
            Some(known) => {
                *known = offer;
                *self.left_out.entry("are an earlier offer of the same node").or_default() += 1;
            }
            None if full => {
                *self.left_out.entry("are more than the localnet carries").or_default() += 1;
            }
            None => self.offers.push(offer),
        }
    }
}

fn read(offer: &Properties, node: Option<&str>) -> Result<Offered, &'static str> {
    let text = |name: &str| offer.get(name).and_then(Value::as_str);
    let number = |name: &str| {
        offer
            .get(name)
            .and_then(Value::as_f64)
            .filter(|number| (0.0..1e9).contains(number))
            .ok_or("lack their size")
    };
    if text("golem.runtime.name") != Some("vm") {
        return Err("are not for the runtime `vm`");
    }
    let capabilities = offer.get("golem.runtime.capabilities").and_then(Value::as_array).ok_or(INCAPABLE)?;
    if ["vpn", "inet", "manifest-support"].iter().any(|wanted| !capabilities.iter().any(|own| own == wanted))
    {
        return Err(INCAPABLE);
    }
    let threads = number("golem.inf.cpu.threads")? as u32;
    let [start, cpu_hour, env_hour] = prices(offer).ok_or("have no linear prices")?;
    Ok(Offered {
        node: node.map(str::to_owned),
        name: text("golem.node.id.name").filter(|name| !name.is_empty()).ok_or("have no name")?.to_owned(),
        subnet: text(properties::SUBNET).ok_or("name no subnet")?.to_owned(),
        mem_gib: number("golem.inf.mem.gib")?,
        storage_gib: number("golem.inf.storage.gib")?,
        asks: Asks { threads, start, cpu_hour, env_hour },
        mid_agreement_payments: [properties::DEBIT_NOTE_INTERVAL, properties::PAYMENT_TIMEOUT]
            .iter()
            .all(|name| offer.contains_key(*name)),
    })
}

const INCAPABLE: &str = "lack one of vpn, inet and manifest-support";

/// Start, CPU by the hour, environment by the hour. The coefficients stand in the order of the usage vector, which real
/// providers have either way; the start comes last.
fn prices(offer: &Properties) -> Option<[f64; 3]> {
    let list = |name: &str| offer.get(name).and_then(Value::as_array);
    let (coefficients, counters) =
        (list("golem.com.pricing.model.linear.coeffs")?, list("golem.com.usage.vector")?);
    if coefficients.len() != counters.len() + 1 || counters.len() != 2 {
        return None;
    }
    let sound = |value: &Value| value.as_f64().filter(|price| (0.0..1e9).contains(price));
    let by_hour = |counter: &str| {
        let place = counters.iter().position(|found| found == counter)?;
        Some(round(sound(&coefficients[place])? * 3600.0))
    };
    Some([
        round(sound(coefficients.last()?)?),
        by_hour("golem.usage.cpu_sec")?,
        by_hour("golem.usage.duration_sec")?,
    ])
}
