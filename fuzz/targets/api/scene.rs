//! A yagna on which something of everything was negotiated, so that requests can name what exists.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use golem_outbound::localnet::control::{Reply, Request as Question};
use golem_outbound::localnet::exe_unit::{
    Boxed, ExeUnit, Node, NodeSpec, OutboundAccess, RunOutput, RuntimeError,
};
use golem_outbound::localnet::market::{MarketFile, Provider};
use golem_outbound::localnet::yagna::{Yagna, YagnaConfig};
use serde_json::{Value, json};
use tower::ServiceExt;

/// How long an answer may take, and how long an event is waited for.
pub const PATIENCE: Duration = Duration::from_secs(10);
pub const POLL: Duration = Duration::from_millis(5);

/// The most that an answer holds.
const LARGEST: usize = 16 << 20;

/// A machine on which everything ends well and nothing listens.
struct Pretended;

impl ExeUnit for Pretended {
    fn deploy(&self, _: NodeSpec) -> Boxed<'_, Result<Arc<dyn Node>, RuntimeError>> {
        Box::pin(async { Ok(Arc::new(Pretended) as Arc<dyn Node>) })
    }
}

impl Node for Pretended {
    fn start(&self) -> Boxed<'_, Result<(), RuntimeError>> {
        Box::pin(async { Ok(()) })
    }
    fn run(&self, _: String, _: Vec<String>) -> Boxed<'_, Result<RunOutput, RuntimeError>> {
        Box::pin(async { Ok(RunOutput::default()) })
    }
    fn connect(&self, _: u16) -> Boxed<'_, std::io::Result<tokio::net::TcpStream>> {
        Box::pin(async { Err(std::io::ErrorKind::ConnectionRefused.into()) })
    }
    fn is_alive(&self) -> bool {
        true
    }
    fn ended(&self) -> Boxed<'static, ()> {
        Box::pin(std::future::pending())
    }
    fn terminate(&self) -> Boxed<'_, ()> {
        Box::pin(async {})
    }
}

thread_local! {
    static PROVIDERS: Vec<Provider> = {
        let market = MarketFile::read(None, &[]).expect("the built-in market");
        // One for the offer that stays one, and one for each draft; all are alike.
        let named = |name: &str| Provider { name: name.to_owned(), ..market.providers[0].clone() };
        ["ann", "bob", "cid", "dee", "eve"].map(named).to_vec()
    };
}

/// A yagna, a runtime of its own for all that it does behind a request's back, and the names of what exists.
pub struct Scene {
    runtime: tokio::runtime::Runtime,
    yagna: Yagna,
    router: Router,
    key: String,
    names: BTreeMap<&'static str, String>,
    /// What requests have changed so far.
    pub changes: usize,
}

/// Names of what takes time to come by.
const NEGOTIATED: [&str; 9] =
    ["$counter", "$draft", "$proposed", "$agreement", "$activity", "$batch", "$ended", "$invoice", "$amount"];

impl Scene {
    /// A `$net`, an `$allocation`, a `$demand` on certain `$terms` and an `$offer` for it. If the text names any of it,
    /// also `$counter` and `$draft`; `$proposed`, an agreement that nobody has confirmed; `$agreement` with `$activity`
    /// and `$batch`; `$ended` with `$invoice` over `$amount`.
    pub fn set(text: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut config =
            YagnaConfig::new(PROVIDERS.with(Clone::clone), Arc::new(|_, _| Ok(OutboundAccess::None)));
        config.provider_latency = Duration::ZERO;
        let yagna = Yagna::new(config, Arc::new(Pretended));
        let Reply::AppKeys(keys) = yagna.control(&Question::AppKeyCreate { name: "fuzz".into() }) else {
            unreachable!("the answer is a key")
        };
        let (router, key) = (yagna.router(), keys[0].key.clone());
        let mut scene = Self { runtime, yagna, router, key, names: BTreeMap::new(), changes: 0 };
        scene.begin();
        if !scene.serves(text) {
            scene.negotiate();
        }
        scene
    }

    /// Whether all that the text may name exists.
    pub fn serves(&self, text: &str) -> bool {
        self.names.contains_key("draft") || !NEGOTIATED.iter().any(|name| text.contains(name))
    }

    fn begin(&mut self) {
        // As long as a provider accepts from a requestor that promises nothing about debit notes.
        let soon = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() + 1_200_000;
        let terms = json!({
            "properties": {
                "golem.node.debug.subnet": "ray-on-golem-heads",
                "golem.srv.comp.expiration": u64::try_from(soon).unwrap_or(u64::MAX),
                "golem.com.payment.chosen-platform": "erc20-holesky-tglm",
            },
            "constraints": "(golem.runtime.name=vm)",
        });
        let demand = text(&self.post("/market-api/v1/demands", &terms));
        let offer = self.proposals(&demand, 1).remove(0);
        let network = text(&self.post("/net-api/v1/net", &json!({"ip": "192.168.0.1/16"}))["id"]);
        let allocation = json!({"totalAmount": "5", "makeDeposit": false});
        let allocation = text(&self.post("/payment-api/v1/allocations", &allocation)["allocationId"]);
        self.names.extend([
            ("terms", terms.to_string()),
            ("demand", demand),
            ("offer", offer),
            ("net", network),
            ("allocation", allocation),
        ]);
    }

    /// The next proposals that a demand gets.
    fn proposals(&self, demand: &str, count: usize) -> Vec<String> {
        let path = format!("/market-api/v1/demands/{demand}/events?timeout=2&maxEvents=1");
        let event = |_| text(&self.get(&path)[0]["proposal"]["proposalId"]);
        (0..count).map(event).collect()
    }

    fn negotiate(&mut self) {
        let (demand, network) = (self.names["demand"].clone(), self.names["net"].clone());
        let terms = serde_json::from_str(&self.names["terms"]).expect("JSON");
        for offer in self.proposals(&demand, 4) {
            let path = format!("/market-api/v1/demands/{demand}/proposals/{offer}");
            let counter = text(&self.post(&path, &terms));
            self.names.insert("counter", counter);
        }
        let drafts = self.proposals(&demand, 4);
        let proposed = self.agreement(&drafts[0]);
        let agreement = self.approved(&drafts[1]);
        let activity = text(&self.post("/activity-api/v1/activity", &json!(agreement)));
        let net = json!({"id": network, "mask": "255.255.0.0", "nodeIp": "192.168.0.3"});
        let script = json!([{"deploy": {"net": [net]}}, {"start": {}}]).to_string();
        let batch =
            self.post(&format!("/activity-api/v1/activity/{activity}/exec"), &json!({"text": script}));
        let ended = self.approved(&drafts[2]);
        self.post(&format!("/market-api/v1/agreements/{ended}/terminate"), &json!({"message": ""}));
        let invoice = self.get("/payment-api/v1/invoices")[0].clone();
        self.names.extend([
            ("draft", drafts[3].clone()),
            ("proposed", proposed),
            ("agreement", agreement),
            ("activity", activity),
            ("batch", text(&batch)),
            ("ended", ended),
            ("invoice", text(&invoice["invoiceId"])),
            ("amount", text(&invoice["amount"])),
        ]);
    }

    fn agreement(&self, draft: &str) -> String {
        let body = json!({"proposalId": draft, "validTo": "2100-01-01T00:00:00Z"});
        text(&self.post("/market-api/v1/agreements", &body))
    }

    fn approved(&self, draft: &str) -> String {
        let id = self.agreement(draft);
        self.post(&format!("/market-api/v1/agreements/{id}/confirm"), &Value::Null);
        self.post(&format!("/market-api/v1/agreements/{id}/wait?timeout=2"), &Value::Null);
        id
    }

    fn get(&self, path: &str) -> Value {
        self.must("GET", path, "")
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.must("POST", path, &if body.is_null() { String::new() } else { body.to_string() })
    }

    /// An answer of yagna as it is, without anything between.
    fn must(&self, method: &str, path: &str, body: &str) -> Value {
        let request = self.request(method, path, body).expect("a request");
        let (status, said) = self.answer(request, PATIENCE, &|router| router).expect("an answer");
        assert!(status.is_success(), "{method} {path}: {status}: {said}");
        serde_json::from_str(&said).unwrap_or(Value::Null)
    }

    /// A request, if it is one at all.
    pub fn request(&self, method: &str, path: &str, body: &str) -> Option<Request<Body>> {
        let request = Request::builder()
            .method(method)
            .uri(self.named(path))
            .header("Authorization", format!("Bearer {}", self.key))
            .header("Content-Type", "application/json");
        request.body(Body::from(self.named(body))).ok()
    }

    /// With every name that is known replaced by what it stands for.
    fn named(&self, text: &str) -> String {
        let mut pieces = text.split('$');
        let mut named = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let end = piece.find(|sign: char| !sign.is_ascii_lowercase()).unwrap_or(piece.len());
            match self.names.get(&piece[..end]) {
                Some(value) => named.extend([value, &piece[end..]]),
                None => named.extend(["$", piece]),
            }
        }
        named
    }

    /// Status and body; nothing if none comes in time.
    pub fn answer(
        &self,
        request: Request<Body>,
        patience: Duration,
        dress: &dyn Fn(Router) -> Router,
    ) -> Option<(StatusCode, String)> {
        let router = dress(self.router.clone());
        let answer = async {
            let response = match router.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            let status = response.status();
            let body = axum::body::to_bytes(response.into_body(), LARGEST).await.expect("a body");
            (status, String::from_utf8_lossy(&body).into_owned())
        };
        self.runtime.block_on(async { tokio::time::timeout(patience, answer).await }).ok()
    }

    /// Lets what goes on behind the requests' backs come to an end, and looks at what is left.
    pub fn settle(&self, changed: bool) {
        self.runtime.block_on(async {
            tokio::task::yield_now().await;
            if changed {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        let status = self.yagna.status();
        assert!(status.unknown_routes.len() <= 100, "what is not known grows without end");
    }
}

/// Of a JSON string.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no string")).to_owned()
}
