//! Who am I: `GET /me`, and the version.
//!
//! May import `localnet::yagna`. Invariant: never shows an app-key.

use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use super::super::Yagna;

/// The name of the app-key that a request came with.
#[derive(Clone)]
pub(super) struct KeyName(pub String);

pub(super) fn routes() -> Router<Yagna> {
    Router::new().route("/me", get(me)).route("/version/get", get(version))
}

async fn me(State(yagna): State<Yagna>, Extension(KeyName(name)): Extension<KeyName>) -> Json<Value> {
    let identity = yagna.state().identity.clone();
    Json(json!({"name": name, "role": "manager", "identity": identity}))
}

async fn version() -> Json<Value> {
    Json(json!({"current": current_version(), "pending": null}))
}

/// Of this program, which is what a client talks to. The times mean nothing.
pub(in crate::localnet::yagna) fn current_version() -> Value {
    let never = "1970-01-01T00:00:00";
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "name": "simulated",
        "seen": true,
        "releaseTs": never,
        "insertionTs": never,
        "updateTs": never,
    })
}
