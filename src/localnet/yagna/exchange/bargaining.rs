//! What requestor and providers say to each other about a proposal: counter-proposals, answers, rejections.
//!
//! May import its siblings and `localnet::market`. Invariant: a proposal is countered at most once, and each counter-proposal
//! has one answer at most.

use serde_json::Value;

use super::{Exchange, Proposal, ProposalState, Refusal, json, new_proposal_id, no_proposal};
use crate::localnet::market::negotiation::{self, Answer, Standing};
use crate::localnet::market::properties::{Properties, flatten};
use crate::localnet::market::{OutboundDecision, constraint, offer};
use crate::localnet::yagna::state::{epoch_ms, now};

impl Exchange {
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

    /// What the providers' clocks say.
    fn providers_now_ms(&self) -> i64 {
        epoch_ms(now()).saturating_sub(self.clock_ahead.saturating_mul(1000))
    }
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
