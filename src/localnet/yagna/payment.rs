//! The emulated wallet: allocations, debit notes, invoices and their events.
//!
//! May import `localnet::market`. Invariant: what is allocated never exceeds what the wallet holds, on each network.

mod allocation;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::exchange::Refusal;
use super::state::{now, rfc3339};
use crate::localnet::market::Glm;
use crate::localnet::market::platform::NETWORKS;
use crate::localnet::market::pricing::Usage;
use allocation::Allocation;
pub(crate) use allocation::{Acceptance, NewAllocation};

/// A debit note or an invoice.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    body: Value,
    accepted: bool,
}

/// What a note is about.
pub(crate) struct Bill<'a> {
    pub agreement_id: &'a str,
    pub platform: &'a str,
    pub provider_id: &'a str,
    pub app_session_id: Option<&'a str>,
    pub amount: Glm,
}

/// Something that the requestor's collectors ask for.
#[derive(Clone, Debug)]
struct PaymentEvent {
    date: OffsetDateTime,
    app_session_id: Option<String>,
    body: Value,
}

/// Which notes: the two kinds live in separate collections of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoteKind {
    Debit,
    Invoice,
}

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

    /// Issues a debit note for a running activity; it is to be paid in that time, if mid-agreement
    /// payments are agreed. Its id.
    pub fn debit(
        &mut self,
        bill: &Bill<'_>,
        activity_id: &str,
        usage: Usage,
        identity: &str,
        due: Option<Duration>,
    ) -> String {
        let id = uuid::Uuid::new_v4().to_string();
        let mut body = bill.to_json(identity);
        body["debitNoteId"] = id.as_str().into();
        body["activityId"] = activity_id.into();
        body["usageCounterVector"] = usage.vector().to_vec().into();
        body["totalAmountDue"] = bill.amount.to_string().into();
        if let Some(due) = due {
            body["paymentDueDate"] = rfc3339(now() + due).into();
        }
        let event = PaymentEvent::received(bill, "DebitNoteReceivedEvent", "debitNoteId", &id);
        self.debit_notes.insert(id.clone(), Note { body, accepted: false });
        self.debit_note_events.push(event);
        id
    }

    /// Whether the requestor has accepted a debit note.
    pub fn is_accepted(&self, debit_note_id: &str) -> bool {
        self.debit_notes.get(debit_note_id).is_some_and(|note| note.accepted)
    }

    /// Issues the invoice of an agreement.
    pub fn invoice(&mut self, bill: &Bill<'_>, activity_ids: &[String], identity: &str) {
        let id = uuid::Uuid::new_v4().to_string();
        let mut body = bill.to_json(identity);
        body["invoiceId"] = id.as_str().into();
        body["activityIds"] = activity_ids.to_vec().into();
        body["amount"] = bill.amount.to_string().into();
        body["paymentDueDate"] = rfc3339(now() + Duration::days(1)).into();
        let event = PaymentEvent::received(bill, "InvoiceReceivedEvent", "invoiceId", &id);
        self.invoices.insert(id, Note { body, accepted: false });
        self.invoice_events.push(event);
    }

    /// Whether an agreement has its invoice.
    pub fn is_invoiced(&self, agreement_id: &str) -> bool {
        self.invoices.values().any(|invoice| invoice.body["agreementId"] == agreement_id)
    }

    /// Events after a time, of one application session or of all.
    pub fn events(
        &self,
        kind: NoteKind,
        after: Option<OffsetDateTime>,
        session: Option<&str>,
        max: usize,
    ) -> Vec<Value> {
        let events = match kind {
            NoteKind::Debit => &self.debit_note_events,
            NoteKind::Invoice => &self.invoice_events,
        };
        let wanted = |event: &&PaymentEvent| {
            after.is_none_or(|after| event.date > after)
                && session.is_none_or(|session| event.app_session_id.as_deref() == Some(session))
        };
        events.iter().filter(wanted).take(max).map(|event| event.body.clone()).collect()
    }

    /// Every note of a kind.
    pub fn notes(&self, kind: NoteKind) -> Value {
        self.collection(kind).values().map(Note::to_json).collect()
    }

    /// A note.
    pub fn note(&self, kind: NoteKind, id: &str) -> Result<Value, Refusal> {
        self.collection(kind).get(id).map(Note::to_json).ok_or(Refusal::Unknown)
    }

    fn collection(&self, kind: NoteKind) -> &BTreeMap<String, Note> {
        match kind {
            NoteKind::Debit => &self.debit_notes,
            NoteKind::Invoice => &self.invoices,
        }
    }

    /// The requestor accepts a note: the amount moves from its allocation, which must hold it
    /// (`core/payment/src/api/debit_notes.rs`).
    pub fn accept(&mut self, kind: NoteKind, id: &str, acceptance: &Acceptance) -> Result<(), Refusal> {
        let Acceptance { total_amount_accepted, allocation_id } = acceptance;
        let amount = total_amount_accepted.glm;
        let notes = match kind {
            NoteKind::Debit => &mut self.debit_notes,
            NoteKind::Invoice => &mut self.invoices,
        };
        let note = notes.get_mut(id).ok_or(Refusal::Unknown)?;
        let text = |name: &str| note.body[name].as_str().unwrap_or_default().to_owned();
        let due = text(if kind == NoteKind::Debit { "totalAmountDue" } else { "amount" });
        if due.parse() != Ok(amount) {
            return Err(Refusal::Invalid("Invalid amount accepted".to_owned()));
        }
        if note.accepted {
            return Ok(());
        }
        let Some(allocation) = self.allocations.get_mut(allocation_id) else {
            return Err(Refusal::Invalid(format!("Allocation {allocation_id} not found")));
        };
        let (agreement, platform) = (text("agreementId"), text("paymentPlatform"));
        let (_, paid) = self.paid.entry(agreement).or_insert((platform, Glm::ZERO));
        let (more, remaining) = (amount.minus(*paid), allocation.remaining());
        if more > remaining {
            return Err(Refusal::Invalid(format!("Not enough funds. Allocated: {remaining} Needed: {more}")));
        }
        note.accepted = true;
        *paid = paid.plus(more);
        allocation.spent = allocation.spent.plus(more);
        Ok(())
    }
}

impl Note {
    fn to_json(&self) -> Value {
        let mut body = self.body.clone();
        body["status"] = if self.accepted { "ACCEPTED" } else { "RECEIVED" }.into();
        body
    }
}

impl Bill<'_> {
    fn to_json(&self, identity: &str) -> Value {
        json!({
            "issuerId": self.provider_id,
            "recipientId": identity,
            "payeeAddr": self.provider_id,
            "payerAddr": identity,
            "paymentPlatform": self.platform,
            "timestamp": rfc3339(now()),
            "agreementId": self.agreement_id,
        })
    }
}

impl PaymentEvent {
    fn received(bill: &Bill<'_>, event: &str, id_name: &str, id: &str) -> Self {
        let date = now();
        Self {
            date,
            app_session_id: bill.app_session_id.map(str::to_owned),
            body: json!({"eventType": event, "eventDate": rfc3339(date), id_name: id}),
        }
    }
}

#[cfg(test)]
mod tests;
