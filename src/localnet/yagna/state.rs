//! All that the emulated yagna knows, and how its identifiers and times look.
//!
//! May import `localnet::market`. Invariant: whoever holds the state does not wait for anything.

use std::collections::BTreeMap;
use std::time::Instant;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::YagnaConfig;
use super::exchange::Exchange;
use super::net::Networks;
use super::payment::Payments;
use super::unknown_routes::UnknownRoutes;
use super::work::Activities;
use crate::localnet::market::faults::NodeFault;
use crate::localnet::market::provider::node_id;

/// The state of the emulated yagna.
pub(crate) struct State {
    /// Who the requestor is.
    pub identity: String,
    /// App-keys by name.
    pub app_keys: BTreeMap<String, AppKey>,
    /// Demands, proposals, agreements.
    pub exchange: Exchange,
    /// Allocations, debit notes, invoices.
    pub payments: Payments,
    /// Activities, their nodes and batches.
    pub activities: Activities,
    /// VPNs.
    pub networks: Networks,
    /// What is still to happen to nodes.
    pub faults_to_come: Vec<NodeFault>,
    /// Requests that no route answers: what the emulation lacks.
    pub unknown_routes: UnknownRoutes,
    /// When the market last had something for anyone.
    pub market_moved: Instant,
}

/// A key and when it was made.
#[derive(Clone)]
pub(crate) struct AppKey {
    pub key: String,
    pub created: OffsetDateTime,
}

impl State {
    pub fn new(config: &YagnaConfig) -> Self {
        Self {
            identity: node_id("requestor"),
            app_keys: BTreeMap::new(),
            exchange: Exchange::new(&config.providers, config.clock_ahead),
            payments: Payments::new(config.wallet, config.budget_exhausted),
            activities: Activities::default(),
            networks: Networks::default(),
            faults_to_come: config.node_faults.clone(),
            unknown_routes: UnknownRoutes::default(),
            market_moved: Instant::now(),
        }
    }

    /// The key of that name, made if there is none. A random one: whoever guesses it could spend simulated GLM.
    pub fn app_key(&mut self, name: &str) -> AppKey {
        let made = || AppKey { key: new_id(), created: now() };
        self.app_keys.entry(name.to_owned()).or_insert_with(made).clone()
    }

    /// The name of a key.
    pub fn app_key_name(&self, key: &str) -> Option<String> {
        self.app_keys.iter().find(|(_, known)| known.key == key).map(|(name, _)| name.clone())
    }
}

/// An identifier: 32 hex digits.
pub(crate) fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// An identifier of the market: 64 hex digits.
pub(crate) fn new_hash() -> String {
    format!("{}{}", new_id(), new_id())
}

/// Now, in UTC and whole microseconds: what a client reads of an event's time and sends back as `afterTimestamp` must not
/// be earlier than the event, or it would be told of it again and again.
pub(crate) fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_nanosecond(now.microsecond() * 1_000).unwrap_or(now)
}

/// `2026-11-22T06:20:04.551799Z`, as yagna writes times.
pub(crate) fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

/// A time that a client wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(pub OffsetDateTime);

impl<'de> serde::Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(MomentReader)
    }
}

/// Refuses a text where it stands, so that the error names the same place as yagna's.
struct MomentReader;

impl serde::de::Visitor<'_> for MomentReader {
    type Value = Moment;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an RFC 3339 formatted date and time string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Moment, E> {
        // yagna's words for the most likely mistake.
        let wrong = |_| E::custom("input contains invalid characters");
        OffsetDateTime::parse(text, &Rfc3339).map(Moment).map_err(wrong)
    }
}

/// In UTC, whatever the client's zone.
impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&rfc3339(self.0.to_offset(time::UtcOffset::UTC)))
    }
}

/// Milliseconds since the epoch.
pub(crate) fn epoch_ms(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
