//! Debit notes and invoices: how providers issue them, what the requestor hears of them, and that it pays.
//!
//! May import its siblings and `localnet::market`. Invariant: what is accepted was allocated, and an agreement is paid once,
//! however many of its notes are accepted.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::Payments;
use super::allocation::Acceptance;
use crate::localnet::market::Glm;
use crate::localnet::market::pricing::Usage;
use crate::localnet::yagna::exchange::Refusal;
use crate::localnet::yagna::state::{now, rfc3339};

/// A debit note or an invoice.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(super) body: Value,
    pub(super) accepted: bool,
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
pub(super) struct PaymentEvent {
    pub(super) date: OffsetDateTime,
    pub(super) app_session_id: Option<String>,
    pub(super) body: Value,
}

/// Which notes: the two kinds live in separate collections of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoteKind {
    Debit,
    Invoice,
}

impl Payments {
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
