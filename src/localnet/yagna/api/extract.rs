//! What a request carries, read as yagna reads it, and refused in its words.
//!
//! May import `localnet::yagna`. Invariant: every refusal is a 400; the market puts its reason into JSON, the other APIs
//! give it as plain text, as each of them does in yagna.

use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use super::message;
use crate::localnet::http::PATIENCE;

/// The most that a body may hold, which no client comes near.
const LARGEST_BODY: usize = 2 * 1024 * 1024;

/// A JSON body of the market's API.
pub struct MarketBody<T>(pub T);

/// A JSON body of any other API.
pub struct PlainBody<T>(pub T);

/// The fields of the query.
pub struct Fields<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for MarketBody<T> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let refuse = |text: String| message(StatusCode::BAD_REQUEST, &text);
        read(request, PATIENCE).await.map(Self).map_err(refuse)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for PlainBody<T> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        read(request, PATIENCE)
            .await
            .map(Self)
            .map_err(|text| (StatusCode::BAD_REQUEST, text).into_response())
    }
}

async fn read<T: DeserializeOwned>(request: Request, patience: Duration) -> Result<T, String> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err("Content type error".to_owned());
    }
    let body = axum::body::to_bytes(request.into_body(), LARGEST_BODY);
    let body =
        tokio::time::timeout(patience, body).await.map_err(|_| "Timeout reading JSON payload.".to_owned())?;
    let body = body.map_err(|_| format!("JSON payload has exceeded limit ({LARGEST_BODY} bytes)."))?;
    serde_json::from_slice(&body).map_err(|error| format!("Json deserialize error: {error}"))
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Fields<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let refuse = |error| format!("Query deserialize error: {error}");
        let fields = serde_urlencoded::from_str(parts.uri.query().unwrap_or_default()).map_err(refuse);
        fields.map(Self).map_err(|text| (StatusCode::BAD_REQUEST, text).into_response())
    }
}

/// A demand's identifier.
pub struct DemandPath(pub String);

/// Those of a demand and of one of its proposals.
pub struct ProposalPath(pub String, pub String);

impl<S: Send + Sync> FromRequestParts<S> for DemandPath {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let Path(demand) = Path::<String>::from_request_parts(parts, state).await.map_err(unread)?;
        demand_id(demand).map(Self).map_err(|text| malformed(&text))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ProposalPath {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await.map_err(unread)?;
        let Path((demand, proposal)) = path;
        let demand = demand_id(demand).map_err(|text| malformed(&text))?;
        if !is_proposal_id(&proposal) {
            return Err(malformed(&format!("Id [{proposal}] has invalid format.")));
        }
        Ok(Self(demand, proposal))
    }
}

fn unread(rejection: axum::extract::rejection::PathRejection) -> Response {
    malformed(&rejection.to_string())
}

/// `{32 hex digits}-{64 hex digits}`.
fn demand_id(text: String) -> Result<String, String> {
    let hex = |text: &str, length: usize| text.len() == length && is_hex(text);
    match text.split_once('-') {
        Some((random, hash)) if hex(random, 32) && hex(hash, 64) => Ok(text),
        _ => Err(format!("Subscription id [{text}] has invalid format.")),
    }
}

/// Whether it looks like `R-…` or `P-…`, the two sides' names for one proposal.
pub(super) fn is_proposal_id(text: &str) -> bool {
    text.strip_prefix("R-").or_else(|| text.strip_prefix("P-")).is_some_and(|id| id.len() == 64 && is_hex(id))
}

/// Whether there is nothing but hexadecimal digits in it.
pub(super) fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// JSON that yagna sends as plain text.
fn malformed(text: &str) -> Response {
    let body = serde_json::json!({"message": format!("Path deserialize error: {text}")}).to_string();
    (StatusCode::BAD_REQUEST, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_that_never_comes_to_its_end_is_not_waited_for() {
        struct Endless;
        impl http_body::Body for Endless {
            type Data = axum::body::Bytes;
            type Error = std::convert::Infallible;

            fn poll_frame(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
                std::task::Poll::Pending
            }
        }
        let request = Request::post("/").header(header::CONTENT_TYPE, "application/json");
        let request = request.body(axum::body::Body::new(Endless)).unwrap();
        let refusal = read::<serde_json::Value>(request, Duration::from_millis(10)).await.unwrap_err();
        assert_eq!(refusal, "Timeout reading JSON payload.");
    }
}
