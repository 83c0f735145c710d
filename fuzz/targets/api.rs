//! Any text as a request to yagna's API, its first line a method and a path, the rest a body: it is answered, and by
//! no failure of our own.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use golem_outbound::localnet::control::{Reply, Request as Question};
use golem_outbound::localnet::exe_unit::{Boxed, ExeUnit, Node, NodeSpec, OutboundAccess, RuntimeError};
use golem_outbound::localnet::market::MarketFile;
use golem_outbound::localnet::yagna::{Yagna, YagnaConfig};
use tower::ServiceExt;

/// No node is ever made.
struct Nowhere;

impl ExeUnit for Nowhere {
    fn deploy(&self, _: NodeSpec) -> Boxed<'_, Result<Arc<dyn Node>, RuntimeError>> {
        Box::pin(async { Err(RuntimeError("no node is made here".into())) })
    }
}

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    static YAGNA: Yagna = {
        let market = MarketFile::read(None, &[]).expect("the built-in market");
        Yagna::new(
            YagnaConfig::new(market.providers, Arc::new(|_, _| Ok(OutboundAccess::None))),
            Arc::new(Nowhere),
        )
    };
}

pub fn run(text: &str) {
    let (line, body) = text.split_once('\n').unwrap_or((text, ""));
    let (method, path) = line.split_once(' ').unwrap_or((line, "/"));
    let request = YAGNA.with(|yagna| {
        let Reply::AppKeys(keys) = yagna.control(&Question::AppKeyCreate { name: "fuzz".into() }) else {
            unreachable!("the answer is a key")
        };
        let key = &keys[0].key;
        Request::builder()
            .method(method)
            .uri(path)
            .header("Authorization", format!("Bearer {key}"))
            .header("Content-Type", "application/json")
            .body(Body::from(body.to_owned()))
    });
    // No HTTP server would pass anything else on.
    let Ok(request) = request else { return };
    let router = YAGNA.with(Yagna::router);
    // What waits for an event may well wait; everything else answers at once.
    let polls = ["vents", "/wait", "/exec/"].iter().any(|poll| path.contains(poll));
    let patience = Duration::from_millis(if polls { 5 } else { 10_000 });
    let answer = RUNTIME.with(|runtime| {
        runtime.block_on(async { tokio::time::timeout(patience, router.oneshot(request)).await })
    });
    match answer {
        Err(_) => assert!(polls, "no answer"),
        Ok(Ok(response)) => {
            // These are the real yagna's.
            let as_yagna_does = match response.status() {
                StatusCode::INTERNAL_SERVER_ERROR => {
                    ["/terminate", "/reject", "/activity-api/"].iter().any(|part| path.contains(part))
                }
                StatusCode::GATEWAY_TIMEOUT => path.contains("/tcp/"),
                status => !status.is_server_error(),
            };
            assert!(as_yagna_does, "{}", response.status());
        }
        Ok(Err(never)) => match never {},
    }
    let status = YAGNA.with(Yagna::status);
    assert!(status.unknown_routes.len() <= 100, "what is not known grows without end");
}
