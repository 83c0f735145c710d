//! Whether the fuzzing of the API finds anything: its seeds reach every route, and defects planted before the API, each
//! for one value at one place, are found.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use serde_json::Value;

use super::api;
use super::driver::{Fuzzed, search, seeds};
use super::odd::odd;
use crate::yagna::hostile::ROUTES;

/// Words of a request that make it another one, or none.
pub(super) const KEPT: &[&str] =
    &["GET", "POST", "DELETE", "---", "v1", "market-api", "payment-api", "activity-api", "net-api"];

/// Only a machine would answer the first, and only a provider that bills for a while has the others.
const NOT_ANSWERED: &[(&str, u16)] = &[("net-connect", 504), ("debit-note", 404), ("debit-note-accept", 404)];

#[test]
fn a_seed_reaches_every_route_of_the_api_and_is_answered() {
    let mut reached = BTreeSet::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/api");
    for file in std::fs::read_dir(folder).unwrap().flatten() {
        let name = file.file_name().into_string().unwrap();
        let seed = std::fs::read_to_string(file.path()).unwrap();
        // A poll has something to tell here, however busy the machine is.
        let statuses = api::run_behind(&seed, Duration::from_secs(10), &|router| router);
        let status = statuses[0].map(|status| status.as_u16());
        let expected = NOT_ANSWERED.iter().find(|(seed, _)| *seed == name).map(|(_, status)| *status);
        let as_expected = match expected {
            Some(expected) => status == Some(expected),
            None => status.is_some_and(|status| (200..300).contains(&status)),
        };
        assert!(as_expected, "{name}: {status:?}");
        let line = seed.lines().next().unwrap().split('?').next().unwrap();
        let named = |part: &str| part.starts_with(['$', '1']) || ["22", "0x2"].contains(&part);
        let parts = line.split('/').map(|part| if named(part) { "ID" } else { part });
        reached.insert(parts.collect::<Vec<_>>().join("/"));
    }
    assert_eq!(reached, ROUTES.iter().map(ToString::to_string).collect::<BTreeSet<_>>());
}

/// What is planted: fails for this path and this body.
type Defect = fn(&str, &Value) -> bool;

/// The seed that leads to it, what it is, and where.
const DEFECTS: &[(&str, &str, Defect)] = &[
    ("net-create", "a network of all addresses", |_, body| {
        body["ip"].as_str().is_some_and(|ip| ip.ends_with("/0"))
    }),
    ("invoice-accept", "an amount below nothing", |_, body| body["totalAmountAccepted"] == -1),
    ("agreement-create", "no deadline", |_, body| body["validTo"] == ""),
    ("activity-exec", "a script that is null", |_, body| body.is_object() && body["text"].is_null()),
    ("agreement-confirm", "a name with a zero byte", |path, _| path.contains("/agreements/%00/")),
    ("net-node-remove", "a node without a name", |path, _| path.ends_with("/nodes/")),
    ("net-connect", "a folder above", |path, _| path.contains("/tcp/../")),
];

/// The defect before the API.
fn with(defect: Defect) -> impl Fn(Router) -> Router {
    let check = move |request: Request, next: Next| async move {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        assert!(!defect(parts.uri.path(), &json), "planted");
        next.run(Request::from_parts(parts, Body::from(body))).await
    };
    move |router| router.layer(from_fn(check))
}

#[test]
fn a_defect_for_one_value_at_one_place_is_found() {
    for (seed, what, defect) in DEFECTS {
        let dress = with(*defect);
        let inputs = seeds(&format!("fuzz/seeds/api/{seed}"));
        match search(odd(&inputs, KEPT), |text| drop(api::run_behind(text, Duration::from_millis(5), &dress)))
        {
            Fuzzed::Broken { why, .. } => assert!(why.contains("planted"), "{what}: {why}"),
            Fuzzed::Sound(_) => panic!("{what}: it was not found"),
        }
    }
}
