//! `/market-api/v1`: demands, proposals, agreements.
//!
//! May import `localnet::yagna`. Invariant: a provider's answer comes after the requestor has the id of its question.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;
use std::time::Instant;

use super::super::Yagna;
use super::super::exchange::{AgreementState, Refusal, Terminator};
use super::super::state::Moment;
use super::extract::{DemandPath, Fields, MarketBody, ProposalPath, is_hex, is_proposal_id};
use super::{message, poll_time};

pub(super) fn routes() -> Router<Yagna> {
    Router::new()
        .route("/demands", post(subscribe).get(demands))
        .route("/demands/{demand}", delete(unsubscribe))
        .route("/demands/{demand}/events", get(events))
        .route("/demands/{demand}/proposals/{proposal}", post(counter).get(proposal))
        .route("/demands/{demand}/proposals/{proposal}/reject", post(reject))
        .route("/agreements", post(create_agreement).get(agreements))
        .route("/agreementEvents", get(agreement_events))
        .route("/agreements/{agreement}", get(agreement))
        .route("/agreements/{agreement}/confirm", post(confirm))
        .route("/agreements/{agreement}/wait", post(wait))
        .route("/agreements/{agreement}/cancel", post(cancel))
        .route("/agreements/{agreement}/terminate", post(terminate))
}

/// Why something ends: a message and whatever else the client says.
#[derive(Deserialize)]
struct Reason(serde_json::Map<String, Value>);

#[derive(Deserialize)]
struct DemandBody {
    properties: Value,
    constraints: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Poll {
    timeout: Option<f64>,
    max_events: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AgreementBody {
    proposal_id: String,
    valid_to: Moment,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    app_session_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AgreementEvents {
    timeout: Option<f64>,
    max_events: Option<i64>,
    app_session_id: Option<String>,
    after_timestamp: Option<Moment>,
}

/// The most events that are handed out at once, and the number if none is named.
const MOST_EVENTS: i64 = 100;

async fn subscribe(State(yagna): State<Yagna>, MarketBody(body): MarketBody<DemandBody>) -> Response {
    let id = yagna.change(|state| {
        state.market_moved = Instant::now();
        state.exchange.subscribe(body.properties, body.constraints)
    });
    (StatusCode::CREATED, Json(id)).into_response()
}

async fn demands(State(yagna): State<Yagna>) -> Json<Value> {
    let state = yagna.state();
    Json(state.exchange.demands.values().map(|demand| demand.to_json(&state.identity)).collect())
}

async fn unsubscribe(
    State(yagna): State<Yagna>,
    DemandPath(demand): DemandPath,
) -> Result<StatusCode, Refusal> {
    yagna.change(|state| state.exchange.unsubscribe(&demand))?;
    Ok(StatusCode::NO_CONTENT)
}

fn most(max_events: Option<i64>) -> Result<usize, Refusal> {
    let max = max_events.unwrap_or(MOST_EVENTS);
    let allowed = (1..=MOST_EVENTS).contains(&max);
    usize::try_from(max).ok().filter(|_| allowed).ok_or_else(|| {
        Refusal::Invalid(format!("Invalid maxEvents '{max}', should be between 1 and {MOST_EVENTS}."))
    })
}

async fn events(
    State(yagna): State<Yagna>,
    DemandPath(demand): DemandPath,
    Fields(poll): Fields<Poll>,
) -> Result<Json<Vec<Value>>, Refusal> {
    let max = most(poll.max_events)?;
    let taken = yagna.wait_for(poll_time(poll.timeout, 5.0), |state| {
        let taken = state.exchange.take_events(&demand, max);
        if matches!(&taken, Ok(events) if events.is_empty()) {
            return None;
        }
        state.market_moved = Instant::now();
        Some(taken)
    });
    taken.await.unwrap_or_else(|| Ok(Vec::new())).map(Json)
}

async fn counter(
    State(yagna): State<Yagna>,
    ProposalPath(demand, proposal): ProposalPath,
    MarketBody(body): MarketBody<DemandBody>,
) -> Result<Json<String>, Refusal> {
    let id = yagna.change(|state| {
        state.market_moved = Instant::now();
        state.exchange.counter(&demand, &proposal, body.properties, body.constraints)
    })?;
    let counter = id.clone();
    yagna.after_latency(|yagna| async move {
        yagna.change(|state| {
            state.market_moved = Instant::now();
            state.exchange.answer(&counter, &yagna.config().decide_outbound);
        });
    });
    Ok(Json(id))
}

async fn proposal(
    State(yagna): State<Yagna>,
    ProposalPath(demand, proposal): ProposalPath,
) -> Result<Json<Value>, Refusal> {
    let state = yagna.state();
    let found = state.exchange.proposal(&demand, &proposal)?;
    let provider = state.exchange.providers[found.provider].id();
    Ok(Json(found.to_json(if found.ours { &state.identity } else { &provider })))
}

async fn reject(
    State(yagna): State<Yagna>,
    ProposalPath(demand, proposal): ProposalPath,
    MarketBody(_reason): MarketBody<Option<Reason>>,
) -> Result<StatusCode, Refusal> {
    yagna.change(|state| state.exchange.reject(&demand, &proposal))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn create_agreement(
    State(yagna): State<Yagna>,
    MarketBody(body): MarketBody<AgreementBody>,
) -> Result<Json<String>, Refusal> {
    let id = body.proposal_id;
    if !is_proposal_id(&id) {
        return Err(Refusal::Invalid(format!("Invalid Agreement id. Id [{id}] has invalid format.")));
    }
    let id = yagna.change(|state| {
        let id = state.exchange.create_agreement(&id, body.valid_to.to_string())?;
        state.forget_past();
        Ok::<_, Refusal>(id)
    });
    id.map(Json)
}

async fn agreements(State(yagna): State<Yagna>) -> Json<Value> {
    Json(yagna.state().exchange.agreements.values().map(|agreement| agreement.to_list_entry()).collect())
}

async fn agreement_events(
    State(yagna): State<Yagna>,
    Fields(query): Fields<AgreementEvents>,
) -> Result<Json<Vec<Value>>, Refusal> {
    let max = most(query.max_events)?;
    let after = query.after_timestamp.map(|moment| moment.0);
    let found = yagna.wait_for(poll_time(query.timeout, 5.0), |state| {
        let events = state.exchange.agreement_events(after, query.app_session_id.as_deref(), max);
        (!events.is_empty()).then_some(events)
    });
    Ok(Json(found.await.unwrap_or_default()))
}

/// The market's name for the requestor's side of an agreement, in its messages.
fn agreement_id(id: &str, what: &str) -> Result<(), Refusal> {
    if is_hex(id) {
        return Ok(());
    }
    Err(Refusal::Invalid(format!("Invalid {what} id. Id [{id}] contains non hexadecimal characters.")))
}

async fn agreement(State(yagna): State<Yagna>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    agreement_id(&id, "Agreement")?;
    let state = yagna.state();
    let agreement = state.exchange.agreement(&id).map_err(|_| not_found(&id))?;
    Ok(Json(agreement.to_json(&state.identity, &state.exchange.providers[agreement.provider].id())))
}

fn not_found(id: &str) -> Refusal {
    Refusal::NotFound(format!("Agreement [{id}] not found."))
}

async fn confirm(
    State(yagna): State<Yagna>,
    Path(id): Path<String>,
    Fields(session): Fields<Session>,
) -> Result<StatusCode, Refusal> {
    agreement_id(&id, "Agreement")?;
    yagna.change(|state| state.exchange.confirm(&id, session.app_session_id))?;
    yagna.after_latency(|yagna| async move { yagna.change(|state| state.exchange.decide_agreement(&id)) });
    Ok(StatusCode::NO_CONTENT)
}

async fn wait(
    State(yagna): State<Yagna>,
    Path(id): Path<String>,
    Fields(poll): Fields<Poll>,
) -> Result<Response, Refusal> {
    agreement_id(&id, "agreement")?;
    let decided = yagna.wait_for(poll_time(poll.timeout, 5.0), |state| match state.exchange.agreement(&id) {
        Err(refusal) => Some(Err(refusal)),
        Ok(agreement) => match agreement.state {
            AgreementState::Proposal => Some(Err(Refusal::Invalid(format!(
                "Agreement [R-{id}] should be confirmed, before waiting for approval."
            )))),
            AgreementState::Pending => None,
            AgreementState::Approved => Some(Ok(StatusCode::NO_CONTENT.into_response())),
            AgreementState::Rejected => Some(Err(Refusal::Gone("Rejected".to_owned()))),
            AgreementState::Terminated => {
                Some(Err(Refusal::Invalid(format!("Agreement [R-{id}] terminated."))))
            }
        },
    });
    decided.await.unwrap_or_else(|| {
        let text = format!("Timeout while waiting for Agreement [R-{id}] approval.");
        Ok(message(StatusCode::REQUEST_TIMEOUT, &text))
    })
}

async fn cancel(
    State(yagna): State<Yagna>,
    Path(id): Path<String>,
    MarketBody(reason): MarketBody<Option<Reason>>,
) -> Result<StatusCode, Refusal> {
    agreement_id(&id, "Agreement")?;
    yagna.state().exchange.agreement(&id)?;
    end(&yagna, &id, reason)
}

async fn terminate(
    State(yagna): State<Yagna>,
    Path(id): Path<String>,
    MarketBody(reason): MarketBody<Option<Reason>>,
) -> Result<StatusCode, Refusal> {
    if !is_hex(&id) {
        return Err(Refusal::Failed(format!(
            "Failed to get Agreement [{id}]. Error: Invalid Agreement id: Id [{id}] contains non hexadecimal characters."
        )));
    }
    yagna.state().exchange.agreement(&id).map_err(|_| not_found(&id))?;
    end(&yagna, &id, reason)
}

fn end(yagna: &Yagna, id: &str, reason: Option<Reason>) -> Result<StatusCode, Refusal> {
    let nodes = yagna.change(|state| {
        state.end_agreement(id, Terminator::Requestor, reason.map(|reason| Value::Object(reason.0)))
    })?;
    yagna.end_nodes(nodes);
    Ok(StatusCode::OK)
}
