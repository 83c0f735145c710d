//! What is long over is forgotten, so that a localnet does not grow with what was done on it.
//!
//! May import its siblings and `localnet::market`. Invariant: what a requestor may still act on, and what it has paid,
//! is never forgotten.

use std::collections::BTreeSet;

use super::exchange::AgreementState;
use super::state::State;

/// So many agreements that are over stay, with their activities and notes, for `localnet status` and for requestors that
/// are slow to ask.
const KEPT: usize = 32;

impl State {
    /// Forgets agreements that are over, or were never confirmed, but for the last 32, and what belongs to them.
    pub fn forget_past(&mut self) {
        let over = |state| !matches!(state, AgreementState::Approved | AgreementState::Pending);
        let agreements = self.exchange.agreements.values().filter(|agreement| over(agreement.state));
        let mut past: Vec<_> = agreements.map(|agreement| (agreement.timestamp, &agreement.id)).collect();
        if past.len() <= KEPT {
            return;
        }
        past.sort_unstable();
        let oldest = &past[..past.len() - KEPT];
        let forgotten: BTreeSet<String> = oldest.iter().map(|(_, id)| (*id).clone()).collect();
        self.exchange.forget(&forgotten);
        self.activities.0.retain(|_, activity| !forgotten.contains(&activity.agreement_id));
        self.payments.forget(&forgotten);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::localnet::market::Glm;
    use crate::localnet::market::provider::{DEFAULT_PROVIDERS, Provider};
    use crate::localnet::yagna::YagnaConfig;
    use crate::localnet::yagna::exchange::Terminator;
    use crate::localnet::yagna::exchange::tests::{accept_all, approved, draft};
    use crate::localnet::yagna::payment::NoteKind;

    fn count(value: &serde_json::Value) -> usize {
        value.as_array().unwrap().len()
    }

    #[test]
    fn the_last_agreements_stay_and_what_was_paid_stays_paid() {
        let providers = Provider::list(DEFAULT_PROVIDERS, "providers.yaml").unwrap();
        let mut state = State::new(&YagnaConfig::new(providers, accept_all()));
        // So that there is something to pay.
        state.exchange.providers.iter_mut().for_each(|provider| provider.prices.start = Glm::whole(1));
        let request = serde_json::json!({"totalAmount": "100", "makeDeposit": false});
        let request = serde_json::from_value(request).unwrap();
        let allocation = state.payments.allocate(request, "0x").unwrap();
        let platform = allocation["paymentPlatform"].as_str().unwrap().to_owned();
        let before = state.payments.balance(&platform);
        let mut last = String::new();
        for _ in 0..KEPT + 3 {
            let (demand, draft) = draft(&mut state.exchange);
            last = approved(&mut state.exchange, &draft);
            state.create_activity(&last).unwrap();
            state.end_agreement(&last, Terminator::Requestor, None).unwrap();
            let invoices = state.payments.notes(NoteKind::Invoice);
            let invoice = invoices.as_array().unwrap().iter().find(|invoice| invoice["agreementId"] == *last);
            let acceptance = serde_json::json!({
                "totalAmountAccepted": invoice.unwrap()["amount"],
                "allocationId": allocation["allocationId"],
            });
            let acceptance = serde_json::from_value(acceptance).unwrap();
            let id = invoice.unwrap()["invoiceId"].as_str().unwrap();
            state.payments.accept(NoteKind::Invoice, id, &acceptance).unwrap();
            state.exchange.unsubscribe(&demand).unwrap();
        }
        let demands: BTreeSet<_> = state.exchange.proposals.values().map(|of| of.demand_id.clone()).collect();
        assert_eq!(demands.len(), 8, "the proposals of the last demands can still be read");
        // One that still runs, the oldest of all.
        let (_, running) = draft(&mut state.exchange);
        let running = approved(&mut state.exchange, &running);
        state.create_activity(&running).unwrap();
        state.exchange.agreements.get_mut(&running).unwrap().timestamp = time::OffsetDateTime::UNIX_EPOCH;
        state.forget_past();
        assert_eq!(state.exchange.agreements.len(), KEPT + 1);
        assert_eq!(state.activities.0.len(), KEPT + 1);
        assert_eq!(count(&state.payments.notes(NoteKind::Invoice)), KEPT);
        assert_eq!(state.payments.events(NoteKind::Invoice, None, None, usize::MAX).len(), KEPT);
        assert!(state.exchange.agreement(&running).is_ok() && state.exchange.agreement(&last).is_ok());
        let spent = before.minus(state.payments.balance(&platform)).to_string();
        assert!(spent.starts_with("35"), "{spent}");
    }
}
