//! Who am I: `GET /me`, and the version.
//!
//! May import `localnet::yagna`. Invariant: never shows an app-key.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::super::Yagna;

pub(super) fn routes() -> Router<Yagna> {
    Router::new().route("/me", get(me)).route("/version/get", get(version))
}

async fn me(State(yagna): State<Yagna>) -> Json<Value> {
    let identity = yagna.state().identity.clone();
    Json(json!({"name": "ray-on-golem", "role": "manager", "identity": identity}))
}

async fn version() -> Json<Value> {
    Json(json!({"current": {"version": env!("CARGO_PKG_VERSION"), "name": "simulated"}, "pending": null}))
}
