//! What a provider answers to a demand's counter-proposal.
//!
//! May import its siblings. Invariant: the order of the checks is yagna's
//! (`agent/provider/src/market/negotiator/composite.rs`), because the first one that fails is the text that people see.

use std::time::Duration;

use serde_json::Value;

use super::outbound_decision::{OutboundAccess, OutboundDecision};
use super::properties::{self, Properties};
use super::provider::{Fault, Provider};

/// Agreements that a provider keeps at a time: the VM runtime's default.
const MAX_AGREEMENTS: usize = 1;
/// The shortest time that is worth an agreement (`min_agreement_expiration`).
const MIN_EXPIRATION: Duration = Duration::from_secs(5 * 60);
/// The longest time for a requestor that does not promise to accept debit notes.
const MAX_EXPIRATION_WITHOUT_DEADLINE: Duration = Duration::from_secs(30 * 60);

/// What is known at the moment of the answer.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Agreements of the provider that are approved and not over.
    pub agreements: usize,
    /// Milliseconds since the epoch.
    pub now_ms: i64,
}

/// A provider's answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Its own counter-proposal, which may become an agreement.
    Counter {
        /// The offer's properties after negotiation.
        properties: Properties,
        /// What a node of that agreement may reach.
        outbound: OutboundAccess,
    },
    /// `ProposalRejectedEvent` with this reason.
    Rejected(String),
    /// Nothing at all; the requestor's patience ends it.
    Silence,
}

/// Answers a counter-proposal with the properties `demand` to the provider's offer with the properties `offer`.
pub fn answer(
    provider: &Provider,
    offer: &Properties,
    demand: &Properties,
    standing: Standing,
    decide_outbound: &OutboundDecision,
) -> Answer {
    if provider.has(Fault::NoProposalResponse) {
        return Answer::Silence;
    }
    match negotiate(provider, offer, demand, standing, decide_outbound) {
        Ok((properties, outbound)) => Answer::Counter { properties, outbound },
        Err(reason) => Answer::Rejected(reason),
    }
}

fn negotiate(
    provider: &Provider,
    offer: &Properties,
    demand: &Properties,
    standing: Standing,
    decide_outbound: &OutboundDecision,
) -> Result<(Properties, OutboundAccess), String> {
    limit_agreements(provider, standing)?;
    provider.rejects_with.clone().map_or(Ok(()), Err)?;
    let mut offer = offer.clone();
    limit_expiration(provider, demand, standing)?;
    adopt_lower(&mut offer, demand, properties::DEBIT_NOTE_ACCEPT_TIMEOUT)?;
    adopt(&mut offer, demand, properties::DEBIT_NOTE_INTERVAL);
    adopt(&mut offer, demand, properties::PAYMENT_TIMEOUT);
    let manifest = demand.get(properties::MANIFEST).and_then(Value::as_str);
    let outbound = decide_outbound(&provider.policy(), manifest)?;
    Ok((offer, outbound))
}

/// `max_agreements.rs`
fn limit_agreements(provider: &Provider, standing: Standing) -> Result<(), String> {
    if standing.agreements < MAX_AGREEMENTS && !provider.has(Fault::RejectsProposals) {
        return Ok(());
    }
    Err(format!("No capacity available. Reached Agreements limit: {MAX_AGREEMENTS}"))
}

/// `expiration.rs`
fn limit_expiration(provider: &Provider, demand: &Properties, standing: Standing) -> Result<(), String> {
    let Some(expires) = demand.get(properties::EXPIRATION).and_then(Value::as_i64) else {
        return Err("Missing expiration key in Proposal".to_owned());
    };
    let longest = if demand.contains_key(properties::DEBIT_NOTE_ACCEPT_TIMEOUT) {
        Duration::from_secs(provider.max_agreement_hours.saturating_mul(3600))
    } else {
        MAX_EXPIRATION_WITHOUT_DEADLINE
    };
    let remaining = i128::from(expires) - i128::from(standing.now_ms);
    if remaining >= MIN_EXPIRATION.as_millis() as i128 && remaining <= longest.as_millis() as i128 {
        return Ok(());
    }
    Err(format!(
        "Proposal expires at: {} which is less than {} or more than {} from now",
        utc(expires),
        humantime(MIN_EXPIRATION),
        humantime(longest)
    ))
}

/// The demand's promise to accept debit notes must be at least as quick as the provider asks.
fn adopt_lower(offer: &mut Properties, demand: &Properties, name: &str) -> Result<(), String> {
    let (Some(wanted), Some(promised)) =
        (offer.get(name).and_then(Value::as_i64), demand.get(name).and_then(Value::as_i64))
    else {
        offer.remove(name);
        return Ok(());
    };
    if promised > wanted {
        let limit = humantime(Duration::from_secs(wanted.unsigned_abs()));
        return Err(format!("DebitNote acceptance deadline should be less than {limit}."));
    }
    offer.insert(name.to_owned(), promised.into());
    Ok(())
}

/// Takes over the demand's value where both sides name one, and drops it where the demand names none.
fn adopt(offer: &mut Properties, demand: &Properties, name: &str) {
    match demand.get(name) {
        Some(value) if offer.contains_key(name) => offer.insert(name.to_owned(), value.clone()),
        Some(_) => None,
        None => offer.remove(name),
    };
}

/// `2027-11-22 06:20:04.556 UTC`, as yagna's clock library prints a time.
fn utc(ms: i64) -> String {
    let Ok(time) = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000) else {
        return ms.to_string();
    };
    let date = time.date();
    let (hour, minute, second, milli) = time.to_hms_milli();
    if milli == 0 {
        return format!("{date} {hour:02}:{minute:02}:{second:02} UTC");
    }
    format!("{date} {hour:02}:{minute:02}:{second:02}.{milli:03} UTC")
}

/// `5m`, `10h`, `3days 2h`: a duration with words as yagna prints it.
fn humantime(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds % 86_400 / 3600, seconds % 3600 / 60);
    let day = if days == 1 { "1day".to_owned() } else { format!("{days}days") };
    let parts = [
        (days, day),
        (hours, format!("{hours}h")),
        (minutes, format!("{minutes}m")),
        (seconds % 60, format!("{}s", seconds % 60)),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Arc;

    const NOW_MS: i64 = 1_795_000_000_000;
    const STANDING: Standing = Standing { agreements: 0, now_ms: NOW_MS };

    fn provider(extra: &str) -> Provider {
        let yaml = format!(
            "[{{name: a, subnet: public, cpu_threads: 2, mem_gib: 1, storage_gib: 1, \
             prices: {{start: 0, cpu_hour: 0.1, env_hour: 0.1}}, {extra}}}]"
        );
        Provider::list(&yaml, "test").unwrap().remove(0)
    }

    fn demand(extra: Value) -> Properties {
        let mut demand = json!({
            properties::EXPIRATION: NOW_MS + 3_600_000,
            properties::DEBIT_NOTE_ACCEPT_TIMEOUT: 240,
            properties::DEBIT_NOTE_INTERVAL: 180,
            properties::PAYMENT_TIMEOUT: 43_200,
        });
        demand.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        demand.as_object().unwrap().clone()
    }

    fn refuse_manifests() -> OutboundDecision {
        Arc::new(|_, manifest| {
            manifest.map_or(Ok(OutboundAccess::None), |_| Err("outbound is disabled".into()))
        })
    }

    fn ask(provider: &Provider, demand: &Properties, standing: Standing) -> Answer {
        answer(provider, &super::super::offer::properties(provider), demand, standing, &refuse_manifests())
    }

    #[test]
    fn an_accepted_proposal_takes_over_the_demands_payment_terms() {
        let Answer::Counter { properties, outbound } = ask(&provider(""), &demand(json!({})), STANDING)
        else {
            panic!("expected a counter-proposal")
        };
        assert_eq!(properties[properties::DEBIT_NOTE_INTERVAL], 180);
        assert_eq!(properties[properties::PAYMENT_TIMEOUT], 43_200);
        assert_eq!(outbound, OutboundAccess::None);
    }

    #[test]
    fn without_mid_agreement_payments_the_terms_stay_absent() {
        let Answer::Counter { properties, .. } =
            ask(&provider("mid_agreement_payments: false"), &demand(json!({})), STANDING)
        else {
            panic!("expected a counter-proposal")
        };
        assert!(!properties.contains_key(properties::PAYMENT_TIMEOUT));
    }

    #[test]
    fn a_busy_provider_says_so_before_it_looks_at_anything_else() {
        let busy = Standing { agreements: 1, ..STANDING };
        let demand = demand(json!({properties::MANIFEST: "x", properties::EXPIRATION: 0}));
        assert_eq!(
            ask(&provider(""), &demand, busy),
            Answer::Rejected("No capacity available. Reached Agreements limit: 1".into())
        );
    }

    #[test]
    fn expiration_comes_before_the_manifest() {
        let late =
            demand(json!({properties::MANIFEST: "x", properties::EXPIRATION: NOW_MS + 11 * 3_600_000}));
        assert_eq!(
            ask(&provider("max_agreement_hours: 10"), &late, STANDING),
            Answer::Rejected(
                "Proposal expires at: 2026-11-18 22:06:40 UTC which is less than 5m or more than 10h from now".into()
            )
        );
    }

    #[test]
    fn the_outbound_rules_have_the_last_word() {
        let demand = demand(json!({properties::MANIFEST: "x"}));
        assert_eq!(ask(&provider(""), &demand, STANDING), Answer::Rejected("outbound is disabled".into()));
    }

    #[test]
    fn a_silent_provider_stays_silent() {
        assert_eq!(
            ask(&provider("faults: [no_proposal_response]"), &demand(json!({})), STANDING),
            Answer::Silence
        );
    }

    #[test]
    fn durations_read_as_words() {
        let words = [(0, "0s"), (300, "5m"), (36_000, "10h"), (90_000, "1day 1h"), (864_061, "10days 1m 1s")];
        for (seconds, text) in words {
            assert_eq!(humantime(Duration::from_secs(seconds)), text);
        }
    }
}
