//! The image registry and the reputation service, as far as ray-on-golem asks them.
//!
//! May import nothing of the house. Invariant: no image exists; an answer names one, and HEAD of its URL says that it is
//! there, because nothing in the localnet unpacks it.

use std::collections::HashMap;

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The registry's host.
pub const REGISTRY_HOST: &str = "registry.golem.network";
/// The reputation service's host.
pub const REPUTATION_HOST: &str = "reputation.dev-test.golem.network";

/// Images that upstream has published for ray-on-golem.
const PUBLISHED_TAGS: [&str; 7] = [
    "golem/ray-on-golem:0.13.0-py3.10.13-ray2.9.3",
    "golem/ray-on-golem:0.12.1-py3.10.13-ray2.9.3",
    "golem/ray-on-golem:0.12.0-py3.10.13-ray2.9.3",
    "golem/ray-on-golem:0.11.1-py3.10.13-ray2.9.3",
    "golem/ray-on-golem:0.11.0-py3.10.13-ray2.9.3",
    "golem/ray-on-golem:0.10.0-py3.10.13-ray2.9.3",
    "golem/ray-on-golem:0.9.0-py3.10.13-ray2.9.3",
];

/// Both services in one router: `more_tags` beside the published ones, without the `missing`, and scores of `providers`.
pub fn router(more_tags: Vec<String>, missing: &[String], providers: &[String]) -> Router {
    let tags = known_tags(more_tags, missing);
    let image_tags = tags.clone();
    let scores = scores(providers);
    Router::new()
        .route("/v1/image/info", get(move |query| async move { image_info(&tags, &query) }))
        .route("/v1/download/{hash}", get(move |hash| async move { image(&image_tags, &hash) }))
        .route("/v1/providers/scores", get(move || async move { Json(scores) }))
}

/// Everybody has the best score, whatever the network: nothing is measured here, and equal ones change no choice.
fn scores(providers: &[String]) -> Value {
    let score = |id| json!({"providerId": id, "scores": {"uptime": 1.0, "successRate": 1.0}});
    json!({"providers": providers.iter().map(score).collect::<Vec<_>>()})
}

fn known_tags(more: Vec<String>, missing: &[String]) -> Vec<String> {
    let published = PUBLISHED_TAGS.iter().map(|tag| (*tag).to_owned());
    published.chain(more).filter(|tag| !missing.contains(tag)).collect()
}

fn image_info(tags: &[String], query: &Query<HashMap<String, String>>) -> Response {
    let wanted = |tag: &&String| match (query.get("tag"), query.get("hash")) {
        (Some(named), _) => *tag == named,
        (None, Some(hash)) => hash_of(tag) == *hash,
        (None, None) => false,
    };
    let Some(tag) = tags.iter().find(wanted) else {
        // The client parses JSON before it looks at the status.
        return (StatusCode::NOT_FOUND, Json(json!({"error": "image not found"}))).into_response();
    };
    Json(describe(&hash_of(tag))).into_response()
}

fn describe(hash: &str) -> Value {
    json!({
        // http is what ray-on-golem puts into the demand; it asks this URL only with HEAD.
        "http": format!("https://{REGISTRY_HOST}/v1/download/{hash}"),
        "https": format!("https://{REGISTRY_HOST}/v1/download/{hash}"),
        "sha3": hash,
    })
}

fn image(tags: &[String], hash: &Path<String>) -> StatusCode {
    if tags.iter().any(|tag| hash_of(tag) == hash.0) { StatusCode::OK } else { StatusCode::NOT_FOUND }
}

/// A stand-in for the image's hash: as long as the real one (224 bits), derived from the tag.
fn hash_of(tag: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(tag.as_bytes()).iter().take(28).fold(String::new(), |mut hash, byte| {
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(name: &str, value: &str) -> Response {
        let tags = [PUBLISHED_TAGS[0].to_owned()];
        image_info(&tags, &Query(HashMap::from([(name.to_owned(), value.to_owned())])))
    }

    #[test]
    fn a_published_image_is_found_by_tag_and_by_its_hash() {
        let hash = hash_of(PUBLISHED_TAGS[0]);
        assert_eq!(ask("tag", PUBLISHED_TAGS[0]).status(), StatusCode::OK);
        assert_eq!(ask("hash", &hash).status(), StatusCode::OK);
        assert_eq!(image(&[PUBLISHED_TAGS[0].to_owned()], &Path(hash)), StatusCode::OK);
    }

    #[test]
    fn every_provider_has_the_same_score() {
        let scores = scores(&["0x1".to_owned(), "0x2".to_owned()]);
        let [first, second] = &scores["providers"].as_array().unwrap()[..] else { panic!("two: {scores}") };
        assert_eq!((&first["providerId"], &second["providerId"]), (&json!("0x1"), &json!("0x2")));
        assert_eq!((&first["scores"], &first["scores"]["uptime"]), (&second["scores"], &json!(1.0)));
    }

    #[test]
    fn an_unknown_image_is_not_found() {
        assert_eq!(ask("tag", "golem/ray-on-golem:9.9.9").status(), StatusCode::NOT_FOUND);
        assert_eq!(ask("hash", "00").status(), StatusCode::NOT_FOUND);
        assert_eq!(image(&[], &Path("00".into())), StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_tag_may_be_missing_on_purpose() {
        let [missing, other] = [PUBLISHED_TAGS[0], PUBLISHED_TAGS[1]].map(str::to_owned);
        let tags = known_tags(vec!["me/mine:1".into()], std::slice::from_ref(&missing));
        assert!(!tags.contains(&missing) && tags.contains(&other) && tags.contains(&"me/mine:1".to_owned()));
    }

    #[test]
    fn an_image_is_described_as_recorded() {
        let recorded: Vec<Value> = serde_json::from_str(include_str!("yagna/recorded.json")).unwrap();
        let theirs = recorded.iter().find(|pair| pair["req"] == "GET /v1/image/info 200").unwrap();
        let ours = describe(&hash_of(PUBLISHED_TAGS[0]));
        for (name, _) in theirs["resp"].as_object().unwrap() {
            assert!(ours[name].is_string(), "`{name}` is missing");
        }
        assert_eq!(ours["sha3"].as_str().unwrap().len(), theirs["resp"]["sha3"].as_str().unwrap().len());
    }
}
