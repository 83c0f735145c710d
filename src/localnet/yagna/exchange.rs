//! The market's book: demands, proposals and agreements, and what is allowed from each of their states.
//!
//! May import `localnet::{exe_unit, market}`. Invariant: a provider has at most one approved agreement.

mod agreement;
mod bargaining;
mod json;

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::Value;
use time::OffsetDateTime;

use super::state::{new_hash, new_id, now};
use crate::localnet::exe_unit::OutboundAccess;
use crate::localnet::market::properties::{Properties, flatten};
use crate::localnet::market::{Constraint, Provider, constraint, offer};
pub(crate) use agreement::{Agreement, AgreementState, Terminator};

/// Why the market refuses a request; the text is for the requestor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 400
    Invalid(String),
    /// 404
    NotFound(String),
    /// 404, without a word.
    Unknown,
    /// 403
    Forbidden,
    /// 409
    Conflict(String),
    /// 410
    Gone(String),
    /// 500: what the real yagna takes for its own failure, too.
    Failed(String),
    /// 400, with a problem document (RFC 7807).
    Problem(Value),
}

/// A demand as subscribed.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    pub id: String,
    pub timestamp: OffsetDateTime,
    pub properties: Properties,
    pub constraints: String,
    /// What became of its proposals.
    pub counters: MarketCounters,
    /// How often providers gave which reason for a rejection.
    pub rejections: BTreeMap<String, u64>,
    /// Events that nobody has taken yet.
    events: VecDeque<Value>,
}

/// A proposal of either side.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub id: String,
    pub demand_id: String,
    pub provider: usize,
    pub previous: Option<String>,
    pub state: ProposalState,
    pub ours: bool,
    /// Whether we have answered it.
    pub countered: bool,
    pub timestamp: OffsetDateTime,
    pub properties: Properties,
    pub constraints: String,
    outbound: OutboundAccess,
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProposalState {
    Initial,
    Draft,
    Rejected,
    /// An agreement was made of it.
    Accepted,
}

/// How often what happened, for `localnet status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MarketCounters {
    /// Initial proposals, one per matching offer and demand.
    pub initial_proposals: u64,
    /// Counter-proposals that the requestor sent.
    pub counter_proposals: u64,
    /// Of those, answered by a counter-proposal.
    pub accepted: u64,
    /// Of those, answered by a rejection.
    pub rejected: u64,
    /// Of those, never to be answered.
    pub unanswered: u64,
}

/// So many demands that are over keep their proposals, for those who still ask for them.
const ENDED_DEMANDS: usize = 8;

/// The market's book.
pub(crate) struct Exchange {
    pub providers: Vec<Provider>,
    pub demands: BTreeMap<String, Demand>,
    pub proposals: HashMap<String, Proposal>,
    pub agreements: BTreeMap<String, Agreement>,
    agreement_events: Vec<agreement::Event>,
    pub counters: MarketCounters,
    /// Demands that are over, and whose proposals can still be read.
    ended: VecDeque<String>,
    /// So many seconds our clock is ahead of the providers'.
    clock_ahead: i64,
}

impl Exchange {
    pub fn new(providers: &[Provider], clock_ahead: i64) -> Self {
        Self {
            providers: providers.to_vec(),
            clock_ahead,
            ended: VecDeque::new(),
            demands: BTreeMap::new(),
            proposals: HashMap::new(),
            agreements: BTreeMap::new(),
            agreement_events: Vec::new(),
            counters: MarketCounters::default(),
        }
    }

    /// Subscribes a demand and offers it everything that matches. Constraints that cannot be read match nothing.
    pub fn subscribe(&mut self, properties: Value, constraints: String) -> String {
        let wanted = constraint::parse(&constraints);
        let id = format!("{}-{}", new_id(), new_hash());
        let properties = flatten(properties);
        let demand = Demand {
            id: id.clone(),
            timestamp: now(),
            properties,
            constraints,
            counters: MarketCounters::default(),
            rejections: BTreeMap::new(),
            events: VecDeque::new(),
        };
        self.demands.insert(id.clone(), demand);
        if let Ok(wanted) = wanted {
            for provider in 0..self.providers.len() {
                self.propose(&id, &wanted, provider);
            }
        }
        id
    }

    /// A provider publishes its offer anew, as it does after an agreement.
    fn publish(&mut self, provider: usize) {
        let demands: Vec<(String, String)> =
            self.demands.values().map(|demand| (demand.id.clone(), demand.constraints.clone())).collect();
        for (id, constraints) in demands {
            if let Ok(wanted) = constraint::parse(&constraints) {
                self.propose(&id, &wanted, provider);
            }
        }
    }

    /// The initial proposal, if offer and demand satisfy each other.
    fn propose(&mut self, demand_id: &str, wanted: &Constraint, provider: usize) {
        let (Some(demand), Some(owner)) = (self.demands.get_mut(demand_id), self.providers.get(provider))
        else {
            return;
        };
        let (properties, constraints) = (offer::properties(owner), offer::constraints(owner));
        if !wanted.matches(&properties) || !constraints.matches(&demand.properties) {
            return;
        }
        let proposal = Proposal {
            id: new_proposal_id(),
            demand_id: demand_id.to_owned(),
            provider,
            previous: None,
            state: ProposalState::Initial,
            ours: false,
            countered: false,
            timestamp: now(),
            properties,
            constraints: constraints.to_string(),
            outbound: OutboundAccess::None,
        };
        demand.events.push_back(json::proposal_event(&proposal, &owner.id()));
        self.proposals.insert(proposal.id.clone(), proposal);
        self.count(demand_id, |counters| counters.initial_proposals += 1);
    }

    /// Takes up to `max` events of a demand.
    pub fn take_events(&mut self, demand_id: &str, max: usize) -> Result<Vec<Value>, Refusal> {
        let demand = self.demands.get_mut(demand_id).ok_or_else(|| no_demand(demand_id))?;
        let count = demand.events.len().min(max);
        Ok(demand.events.drain(..count).collect())
    }

    /// Ends a demand; its proposals can no longer be answered.
    pub fn unsubscribe(&mut self, demand_id: &str) -> Result<(), Refusal> {
        let gone = || Refusal::NotFound(format!("Demand [{demand_id}] not found."));
        self.demands.remove(demand_id).ok_or_else(gone)?;
        self.ended.push_back(demand_id.to_owned());
        if self.ended.len() > ENDED_DEMANDS
            && let Some(oldest) = self.ended.pop_front()
        {
            self.proposals.retain(|_, proposal| proposal.demand_id != oldest);
        }
        Ok(())
    }

    /// A proposal of a demand.
    pub fn proposal(&self, demand_id: &str, proposal_id: &str) -> Result<&Proposal, Refusal> {
        let proposal = self.proposals.get(proposal_id).filter(|proposal| proposal.demand_id == demand_id);
        proposal.ok_or_else(|| Refusal::NotFound(no_proposal(demand_id, proposal_id)))
    }

    fn count(&mut self, demand_id: &str, count: impl Fn(&mut MarketCounters)) {
        count(&mut self.counters);
        if let Some(demand) = self.demands.get_mut(demand_id) {
            count(&mut demand.counters);
        }
    }

    /// golem-core knows these words: a proposal of a demand that is over may well be rejected.
    fn require_demand(&self, id: &str) -> Result<(), Refusal> {
        let over = || Refusal::Invalid(format!("Subscription [{id}] wasn't found."));
        self.demands.contains_key(id).then_some(()).ok_or_else(over)
    }
}

/// The requestor's name for a proposal.
fn new_proposal_id() -> String {
    format!("R-{}", new_hash())
}

fn no_demand(id: &str) -> Refusal {
    Refusal::NotFound(format!("Subscription [{id}] not found. Could be unsubscribed."))
}

/// The real market shows its own type here.
fn no_proposal(demand_id: &str, proposal_id: &str) -> String {
    let (random, hash) = demand_id.split_once('-').unwrap_or((demand_id, ""));
    format!(
        "Proposal [{proposal_id}] not found (subscription [Some(SubscriptionId {{ random_id: {random:?}, hash: {hash:?} }})])."
    )
}

#[cfg(test)]
pub(super) mod tests;
