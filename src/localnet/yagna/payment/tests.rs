use time::{Duration, OffsetDateTime};

use super::*;
use crate::localnet::market::pricing::Usage;

const PLATFORM: &str = "erc20-holesky-tglm";

fn request(total: &str) -> NewAllocation {
    let body = json!({"allocationId": "", "paymentPlatform": PLATFORM, "totalAmount": total, "spentAmount": "",
           "remainingAmount": "", "timestamp": "2026-11-22T06:20:04Z", "makeDeposit": false});
    serde_json::from_value(body).unwrap()
}

fn bill(amount: &str) -> Bill<'static> {
    Bill {
        agreement_id: "a1",
        platform: PLATFORM,
        provider_id: "0xthem",
        app_session_id: Some("s1"),
        amount: amount.parse().unwrap(),
    }
}

fn recorded(request: &str) -> Value {
    let recorded: Vec<Value> = serde_json::from_str(include_str!("../recorded.json")).unwrap();
    recorded.into_iter().find(|pair| pair["req"] == request).unwrap()["resp"].take()
}

fn assert_same_names(ours: &Value, theirs: &Value) {
    let names =
        |value: &Value| value.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(names(ours), names(theirs));
}

#[test]
fn an_allocation_echoes_the_request_with_our_fields() {
    let mut payments = Payments::new(Glm::whole(1000), false);
    let allocation = payments.allocate(request("5"), "0xus").unwrap();
    assert_eq!(allocation["remainingAmount"], "5");
    assert_eq!(allocation["spentAmount"], "0");
    assert_eq!(allocation["address"], "0xus");
    let mut theirs = recorded("POST /payment-api/v1/allocations 201");
    theirs.as_object_mut().unwrap().remove("timeout");
    assert_same_names(&allocation, &theirs);
    assert_eq!(payments.reserved(PLATFORM), Glm::whole(5));
}

#[test]
fn more_than_the_wallet_holds_is_refused_until_it_is_released() {
    let mut payments = Payments::new(Glm::whole(10), false);
    let first = payments.allocate(request("8"), "0xus").unwrap();
    let Err(Refusal::Problem(problem)) = payments.allocate(request("3"), "0xus") else {
        panic!("expected a refusal")
    };
    assert!(problem["detail"].as_str().unwrap().starts_with("Insufficient funds to create the allocation."));
    assert_eq!((&problem["availableFunds"], &problem["reservedFunds"]), (&json!("2"), &json!("8")));
    payments.release(first["allocationId"].as_str().unwrap()).unwrap();
    payments.allocate(request("3"), "0xus").unwrap();
}

#[test]
fn an_unknown_platform_is_refused() {
    for (platform, error) in [
        ("erc20-moonbase-glm", "Validate network failed (2): Invalid network name: moonbase"),
        ("moonbase", "paymentPlatform must be of the form driver-network-token instead of moonbase"),
    ] {
        let body = json!({"paymentPlatform": platform, "totalAmount": "1", "makeDeposit": false});
        let request = serde_json::from_value(body).unwrap();
        let Err(Refusal::Problem(problem)) = Payments::new(Glm::whole(1), false).allocate(request, "0xus")
        else {
            panic!("{platform} is refused")
        };
        assert_eq!(problem["parseError"], error);
    }
}

#[test]
fn decorations_ask_for_the_platform_and_the_protocol() {
    let mut payments = Payments::new(Glm::whole(10), false);
    let id = payments.allocate(request("5"), "0xus").unwrap()["allocationId"].as_str().unwrap().to_owned();
    let decorations = payments.decorations(&[&id], "0xe3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3").unwrap();
    assert_eq!(decorations, recorded("GET /payment-api/v1/demandDecorations 200"));
}

#[test]
fn notes_and_events_have_the_recorded_shape() {
    let mut payments = Payments::new(Glm::whole(10), false);
    payments.debit(&bill("0.1"), "x1", Usage::default(), "0xus", None);
    payments.invoice(&bill("0.1"), &["x1".to_owned()], "0xus");
    let [note, invoice] = [NoteKind::Debit, NoteKind::Invoice].map(|kind| payments.notes(kind)[0].take());
    assert_same_names(&note, &recorded("GET /payment-api/v1/debitNotes/{id} 200"));
    assert_same_names(&invoice, &recorded("GET /payment-api/v1/invoices/{id} 200"));
    let event = |kind| payments.events(kind, None, Some("s1"), 10).remove(0);
    assert_same_names(&event(NoteKind::Debit), &recorded("GET /payment-api/v1/debitNoteEvents 200")[0]);
    assert_same_names(&event(NoteKind::Invoice), &recorded("GET /payment-api/v1/invoiceEvents 200")[0]);
    assert!(payments.events(NoteKind::Invoice, None, Some("other"), 10).is_empty());
    assert!(payments.events(NoteKind::Invoice, Some(now() + Duration::hours(1)), None, 10).is_empty());
}

#[test]
fn a_debit_note_and_the_invoice_that_includes_it_are_spent_once() {
    let mut payments = Payments::new(Glm::whole(10), false);
    let allocation = payments.allocate(request("5"), "0xus").unwrap()["allocationId"].clone();
    payments.debit(&bill("0.1"), "x1", Usage::default(), "0xus", None);
    payments.invoice(&bill("0.15"), &["x1".to_owned()], "0xus");
    for (kind, id, amount) in
        [(NoteKind::Debit, "debitNoteId", "0.100000000000000000"), (NoteKind::Invoice, "invoiceId", "0.15")]
    {
        let id = payments.notes(kind)[0][id].as_str().unwrap().to_owned();
        let accept = |amount: &str| {
            serde_json::from_value(json!({"totalAmountAccepted": amount, "allocationId": allocation}))
                .unwrap()
        };
        let wrong = payments.accept(kind, &id, &accept("0.01"));
        assert_eq!(wrong, Err(Refusal::Invalid("Invalid amount accepted".into())));
        payments.accept(kind, &id, &accept(amount)).unwrap();
        payments.accept(kind, &id, &accept(amount)).unwrap();
        assert_eq!(payments.note(kind, &id).unwrap()["status"], "ACCEPTED");
    }
    assert_eq!(payments.balance(PLATFORM).to_string(), "9.85");
    assert_eq!(payments.allocation(allocation.as_str().unwrap()).unwrap()["remainingAmount"], "4.85");
}

#[test]
fn an_event_is_not_told_again_to_who_has_read_its_time() {
    let mut payments = Payments::new(Glm::whole(10), false);
    payments.invoice(&bill("0.1"), &["x1".to_owned()], "0xus");
    let event = payments.events(NoteKind::Invoice, None, None, 10).remove(0);
    let format = &time::format_description::well_known::Rfc3339;
    let read = OffsetDateTime::parse(event["eventDate"].as_str().unwrap(), format).unwrap();
    assert!(payments.events(NoteKind::Invoice, Some(read), None, 10).is_empty());
}
