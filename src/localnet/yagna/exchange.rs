//! The market's book: demands, proposals and agreements, and what is allowed from each of their states.
//!
//! May import `localnet::{exe_unit, market}`. Invariant: a provider has at most one approved agreement.

mod agreement;
mod json;

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::Value;
use time::OffsetDateTime;

use super::state::{epoch_ms, new_hash, new_id, now};
use crate::localnet::exe_unit::OutboundAccess;
use crate::localnet::market::negotiation::{self, Answer, Standing};
use crate::localnet::market::properties::{Properties, flatten};
use crate::localnet::market::{Constraint, OutboundDecision, Provider, constraint, offer};
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

    /// The requestor counters a provider's proposal; [`Self::answer`] is to follow.
    pub fn counter(
        &mut self,
        demand_id: &str,
        proposal_id: &str,
        properties: Value,
        constraints: String,
    ) -> Result<String, Refusal> {
        let theirs = self.proposal(demand_id, proposal_id)?;
        if theirs.ours {
            return Err(Refusal::Invalid(format!("Can't react to own Proposal [{proposal_id}].")));
        }
        self.require_demand(demand_id)?;
        let id = new_proposal_id();
        let properties = flatten(properties);
        match_with(theirs, &id, &properties, &constraints)?;
        if theirs.countered {
            let text = format!(
                "Proposal [{proposal_id}] already has counter proposal. Can't counter for the second time."
            );
            return Err(Refusal::Gone(text));
        }
        let proposal = Proposal {
            id: id.clone(),
            previous: Some(proposal_id.to_owned()),
            state: ProposalState::Draft,
            ours: true,
            countered: false,
            timestamp: now(),
            properties,
            constraints,
            ..theirs.clone()
        };
        if let Some(theirs) = self.proposals.get_mut(proposal_id) {
            theirs.countered = true;
        }
        self.proposals.insert(id.clone(), proposal);
        self.count(demand_id, |counters| counters.counter_proposals += 1);
        Ok(id)
    }

    /// The provider's answer to our counter-proposal becomes an event of the demand, unless it stays silent or the
    /// demand is gone.
    pub fn answer(&mut self, counter_id: &str, decide_outbound: &OutboundDecision) {
        let Some(counter) = self.proposals.get(counter_id).cloned() else { return };
        let Some(provider) = self.providers.get(counter.provider) else { return };
        let provider_id = provider.id();
        let offer = counter.previous.as_ref().and_then(|id| self.proposals.get(id));
        let offer = offer.map(|proposal| proposal.properties.clone()).unwrap_or_default();
        let standing =
            Standing { agreements: self.agreements_of(counter.provider), now_ms: self.providers_now_ms() };
        let demand_id = counter.demand_id.clone();
        let event =
            match negotiation::answer(provider, &offer, &counter.properties, standing, decide_outbound) {
                Answer::Counter { properties, outbound } => {
                    let constraints = offer::constraints(provider).to_string();
                    let draft = Proposal {
                        id: new_proposal_id(),
                        previous: Some(counter.id.clone()),
                        ours: false,
                        timestamp: now(),
                        properties,
                        constraints,
                        outbound,
                        ..counter
                    };
                    let event = json::proposal_event(&draft, &provider_id);
                    self.proposals.insert(draft.id.clone(), draft);
                    self.count(&demand_id, |counters| counters.accepted += 1);
                    event
                }
                Answer::Rejected(reason) => {
                    self.count(&demand_id, |counters| counters.rejected += 1);
                    if let Some(demand) = self.demands.get_mut(&demand_id) {
                        *demand.rejections.entry(reason.clone()).or_default() += 1;
                    }
                    if let Some(counter) = self.proposals.get_mut(counter_id) {
                        counter.state = ProposalState::Rejected;
                    }
                    json::rejected_event(counter_id, &reason)
                }
                Answer::Silence => {
                    self.count(&demand_id, |counters| counters.unanswered += 1);
                    return;
                }
            };
        if let Some(demand) = self.demands.get_mut(&demand_id) {
            demand.events.push_back(event);
        }
    }

    /// What the providers' clocks say.
    fn providers_now_ms(&self) -> i64 {
        epoch_ms(now()).saturating_sub(self.clock_ahead.saturating_mul(1000))
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

    /// The requestor rejects a provider's proposal.
    pub fn reject(&mut self, demand_id: &str, proposal_id: &str) -> Result<(), Refusal> {
        let found = self.proposal(demand_id, proposal_id);
        let theirs = found.map_err(|_| Refusal::Failed(no_proposal(demand_id, proposal_id)))?;
        if theirs.ours {
            return Err(Refusal::Invalid(format!("Can't react to own Proposal [{proposal_id}].")));
        }
        self.require_demand(demand_id)?;
        if let Some(proposal) = self.proposals.get_mut(proposal_id) {
            proposal.state = ProposalState::Rejected;
        }
        Ok(())
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

/// A counter-proposal has to match what it counters, as a demand has to match an offer.
fn match_with(
    theirs: &Proposal,
    id: &str,
    properties: &Properties,
    constraints: &str,
) -> Result<(), Refusal> {
    let previous = &theirs.id;
    let (wanted, asked) = match (constraint::parse(constraints), constraint::parse(&theirs.constraints)) {
        (Ok(wanted), Ok(asked)) => (wanted, asked),
        (Err(error), _) | (_, Err(error)) => {
            return Err(Refusal::Invalid(format!(
                "Can't match Proposal [{id}] with previous Proposal [{previous}]. Error: {error}"
            )));
        }
    };
    if wanted.matches(&theirs.properties) && asked.matches(properties) {
        return Ok(());
    }
    Err(Refusal::Invalid(format!("Proposal properties [{id}] doesn't match previous Proposal [{previous}].")))
}

#[cfg(test)]
pub(super) mod tests;
