use super::*;
use crate::localnet::market::OutboundDecision;
use crate::localnet::market::provider::DEFAULT_PROVIDERS;
use crate::localnet::yagna::state::epoch_ms;
use serde_json::json;
use std::sync::Arc;

pub(in crate::localnet::yagna) fn accept_all() -> OutboundDecision {
    Arc::new(|_, _| Ok(OutboundAccess::None))
}

fn exchange() -> Exchange {
    Exchange::new(&Provider::list(DEFAULT_PROVIDERS, "providers.yaml").unwrap(), 0)
}

fn demand(subnet: &str) -> (Value, String) {
    let properties = json!({
        "golem.node.debug.subnet": subnet,
        "golem.srv.comp.expiration": epoch_ms(now()) + 3_600_000,
        "golem.com.payment.debit-notes.accept-timeout?": 240,
        "golem.com.payment.chosen-platform": "erc20-holesky-tglm",
    });
    (properties, format!("(golem.node.debug.subnet={subnet})"))
}

/// A draft of the first provider of the subnet for heads.
pub(in crate::localnet::yagna) fn draft(exchange: &mut Exchange) -> (String, String) {
    let (properties, constraints) = demand("ray-on-golem-heads");
    let id = exchange.subscribe(properties.clone(), constraints.clone());
    let events = exchange.take_events(&id, 100).unwrap();
    let initial = events[0]["proposal"]["proposalId"].as_str().unwrap().to_owned();
    let counter = exchange.counter(&id, &initial, properties, constraints).unwrap();
    exchange.answer(&counter, &accept_all());
    let event = exchange.take_events(&id, 100).unwrap().remove(0);
    assert_eq!(event["proposal"]["state"], "Draft");
    assert_eq!(event["proposal"]["prevProposalId"], counter.as_str());
    (id, event["proposal"]["proposalId"].as_str().unwrap().to_owned())
}

pub(in crate::localnet::yagna) fn approved(exchange: &mut Exchange, draft: &str) -> String {
    let agreement = exchange.create_agreement(draft, "2100-01-01T00:00:00Z".into()).unwrap();
    exchange.confirm(&agreement, Some("s1".into())).unwrap();
    exchange.decide_agreement(&agreement);
    agreement
}

#[test]
fn a_demand_is_offered_what_is_in_its_subnet_in_batches() {
    let mut exchange = exchange();
    let (properties, constraints) = demand("ray-on-golem-heads");
    let id = exchange.subscribe(properties, constraints);
    assert_eq!(exchange.take_events(&id, 3).unwrap().len(), 3);
    assert_eq!(exchange.take_events(&id, 3).unwrap().len(), 1);
    assert!(exchange.take_events(&id, 3).unwrap().is_empty());
    exchange.unsubscribe(&id).unwrap();
    assert!(matches!(exchange.unsubscribe(&id), Err(Refusal::NotFound(_))));
}

#[test]
fn a_rejection_names_our_own_proposal_and_the_reason() {
    let mut exchange = exchange();
    let (properties, constraints) = demand("ray-on-golem-heads");
    let id = exchange.subscribe(properties.clone(), constraints.clone());
    let initial =
        exchange.take_events(&id, 1).unwrap()[0]["proposal"]["proposalId"].as_str().unwrap().to_owned();
    exchange.take_events(&id, 100).unwrap();
    let counter = exchange.counter(&id, &initial, properties, constraints).unwrap();
    let refuse: OutboundDecision = Arc::new(|_, _| Err("outbound is disabled".into()));
    exchange.answer(&counter, &refuse);
    let event = exchange.take_events(&id, 1).unwrap().remove(0);
    assert_eq!(event["eventType"], "ProposalRejectedEvent");
    assert_eq!(event["proposalId"], counter.as_str());
    assert_eq!(event["reason"]["message"], "outbound is disabled");
}

#[test]
fn a_provider_with_an_agreement_is_busy_and_offers_itself_again_afterwards() {
    let mut exchange = exchange();
    let (id, first) = draft(&mut exchange);
    let (_, second) = draft(&mut exchange);
    let agreement = approved(&mut exchange, &first);
    assert_eq!(exchange.agreement(&agreement).unwrap().state, AgreementState::Approved);

    let second = approved(&mut exchange, &second);
    assert_eq!(exchange.agreement(&second).unwrap().state, AgreementState::Rejected);
    assert_eq!(exchange.agreement(&second).unwrap().rejection, "provider is busy");

    exchange.terminate(&agreement, Terminator::Requestor, None).unwrap();
    assert_eq!(exchange.take_events(&id, 100).unwrap()[0]["proposal"]["state"], "Initial");
    let gone = Refusal::Gone("Can't update Agreement state from Terminated to Terminated.".into());
    assert_eq!(exchange.terminate(&agreement, Terminator::Requestor, None), Err(gone));
}

#[test]
fn only_a_providers_draft_becomes_an_agreement() {
    let mut exchange = exchange();
    let (properties, constraints) = demand("ray-on-golem-heads");
    let id = exchange.subscribe(properties, constraints);
    let initial =
        exchange.take_events(&id, 1).unwrap()[0]["proposal"]["proposalId"].as_str().unwrap().to_owned();
    assert!(matches!(exchange.create_agreement(&initial, String::new()), Err(Refusal::Invalid(_))));
    assert!(matches!(exchange.create_agreement("none", String::new()), Err(Refusal::Invalid(_))));
}

#[test]
fn constraints_that_cannot_be_read_match_nothing() {
    let mut exchange = exchange();
    let (properties, _) = demand("ray-on-golem-heads");
    let id = exchange.subscribe(properties, "(a".into());
    assert!(exchange.take_events(&id, 100).unwrap().is_empty());
}

#[test]
fn a_counter_proposal_answers_an_offer_that_it_matches_and_only_once() {
    let mut exchange = exchange();
    let (properties, constraints) = demand("ray-on-golem-heads");
    let id = exchange.subscribe(properties.clone(), constraints.clone());
    let initial =
        exchange.take_events(&id, 1).unwrap()[0]["proposal"]["proposalId"].as_str().unwrap().to_owned();
    let other = exchange.counter(&id, &initial, properties.clone(), "(golem.runtime.name=wasm)".into());
    assert!(matches!(other, Err(Refusal::Invalid(text)) if text.contains("doesn't match previous Proposal")));
    let ours = exchange.counter(&id, &initial, properties.clone(), constraints.clone()).unwrap();
    let own = exchange.counter(&id, &ours, properties.clone(), constraints.clone());
    assert!(matches!(own, Err(Refusal::Invalid(text)) if text.contains("own Proposal")));
    let again = exchange.counter(&id, &initial, properties, constraints);
    assert!(matches!(again, Err(Refusal::Gone(text)) if text.contains("already has counter proposal")));
}

#[test]
fn a_draft_becomes_one_agreement_whose_fate_is_told_as_events() {
    let mut exchange = exchange();
    let (_, draft) = draft(&mut exchange);
    let agreement = approved(&mut exchange, &draft);
    assert!(matches!(exchange.create_agreement(&draft, String::new()), Err(Refusal::Conflict(_))));
    exchange.terminate(&agreement, Terminator::Requestor, Some(json!({"message": "done"}))).unwrap();
    let events = exchange.agreement_events(None, None, 10);
    let kinds: Vec<_> = events.iter().map(|event| event["eventType"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["AgreementApprovedEvent", "AgreementTerminatedEvent"]);
    assert_eq!(
        (&events[1]["terminator"], &events[1]["reason"]["message"]),
        (&json!("Requestor"), &json!("done"))
    );
    assert!(exchange.agreement_events(None, Some("another session"), 10).is_empty());
}

#[test]
fn an_agreement_has_the_recorded_shape() {
    let mut exchange = exchange();
    let (_, draft) = draft(&mut exchange);
    let id = approved(&mut exchange, &draft);
    let ours = exchange.agreement(&id).unwrap().to_json("0xus", "0xthem");
    let recorded: Vec<Value> = serde_json::from_str(include_str!("../recorded.json")).unwrap();
    let theirs =
        recorded.iter().find(|pair| pair["req"] == "GET /market-api/v1/agreements/{id} 200").unwrap();
    for (name, _) in theirs["resp"].as_object().unwrap() {
        assert!(ours.get(name).is_some(), "`{name}` is missing");
    }
    assert_eq!(
        (&ours["offer"]["providerId"], &ours["demand"]["requestorId"]),
        (&json!("0xthem"), &json!("0xus"))
    );
}
