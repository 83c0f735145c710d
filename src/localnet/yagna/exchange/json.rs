//! The market's book as the API shows it.
//!
//! May import nothing of the house but its parent. Invariant: shapes are those of the real yagna
//! (`tests/it/conformance`).

use serde_json::{Value, json};

use super::super::state::{now, rfc3339};
use super::{Agreement, Demand, Proposal};

/// What the real yagna puts where a signature belongs.
const NO_SIGNATURE: &str = "NoSignature";

impl Demand {
    /// An element of `GET /demands`.
    pub fn to_json(&self, requestor: &str) -> Value {
        json!({
            "demandId": self.id,
            "requestorId": requestor,
            "timestamp": rfc3339(self.timestamp),
            "properties": self.properties,
            "constraints": self.constraints,
        })
    }
}

impl Proposal {
    /// `GET /demands/D/proposals/P`, and the proposal in an event.
    pub fn to_json(&self, issuer: &str) -> Value {
        let mut proposal = json!({
            "proposalId": self.id,
            "issuerId": issuer,
            "state": format!("{:?}", self.state),
            "timestamp": rfc3339(self.timestamp),
            "properties": self.properties,
            "constraints": self.constraints,
        });
        if let Some(previous) = &self.previous {
            proposal["prevProposalId"] = previous.as_str().into();
        }
        proposal
    }
}

impl Agreement {
    /// `GET /agreements/A`.
    pub fn to_json(&self, requestor: &str, provider: &str) -> Value {
        let side = |proposal: &Proposal, id: &str, owner: &str, owner_id: &str| {
            json!({
                id: proposal.demand_id,
                owner: owner_id,
                "timestamp": rfc3339(proposal.timestamp),
                "properties": proposal.properties,
                "constraints": proposal.constraints,
            })
        };
        let mut agreement = json!({
            "agreementId": self.id,
            "state": format!("{:?}", self.state),
            "validTo": self.valid_to,
            "timestamp": rfc3339(self.timestamp),
            "demand": side(&self.demand, "demandId", "requestorId", requestor),
            "offer": side(&self.offer, "offerId", "providerId", provider),
        });
        if let Some(session) = &self.app_session_id {
            agreement["appSessionId"] = session.as_str().into();
            agreement["proposedSignature"] = NO_SIGNATURE.into();
        }
        if let Some(approved) = self.approved {
            agreement["approvedDate"] = rfc3339(approved).into();
            agreement["approvedSignature"] = NO_SIGNATURE.into();
            agreement["committedSignature"] = NO_SIGNATURE.into();
        }
        agreement
    }

    /// An element of `GET /agreements`.
    pub fn to_list_entry(&self) -> Value {
        json!({
            "id": self.id,
            "timestamp": rfc3339(self.timestamp),
            "approvedDate": self.approved.map(rfc3339),
            "role": "Requestor",
        })
    }
}

/// A provider's proposal, initial or countered.
pub(super) fn proposal_event(proposal: &Proposal, provider_id: &str) -> Value {
    json!({
        "eventType": "ProposalEvent",
        "eventDate": rfc3339(now()),
        "proposal": proposal.to_json(provider_id),
    })
}

/// A provider's rejection of our counter-proposal.
pub(super) fn rejected_event(counter_id: &str, reason: &str) -> Value {
    json!({
        "eventType": "ProposalRejectedEvent",
        "eventDate": rfc3339(now()),
        "proposalId": counter_id,
        "reason": {"message": reason},
    })
}
