//! `/activity-api/v1`: activities, batches, states.
//!
//! May import `localnet::yagna`. Invariant: ending an activity twice is no error; clients do it three or four times.

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Yagna;
use super::super::exchange::Refusal;
use super::super::exe_script;
use super::super::state::now;
use super::extract::{Fields, PlainBody};
use super::poll_time;

pub(super) fn routes() -> Router<Yagna> {
    Router::new()
        .route("/activity", post(create))
        .route("/activity/{id}", axum::routing::delete(destroy))
        .route("/activity/{id}/exec", post(exec))
        .route("/activity/{id}/exec/{batch}", get(results))
        .route("/activity/{id}/state", get(state))
        .route("/activity/{id}/usage", get(usage))
}

#[derive(Deserialize)]
struct Script {
    text: String,
}

#[derive(Deserialize)]
struct Poll {
    timeout: Option<f64>,
}

/// The body is a bare JSON string, or an object as newer clients send it.
#[derive(Deserialize)]
#[serde(untagged)]
enum CreateActivityJson {
    Agreement(String),
    #[serde(rename_all = "camelCase")]
    Request {
        agreement_id: String,
    },
}

async fn create(
    State(yagna): State<Yagna>,
    PlainBody(body): PlainBody<CreateActivityJson>,
) -> Result<Json<Value>, Refusal> {
    let (CreateActivityJson::Agreement(agreement) | CreateActivityJson::Request { agreement_id: agreement }) =
        &body;
    let id = yagna.change(|state| state.create_activity(agreement))?;
    yagna.bill_activity(id.clone());
    Ok(Json(match body {
        CreateActivityJson::Agreement(_) => json!(id),
        CreateActivityJson::Request { .. } => json!({"activityId": id}),
    }))
}

async fn destroy(State(yagna): State<Yagna>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let node = yagna.change(|state| state.end_activity(&id))?;
    yagna.end_nodes(node);
    Ok(Json(Value::Null))
}

async fn exec(
    State(yagna): State<Yagna>,
    Path(id): Path<String>,
    PlainBody(script): PlainBody<Script>,
) -> Result<Json<String>, Refusal> {
    yagna.state().activities.activity(&id)?;
    let script = exe_script::parse(&script.text).map_err(Refusal::Invalid)?;
    yagna.start_batch(&id, script).map(Json)
}

async fn results(
    State(yagna): State<Yagna>,
    Path((id, batch)): Path<(String, String)>,
    Fields(poll): Fields<Poll>,
) -> Result<Json<Vec<Value>>, Refusal> {
    let mut seen = None;
    let finished = yagna.wait_for(poll_time(poll.timeout, 0.0), |state| {
        let results = state.activities.activity(&id).and_then(|activity| {
            let results = activity.batches.get(&batch).cloned();
            results.ok_or_else(|| Refusal::NotFound(format!("Batch {batch} not found.")))
        });
        let done = match &results {
            Ok(results) => results.last().is_some_and(|last| last["isBatchFinished"] == true),
            Err(_) => true,
        };
        seen = Some(results);
        done.then_some(())
    });
    finished.await;
    // Without the end, the results so far: clients skip those that they have.
    seen.unwrap_or_else(|| Ok(Vec::new())).map(Json)
}

async fn state(State(yagna): State<Yagna>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let shown = yagna.state().activities.activity(&id)?.shown_state();
    Ok(Json(json!({"state": [format!("{shown:?}"), null]})))
}

async fn usage(State(yagna): State<Yagna>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let usage = yagna.state().activities.activity(&id)?.usage();
    Ok(Json(json!({"currentUsage": usage.vector(), "timestamp": now().unix_timestamp()})))
}
