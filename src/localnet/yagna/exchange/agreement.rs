//! Agreements: proposed, confirmed, approved or rejected, terminated.
//!
//! May import `localnet::{exe_unit, market}`. Invariant: `Approved` is entered once and left only by termination.

use time::OffsetDateTime;

use super::super::state::{new_id, now};
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
        let offer = self
            .proposals
            .get(proposal_id)
            .ok_or_else(|| Refusal::NotFound(format!("Proposal [{proposal_id}] not found.")))?;
        if offer.ours || offer.state != ProposalState::Draft {
            return Err(Refusal::Invalid(format!("Proposal [{proposal_id}] has no counter-proposal.")));
        }
        let demand = offer.previous.as_ref().and_then(|id| self.proposals.get(id));
        let demand = demand
            .ok_or_else(|| Refusal::Invalid(format!("Proposal [{proposal_id}] answers none of ours.")))?;
        let agreement = Agreement {
            id: new_id(),
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
        Ok(id)
    }

    /// An agreement.
    pub fn agreement(&self, id: &str) -> Result<&Agreement, Refusal> {
        self.agreements.get(id).ok_or_else(|| Refusal::NotFound(format!("Agreement [{id}] not found.")))
    }

    fn agreement_mut(&mut self, id: &str) -> Result<&mut Agreement, Refusal> {
        self.agreements.get_mut(id).ok_or_else(|| Refusal::NotFound(format!("Agreement [{id}] not found.")))
    }

    /// The requestor signs; [`Self::decide_agreement`] is to follow.
    pub fn confirm(&mut self, id: &str, app_session_id: Option<String>) -> Result<(), Refusal> {
        let agreement = self.agreement_mut(id)?;
        if agreement.state != AgreementState::Proposal {
            let state = agreement.state;
            return Err(Refusal::Gone(format!("Agreement [{id}] can't be confirmed in state {state:?}.")));
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
        if refuses || busy {
            agreement.state = AgreementState::Rejected;
            agreement.rejection =
                if busy { "provider is busy" } else { "provider changed its mind" }.to_owned();
        } else {
            agreement.state = AgreementState::Approved;
            agreement.approved = Some(now());
        }
    }

    /// Ends an agreement; the provider is free again and publishes its offer anew.
    pub fn terminate(&mut self, id: &str) -> Result<(), Refusal> {
        let agreement = self.agreement_mut(id)?;
        if agreement.state == AgreementState::Terminated {
            return Err(Refusal::Gone("Agreement already terminated".to_owned()));
        }
        let (was_approved, provider) = (agreement.state == AgreementState::Approved, agreement.provider);
        agreement.state = AgreementState::Terminated;
        if was_approved {
            self.publish(provider);
        }
        Ok(())
    }

    /// Approved agreements of a provider.
    pub fn agreements_of(&self, provider: usize) -> usize {
        let approved = |agreement: &&Agreement| {
            agreement.provider == provider && agreement.state == AgreementState::Approved
        };
        self.agreements.values().filter(approved).count()
    }
}
