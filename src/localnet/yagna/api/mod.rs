//! yagna's REST API: routes, authorization, and how refusals look.
//!
//! May import `localnet::yagna`. Invariant: statuses and shapes are those recorded of real clients (`recorded.json`); a
//! request that no route answers is remembered, because it is a gap of the emulation.

mod activity;
mod identity;
mod market;
mod net;
mod payment;

use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use super::Yagna;
use super::exchange::Refusal;

/// The longest that a long poll may last, whatever the client asks for.
const LONGEST_POLL: Duration = Duration::from_secs(60);

/// The whole API.
pub(super) fn router(yagna: Yagna) -> Router {
    let authorized = Router::new()
        .nest("/market-api/v1", market::routes())
        .nest("/payment-api/v1", payment::routes())
        .nest("/activity-api/v1", activity::routes())
        .nest("/net-api/v1", net::routes())
        .merge(identity::routes())
        .fallback(unknown_route)
        .layer(middleware::from_fn_with_state(yagna.clone(), authorize));
    // Reachability is all that clients ask of `/`; a real yagna answers 401 there.
    let root = get(|| async { message(StatusCode::UNAUTHORIZED, "Missing application key") });
    Router::new().route("/", root).merge(authorized).with_state(yagna)
}

async fn authorize(State(yagna): State<Yagna>, request: Request, next: Next) -> Response {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(key) = header.and_then(|value| value.strip_prefix("Bearer ")) else {
        return message(StatusCode::UNAUTHORIZED, "Missing application key");
    };
    if !yagna.state().app_keys.values().any(|known| known == key.trim()) {
        return message(StatusCode::UNAUTHORIZED, "Invalid application key");
    }
    next.run(request).await
}

async fn unknown_route(State(yagna): State<Yagna>, request: Request) -> Response {
    let route = format!("{} {}", request.method(), request.uri().path());
    tracing::warn!("no route for {route}");
    yagna.state().unknown_routes.insert(route);
    message(StatusCode::NOT_FOUND, "Not found")
}

/// A body with a message, as every refusal of yagna has.
fn message(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({"message": text}))).into_response()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Invalid(text) => message(StatusCode::BAD_REQUEST, &text),
            Self::NotFound(text) => message(StatusCode::NOT_FOUND, &text),
            Self::Gone(text) => message(StatusCode::GONE, &text),
        }
    }
}

/// `timeout` of a long poll: seconds, a float.
fn poll_time(seconds: Option<f64>, default: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.unwrap_or(default).max(0.0)).unwrap_or(LONGEST_POLL).min(LONGEST_POLL)
}
