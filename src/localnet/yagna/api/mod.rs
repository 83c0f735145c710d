//! yagna's REST API: routes, authorization, and how refusals look.
//!
//! May import `localnet::yagna`. Invariant: statuses, shapes and words are those of the real yagna, but for the differences
//! that `docs/localnet.md` lists (`tests/it/conformance` holds both side by side); a request that no route answers is
//! remembered, because it is a gap of the emulation.

mod activity;
mod extract;
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
pub(super) use identity::current_version;

/// The longest that a long poll may last, whatever the client asks for.
const LONGEST_POLL: Duration = Duration::from_secs(60);

/// The whole API.
pub(super) fn router(yagna: Yagna) -> Router {
    Router::new()
        .nest("/market-api/v1", market::routes())
        .nest("/payment-api/v1", payment::routes())
        .nest("/activity-api/v1", activity::routes())
        .nest("/net-api/v1", net::routes())
        .nest("/net-api/v2/vpn", net::routes())
        .merge(identity::routes())
        .route("/", get(nothing))
        .fallback(unknown_route)
        .method_not_allowed_fallback(unknown_route)
        .layer(middleware::from_fn_with_state(yagna.clone(), authorize))
        .with_state(yagna)
}

/// Reachability is all that clients ask of `/`, and without a key: then it is [`authorize`] that answers.
async fn nothing() -> StatusCode {
    StatusCode::NOT_FOUND
}

async fn authorize(State(yagna): State<Yagna>, request: Request, next: Next) -> Response {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = header.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim);
    let Some(key) = key.filter(|key| !key.is_empty()) else {
        return (StatusCode::UNAUTHORIZED, "Missing application key").into_response();
    };
    let Some(name) = yagna.state().app_key_name(key) else {
        return (StatusCode::UNAUTHORIZED, "Invalid application key").into_response();
    };
    let mut request = request;
    request.extensions_mut().insert(identity::KeyName(name));
    next.run(request).await
}

async fn unknown_route(State(yagna): State<Yagna>, request: Request) -> StatusCode {
    let news = yagna.state().unknown_routes.add(request.method().as_str(), request.uri().path());
    if let Some(news) = news {
        tracing::warn!("{news}");
    }
    StatusCode::NOT_FOUND
}

/// A body with a message, as most refusals of yagna have.
fn message(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({"message": text}))).into_response()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Invalid(text) => message(StatusCode::BAD_REQUEST, &text),
            Self::NotFound(text) => message(StatusCode::NOT_FOUND, &text),
            Self::Unknown => (StatusCode::NOT_FOUND, Json(json!({"message": null}))).into_response(),
            Self::Forbidden => StatusCode::FORBIDDEN.into_response(),
            Self::Conflict(text) => message(StatusCode::CONFLICT, &text),
            Self::Gone(text) => message(StatusCode::GONE, &text),
            Self::Failed(text) => message(StatusCode::INTERNAL_SERVER_ERROR, &text),
            Self::Problem(problem) => {
                let kind = [(header::CONTENT_TYPE, "application/problem+json")];
                (StatusCode::BAD_REQUEST, kind, problem.to_string()).into_response()
            }
        }
    }
}

/// `timeout` of a long poll: seconds, a float.
fn poll_time(seconds: Option<f64>, default: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.unwrap_or(default).max(0.0)).unwrap_or(LONGEST_POLL).min(LONGEST_POLL)
}
