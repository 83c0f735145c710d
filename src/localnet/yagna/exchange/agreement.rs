//! Agreements: proposed, confirmed, approved or rejected, terminated.
//!
//! May import `localnet::{exe_unit, market}`. Invariant: `Approved` is entered once and left only by termination.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::super::state::{new_hash, now, rfc3339};
use super::{Exchange, Proposal, ProposalState, Refusal};
use crate::localnet::exe_unit::OutboundAccess;
use crate::localnet::market::properties::{CHOSEN_PLATFORM, Properties};
use crate::localnet::market::provider::Fault;

/// Where an agreement stands, in yagna's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) enum AgreementState {
    Proposal,
    Pending,
    Approved,
    Rejected,
    Terminated,
}

/// Who ends an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Terminator {
    Requestor,
    Provider,
}

/// An agreement.
#[derive(Clone, Debug)]
pub(crate) struct Agreement {
    pub id: String,
    pub state: AgreementState,
    pub valid_to: String,
    pub timestamp: OffsetDateTime,
    pub approved: Option<OffsetDateTime>,
    pub app_session_id: Option<String>,
    pub rejection: String,
    pub demand: Proposal,
    pub offer: Proposal,
    pub provider: usize,
}

impl Agreement {
    /// What a node of this agreement may reach.
    pub fn outbound(&self) -> OutboundAccess {
        self.offer.outbound.clone()
    }

    /// The payment platform that both sides chose.
    pub fn platform(&self) -> &str {
        self.demand.properties.get(CHOSEN_PLATFORM).and_then(|value| value.as_str()).unwrap_or_default()
    }

    /// The terms that the provider offered.
    pub fn terms(&self) -> &Properties {
        &self.offer.properties
    }
}

impl Exchange {
    /// Promotes a provider's draft to an agreement.
    pub fn create_agreement(&mut self, proposal_id: &str, valid_to: String) -> Result<String, Refusal> {
        let refuse = |why: &str| Err(Refusal::Invalid(format!("Can't create Agreement for {why}")));
        let Some(offer) = self.proposals.get(proposal_id) else {
            return refuse(&format!("Proposal [{proposal_id}]. Proposal [{proposal_id}] not found."));
        };
        if offer.ours {
            return refuse(&format!(
                "an own Proposal [{proposal_id}]. You can promote only provider's Proposals to Agreement."
            ));
        }
        match offer.state {
            ProposalState::Draft => {}
            ProposalState::Accepted => {
                let text = format!("Can't create second Agreement for Proposal [{proposal_id}].");
                return Err(Refusal::Conflict(text));
            }
            ProposalState::Rejected => return refuse(&format!("rejected Proposal [{proposal_id}].")),
            ProposalState::Initial => {
                return refuse(&format!(
                    "Proposal [{proposal_id}]. No negotiation with Provider took place. (You should counter Proposal at \
                     least one time)"
                ));
            }
        }
        if offer.countered {
            return refuse(&format!("already countered Proposal [{proposal_id}]."));
        }
        let Some(demand) = offer.previous.as_ref().and_then(|id| self.proposals.get(id)) else {
            return refuse(&format!("Proposal [{proposal_id}]. Proposal [{proposal_id}] not found."));
        };
        let agreement = Agreement {
            id: new_hash(),
            state: AgreementState::Proposal,
            valid_to,
            timestamp: now(),
            approved: None,
            app_session_id: None,
            rejection: String::new(),
            demand: demand.clone(),
            offer: offer.clone(),
            provider: offer.provider,
        };
        let id = agreement.id.clone();
        self.agreements.insert(id.clone(), agreement);
        if let Some(offer) = self.proposals.get_mut(proposal_id) {
            offer.state = ProposalState::Accepted;
        }
        Ok(id)
    }

    /// An agreement.
    pub fn agreement(&self, id: &str) -> Result<&Agreement, Refusal> {
        self.agreements.get(id).ok_or_else(|| no_agreement(id))
    }

    fn agreement_mut(&mut self, id: &str) -> Result<&mut Agreement, Refusal> {
        self.agreements.get_mut(id).ok_or_else(|| no_agreement(id))
    }

    /// The requestor signs; [`Self::decide_agreement`] is to follow.
    pub fn confirm(&mut self, id: &str, app_session_id: Option<String>) -> Result<(), Refusal> {
        let agreement = self.agreement_mut(id)?;
        if agreement.state != AgreementState::Proposal {
            return Err(Refusal::Gone(no_way(agreement.state, AgreementState::Pending)));
        }
        agreement.state = AgreementState::Pending;
        agreement.app_session_id = app_session_id;
        Ok(())
    }

    /// The provider approves or rejects a pending agreement.
    pub fn decide_agreement(&mut self, id: &str) {
        let Ok(agreement) = self.agreement(id) else { return };
        if agreement.state != AgreementState::Pending {
            return;
        }
        let refuses = self.providers[agreement.provider].has(Fault::RejectsAgreement);
        let busy = self.agreements_of(agreement.provider) > 0;
        let Ok(agreement) = self.agreement_mut(id) else { return };
        let event = if refuses || busy {
            agreement.state = AgreementState::Rejected;
            agreement.rejection =
                if busy { "provider is busy" } else { "provider changed its mind" }.to_owned();
            Event::new(
                agreement,
                "AgreementRejectedEvent",
                json!({"reason": {"message": agreement.rejection}}),
            )
        } else {
            agreement.state = AgreementState::Approved;
            agreement.approved = Some(now());
            Event::new(agreement, "AgreementApprovedEvent", json!({}))
        };
        self.agreement_events.push(event);
    }

    /// One of the two ends an agreement; the provider is free again and publishes its offer anew.
    pub fn terminate(&mut self, id: &str, by: Terminator, reason: Option<Value>) -> Result<(), Refusal> {
        let agreement = self.agreement_mut(id)?;
        if matches!(agreement.state, AgreementState::Terminated | AgreementState::Rejected) {
            return Err(Refusal::Gone(no_way(agreement.state, AgreementState::Terminated)));
        }
        let (was_approved, provider) = (agreement.state == AgreementState::Approved, agreement.provider);
        agreement.state = AgreementState::Terminated;
        let mut more = json!({"terminator": format!("{by:?}"), "signature": ""});
        if let Some(reason) = reason {
            more["reason"] = reason;
        }
        let event = Event::new(agreement, "AgreementTerminatedEvent", more);
        self.agreement_events.push(event);
        if was_approved {
            self.publish(provider);
        }
        Ok(())
    }

    /// What became of agreements after a time, of one application session or of all.
    pub fn agreement_events(
        &self,
        after: Option<OffsetDateTime>,
        session: Option<&str>,
        max: usize,
    ) -> Vec<Value> {
        let wanted = |event: &&Event| {
            after.is_none_or(|after| event.date > after)
                && session.is_none_or(|session| event.app_session_id.as_deref() == Some(session))
        };
        self.agreement_events.iter().filter(wanted).take(max).map(|event| event.body.clone()).collect()
    }

    /// Forgets agreements and what became of them.
    pub fn forget(&mut self, ids: &BTreeSet<String>) {
        self.agreements.retain(|id, _| !ids.contains(id));
        let known = |event: &Event| event.body["agreementId"].as_str().is_some_and(|id| !ids.contains(id));
        self.agreement_events.retain(known);
    }

    /// Approved agreements of a provider.
    pub fn agreements_of(&self, provider: usize) -> usize {
        let approved = |agreement: &&Agreement| {
            agreement.provider == provider && agreement.state == AgreementState::Approved
        };
        self.agreements.values().filter(approved).count()
    }
}

/// Something that happened to an agreement.
pub(super) struct Event {
    date: OffsetDateTime,
    app_session_id: Option<String>,
    body: Value,
}

impl Event {
    fn new(agreement: &Agreement, kind: &str, more: Value) -> Self {
        let date = now();
        let mut body = json!({"eventDate": rfc3339(date), "agreementId": agreement.id, "eventType": kind});
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        Self { date, app_session_id: agreement.app_session_id.clone(), body }
    }
}

fn no_agreement(id: &str) -> Refusal {
    Refusal::NotFound(format!("Agreement [R-{id}] not found."))
}

fn no_way(from: AgreementState, to: AgreementState) -> String {
    format!("Can't update Agreement state from {from:?} to {to:?}.")
}
