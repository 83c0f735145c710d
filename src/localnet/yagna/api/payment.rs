//! `/payment-api/v1`: allocations, debit notes, invoices.
//!
//! May import `localnet::yagna`. Invariant: no amount leaves this machine; all of it is simulated.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Yagna;
use super::super::exchange::Refusal;
use super::super::payment::{Acceptance, NewAllocation, NoteKind};
use super::super::state::Moment;
use super::extract::{Fields, PlainBody};
use super::poll_time;
use crate::localnet::market::platform::{DRIVER, NETWORKS};

pub(super) fn routes() -> Router<Yagna> {
    Router::new()
        .route("/allocations", post(allocate).get(allocations))
        .route("/allocations/{id}", get(allocation).delete(release))
        .route("/demandDecorations", get(decorations))
        .route("/requestorAccounts", get(accounts))
        .route("/providerAccounts", get(no_accounts))
        .merge(note_routes(NoteKind::Debit, "debitNote"))
        .merge(note_routes(NoteKind::Invoice, "invoice"))
}

fn note_routes(kind: NoteKind, name: &str) -> Router<Yagna> {
    Router::new()
        .route(&format!("/{name}Events"), get(move |yagna, query| events(kind, yagna, query)))
        .route(&format!("/{name}s"), get(move |yagna| notes(kind, yagna)))
        .route(&format!("/{name}s/{{id}}"), get(move |yagna, id| note(kind, yagna, id)))
        .route(&format!("/{name}s/{{id}}/accept"), post(move |yagna, id, body| accept(kind, yagna, id, body)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Events {
    timeout: Option<f64>,
    after_timestamp: Option<Moment>,
    app_session_id: Option<String>,
    max_events: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Decorations {
    allocation_ids: String,
}

async fn allocate(
    State(yagna): State<Yagna>,
    PlainBody(body): PlainBody<NewAllocation>,
) -> Result<Response, Refusal> {
    let allocation = yagna.change(|state| state.payments.allocate(body, &state.identity))?;
    Ok((StatusCode::CREATED, Json(allocation)).into_response())
}

async fn allocations(State(yagna): State<Yagna>) -> Json<Value> {
    Json(yagna.state().payments.allocations())
}

async fn allocation(State(yagna): State<Yagna>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    yagna.state().payments.allocation(&id).map(Json)
}

async fn release(State(yagna): State<Yagna>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    yagna.change(|state| state.payments.release(&id))?;
    Ok(Json(Value::Null))
}

async fn decorations(
    State(yagna): State<Yagna>,
    Fields(query): Fields<Decorations>,
) -> Result<Json<Value>, Refusal> {
    let ids: Vec<&str> = query.allocation_ids.split(',').collect();
    let state = yagna.state();
    state.payments.decorations(&ids, &state.identity).map(Json)
}

async fn accounts(State(yagna): State<Yagna>) -> Json<Value> {
    let identity = yagna.state().identity.clone();
    let account = |network: &crate::localnet::market::platform::PaymentNetwork| {
        json!({
            "platform": network.platform(),
            "address": identity,
            "driver": DRIVER,
            "network": network.name,
            "token": network.token,
            "send": true,
            "receive": false,
        })
    };
    Json(NETWORKS.iter().map(account).collect())
}

/// The requestor's identity receives nothing.
async fn no_accounts() -> Json<Value> {
    Json(json!([]))
}

async fn events(
    kind: NoteKind,
    State(yagna): State<Yagna>,
    Fields(query): Fields<Events>,
) -> Result<Json<Vec<Value>>, Refusal> {
    let after = query.after_timestamp.map(|moment| moment.0);
    let max = query.max_events.unwrap_or(usize::MAX);
    let found = yagna.wait_for(poll_time(query.timeout, 5.0), |state| {
        let events = state.payments.events(kind, after, query.app_session_id.as_deref(), max);
        (!events.is_empty()).then_some(events)
    });
    Ok(Json(found.await.unwrap_or_default()))
}

async fn notes(kind: NoteKind, State(yagna): State<Yagna>) -> Json<Value> {
    Json(yagna.state().payments.notes(kind))
}

async fn note(
    kind: NoteKind,
    State(yagna): State<Yagna>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    yagna.state().payments.note(kind, &id).map(Json)
}

async fn accept(
    kind: NoteKind,
    State(yagna): State<Yagna>,
    Path(id): Path<String>,
    PlainBody(acceptance): PlainBody<Acceptance>,
) -> Result<Json<Value>, Refusal> {
    yagna.change(|state| state.payments.accept(kind, &id, &acceptance))?;
    Ok(Json(Value::Null))
}
