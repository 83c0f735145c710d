//! The emulated wallet: allocations, debit notes, invoices and their events.
//!
//! May import `localnet::market`. Invariant: what is allocated never exceeds what the wallet holds, on each network.

mod allocation;
mod notes;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::exchange::Refusal;
use super::state::now;
use crate::localnet::market::Glm;
use crate::localnet::market::platform::NETWORKS;
use allocation::Allocation;
pub(crate) use allocation::{Acceptance, NewAllocation};
use notes::PaymentEvent;
pub(crate) use notes::{Bill, Note, NoteKind};

/// All about payments.
pub(crate) struct Payments {
    wallet: Glm,
    /// Whether allocations are spent from the beginning.
    exhausted: bool,
    /// Accepted amounts of agreements that are forgotten, by platform.
    settled: BTreeMap<String, Glm>,
    /// Accepted amounts by agreement, so that accepting a debit note and then the invoice spends once.
    paid: BTreeMap<String, (String, Glm)>,
    allocations: BTreeMap<String, Allocation>,
    released: BTreeSet<String>,
    debit_notes: BTreeMap<String, Note>,
    invoices: BTreeMap<String, Note>,
    debit_note_events: Vec<PaymentEvent>,
    invoice_events: Vec<PaymentEvent>,
}

impl Payments {
    pub fn new(wallet: Glm, exhausted: bool) -> Self {
        Self {
            wallet,
            exhausted,
            settled: BTreeMap::new(),
            paid: BTreeMap::new(),
            allocations: BTreeMap::new(),
            released: BTreeSet::new(),
            debit_notes: BTreeMap::new(),
            invoices: BTreeMap::new(),
            debit_note_events: Vec::new(),
            invoice_events: Vec::new(),
        }
    }

    /// What the wallet still holds on a platform: payments are taken off, allocations are not.
    pub fn balance(&self, platform: &str) -> Glm {
        self.wallet.minus(self.spent_on(platform))
    }

    fn spent_on(&self, platform: &str) -> Glm {
        let of_platform = self.paid.values().filter(|(paid_on, _)| paid_on == platform);
        let settled = self.settled.get(platform).copied().unwrap_or(Glm::ZERO);
        of_platform.fold(settled, |sum, (_, amount)| sum.plus(*amount))
    }

    /// Forgets the notes of agreements and their events; what was paid for them stays paid.
    pub fn forget(&mut self, agreements: &BTreeSet<String>) {
        for id in agreements {
            if let Some((platform, amount)) = self.paid.remove(id) {
                let settled = self.settled.entry(platform).or_insert(Glm::ZERO);
                *settled = settled.plus(amount);
            }
        }
        let stays = |note: &Note| note.body["agreementId"].as_str().is_none_or(|id| !agreements.contains(id));
        self.debit_notes.retain(|_, note| stays(note));
        self.invoices.retain(|_, note| stays(note));
        let (debit_notes, invoices) = (&self.debit_notes, &self.invoices);
        let known = |event: &PaymentEvent, name: &str, notes: &BTreeMap<String, Note>| {
            event.body[name].as_str().is_some_and(|id| notes.contains_key(id))
        };
        self.debit_note_events.retain(|event| known(event, "debitNoteId", debit_notes));
        self.invoice_events.retain(|event| known(event, "invoiceId", invoices));
    }

    /// What allocations set aside on a platform and have not spent.
    pub fn reserved(&self, platform: &str) -> Glm {
        let of_platform = self.allocations.values().filter(|allocation| allocation.platform == platform);
        of_platform.fold(Glm::ZERO, |sum, allocation| sum.plus(allocation.remaining()))
    }

    /// Sets an amount aside (`core/payment/src/api/allocations.rs`).
    pub fn allocate(&mut self, request: NewAllocation, identity: &str) -> Result<Value, Refusal> {
        let platform = request.platform()?;
        if !NETWORKS.iter().any(|network| network.platform() == platform) {
            return Err(request.unknown_platform(&platform));
        }
        if request.timeout.is_some_and(|timeout| timeout.0 <= now()) {
            return Err(request.timeout_passed(&platform, identity));
        }
        let reserved = self.reserved(&platform);
        let available = self.balance(&platform).minus(reserved);
        if request.total_amount.glm > available {
            return Err(request.insufficient_funds(&platform, identity, available, reserved));
        }
        let id = uuid::Uuid::new_v4().to_string();
        let mut allocation = Allocation::new(&id, request, platform, identity);
        if self.exhausted {
            allocation.exhaust();
        }
        let shown = allocation.to_json();
        self.allocations.insert(id, allocation);
        Ok(shown)
    }

    /// Every allocation, the oldest first.
    pub fn allocations(&self) -> Value {
        let mut all: Vec<&Allocation> = self.allocations.values().collect();
        all.sort_by_key(|allocation| allocation.made);
        all.into_iter().map(Allocation::to_json).collect()
    }

    /// One allocation.
    pub fn allocation(&self, id: &str) -> Result<Value, Refusal> {
        self.allocations.get(id).map(Allocation::to_json).ok_or(Refusal::Unknown)
    }

    /// Releases an allocation.
    pub fn release(&mut self, id: &str) -> Result<(), Refusal> {
        if self.released.contains(id) {
            return Err(Refusal::Gone(format!("Allocation {id} has been already released")));
        }
        self.allocations.remove(id).ok_or(Refusal::Unknown)?;
        self.released.insert(id.to_owned());
        Ok(())
    }

    /// What a demand must say to be paid from these allocations.
    pub fn decorations(&self, ids: &[&str], identity: &str) -> Result<Value, Refusal> {
        let mut properties = Vec::new();
        let mut alternatives = Vec::new();
        for id in ids {
            let allocation = self.allocations.get(*id).ok_or(Refusal::Unknown)?;
            let key = format!("golem.com.payment.platform.{}.address", allocation.platform);
            alternatives.push(format!("({key}=*)"));
            properties.push(json!({"key": key, "value": identity}));
        }
        properties.push(json!({"key": "golem.com.payment.protocol.version", "value": "3"}));
        let any = match alternatives.as_slice() {
            [one] => one.clone(),
            more => format!("(|\n  {}\n)", more.join("\n  ")),
        };
        let constraints = [any, "(golem.com.payment.protocol.version>1)".to_owned()];
        Ok(json!({"properties": properties, "constraints": constraints}))
    }
}

#[cfg(test)]
mod tests;
