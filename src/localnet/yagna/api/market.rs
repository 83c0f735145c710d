//! `/market-api/v1`: demands, proposals, agreements.
//!
//! May import `localnet::yagna`. Invariant: a provider's answer comes after the requestor has the id of its question.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;
use std::time::Instant;

use super::super::Yagna;
use super::super::exchange::{AgreementState, Refusal};
use super::{message, poll_time};
use crate::localnet::market::properties::Properties;

pub(super) fn routes() -> Router<Yagna> {
    Router::new()
        .route("/demands", post(subscribe).get(demands))
        .route("/demands/{demand}", delete(unsubscribe))
        .route("/demands/{demand}/events", get(events))
        .route("/demands/{demand}/proposals/{proposal}", post(counter).get(proposal))
        .route("/demands/{demand}/proposals/{proposal}/reject", post(reject))
        .route("/agreements", post(create_agreement))
        .route("/agreements/{agreement}", get(agreement))
        .route("/agreements/{agreement}/confirm", post(confirm))
        .route("/agreements/{agreement}/wait", post(wait))
        .route("/agreements/{agreement}/cancel", post(terminate))
        .route("/agreements/{agreement}/terminate", post(terminate))
}

#[derive(Deserialize)]
struct DemandBody {
    properties: Properties,
    constraints: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Poll {
    timeout: Option<f64>,
    max_events: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AgreementBody {
    proposal_id: String,
    valid_to: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    app_session_id: Option<String>,
}

async fn subscribe(State(yagna): State<Yagna>, Json(body): Json<DemandBody>) -> Result<Response, Refusal> {
    let id = yagna.change(|state| {
        state.market_moved = Instant::now();
        state.exchange.subscribe(body.properties, body.constraints)
    })?;
    Ok((StatusCode::CREATED, Json(id)).into_response())
}

async fn demands(State(yagna): State<Yagna>) -> Json<Value> {
    let state = yagna.state();
    Json(state.exchange.demands.values().map(|demand| demand.to_json(&state.identity)).collect())
}

async fn unsubscribe(State(yagna): State<Yagna>, Path(demand): Path<String>) -> Result<StatusCode, Refusal> {
    yagna.change(|state| state.exchange.unsubscribe(&demand))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn events(
    State(yagna): State<Yagna>,
    Path(demand): Path<String>,
    Query(poll): Query<Poll>,
) -> Result<Json<Vec<Value>>, Refusal> {
    let max = poll.max_events.unwrap_or(10).max(1);
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
    Path((demand, proposal)): Path<(String, String)>,
    Json(body): Json<DemandBody>,
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
    Path((demand, proposal)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let state = yagna.state();
    let found = state.exchange.proposal(&demand, &proposal)?;
    let provider = state.exchange.providers[found.provider].id();
    Ok(Json(found.to_json(if found.ours { &state.identity } else { &provider })))
}

async fn reject(
    State(yagna): State<Yagna>,
    Path((demand, proposal)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    yagna.change(|state| state.exchange.reject(&demand, &proposal))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn create_agreement(
    State(yagna): State<Yagna>,
    Json(body): Json<AgreementBody>,
) -> Result<Response, Refusal> {
    let id = yagna.change(|state| {
        let id = state.exchange.create_agreement(&body.proposal_id, body.valid_to)?;
        state.forget_past();
        Ok::<_, Refusal>(id)
    })?;
    Ok((StatusCode::CREATED, Json(id)).into_response())
}

async fn agreement(State(yagna): State<Yagna>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let state = yagna.state();
    let agreement = state.exchange.agreement(&id)?;
    Ok(Json(agreement.to_json(&state.identity, &state.exchange.providers[agreement.provider].id())))
}

async fn confirm(
    State(yagna): State<Yagna>,
    Path(id): Path<String>,
    Query(session): Query<Session>,
) -> Result<StatusCode, Refusal> {
    yagna.change(|state| state.exchange.confirm(&id, session.app_session_id))?;
    yagna.after_latency(|yagna| async move { yagna.change(|state| state.exchange.decide_agreement(&id)) });
    Ok(StatusCode::NO_CONTENT)
}

async fn wait(State(yagna): State<Yagna>, Path(id): Path<String>, Query(poll): Query<Poll>) -> Response {
    let decided = yagna.wait_for(poll_time(poll.timeout, 5.0), |state| match state.exchange.agreement(&id) {
        Err(refusal) => Some(Err(refusal)),
        Ok(agreement) => match agreement.state {
            AgreementState::Proposal | AgreementState::Pending => None,
            AgreementState::Approved => Some(Ok(())),
            AgreementState::Rejected => {
                let reason = &agreement.rejection;
                Some(Err(Refusal::Gone(format!("Agreement was rejected by provider: {reason}"))))
            }
            AgreementState::Terminated => Some(Err(Refusal::Gone("Agreement was terminated".to_owned()))),
        },
    });
    match decided.await {
        Some(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Some(Err(refusal)) => refusal.into_response(),
        None => message(StatusCode::REQUEST_TIMEOUT, "Timeout while waiting for Agreement approval"),
    }
}

async fn terminate(State(yagna): State<Yagna>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let nodes = yagna.change(|state| state.end_agreement(&id))?;
    yagna.end_nodes(nodes);
    Ok(StatusCode::NO_CONTENT)
}
