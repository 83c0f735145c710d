//! The control socket's protocol: what yagna's command line and the runner ask the supervisor, as JSON, one message a line.
//!
//! May import `localnet::yagna`. Invariant: whatever is answered is simulated, and a [`Status`] holds no key.

mod client;
mod serve;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use super::yagna::MarketCounters;
pub use client::{CONTROL_VARIABLE, ask, connect, socket_path};
pub use serve::{ControlHooks, serve_control};

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Request {
    /// `yagna service run`: the API's port is open while this connection is.
    ServiceRun,
    /// `yagna app-key list`.
    AppKeyList,
    /// `yagna app-key create`.
    AppKeyCreate {
        /// The key's name.
        name: String,
    },
    /// `yagna payment fund`.
    PaymentFund {
        /// The payment network.
        network: String,
    },
    /// `yagna payment status`.
    PaymentStatus {
        /// The payment network.
        network: String,
    },
    /// `yagna payment driver list`.
    PaymentDriverList,
    /// `yagna id list`.
    IdList,
    /// A walk begins a step.
    EnterStep {
        /// The step's id.
        step: String,
    },
    /// All that `localnet status` and the runner want to know.
    Status,
    /// End the localnet.
    Stop,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", content = "content", rename_all = "kebab-case")]
pub enum Reply {
    /// The API is open at this URL.
    ServiceRunning(String),
    /// Names and keys.
    AppKeys(Vec<AppKey>),
    /// The wallet on one network.
    Payment(PaymentStatus),
    /// As `yagna payment driver list --json` prints it.
    PaymentDrivers(Value),
    /// The requestor's node id.
    Identity(String),
    /// The localnet's status.
    Status(Box<Status>),
    /// It was done.
    Done,
    /// It could not be done.
    Failed(String),
}

/// An app-key. Not `Debug`-printable by accident: the key is left out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppKey {
    /// Its name.
    pub name: String,
    /// The secret.
    pub key: String,
    /// The node id that it stands for.
    pub id: String,
    /// When it was made, in UTC.
    #[serde(default)]
    pub created: String,
}

impl std::fmt::Debug for AppKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The wallet on one network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentStatus {
    /// `erc20-holesky-tglm`
    pub platform: String,
    /// `holesky`
    pub network: String,
    /// `tGLM`
    pub token: String,
    /// What the wallet holds.
    pub amount: String,
    /// What allocations set aside.
    pub reserved: String,
}

/// The localnet's state for people and for the runner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Always true.
    pub simulated: bool,
    /// Every provider.
    pub providers: Vec<ProviderStatus>,
    /// Every demand that is subscribed.
    pub demands: Vec<DemandStatus>,
    /// Every agreement, past ones too.
    pub agreements: Vec<AgreementStatus>,
    /// Every activity, past ones too.
    pub activities: Vec<ActivityStatus>,
    /// What became of all proposals so far.
    pub market: MarketCounters,
    /// Milliseconds since the market last had something for anyone: a new demand, an event, a question, an answer.
    pub market_idle_for_ms: u64,
    /// Requests that no route of the API answers; not empty means a gap of the emulation.
    pub unknown_routes: Vec<String>,
    /// How many more of such requests there were than those listed.
    #[serde(default)]
    pub more_unknown_routes: u64,
}

/// A provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderStatus {
    /// Name.
    pub name: String,
    /// Node id.
    pub id: String,
    /// Subnet.
    pub subnet: String,
    /// Whether it has an approved agreement.
    pub busy: bool,
}

/// A subscribed demand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandStatus {
    /// Subscription id.
    pub id: String,
    /// The subnet that it asks for.
    pub subnet: String,
    /// What became of its proposals.
    pub market: MarketCounters,
    /// How often providers gave which reason for a rejection.
    #[serde(default)]
    pub rejections: BTreeMap<String, u64>,
}

/// An agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementStatus {
    /// Agreement id.
    pub id: String,
    /// The provider's name.
    pub provider: String,
    /// `Proposal`, `Pending`, `Approved`, `Rejected` or `Terminated`.
    pub state: String,
}

/// An activity and its node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityStatus {
    /// Activity id.
    pub id: String,
    /// The provider's name.
    pub provider: String,
    /// `Initialized`, `Deployed`, `Ready` or `Terminated`.
    pub state: String,
    /// The VPN that the node is in, once deployed: each of ray-on-golem's clusters makes one of its own.
    pub vpn: Option<String>,
    /// The node's address in the VPN, once deployed.
    pub vpn_ip: Option<Ipv4Addr>,
    /// Whether the node lives.
    pub alive: bool,
}

/// golem-core waits five seconds for a provider's answer.
const ANSWER_PATIENCE_MS: u64 = 6_000;
/// ray-on-golem waits ten seconds for more offers before it negotiates.
const SCORING_PATIENCE_MS: u64 = 16_000;

impl Status {
    /// Whether a requestor that listens to the market has heard everything: each of its questions is answered, or it has
    /// asked none for longer than it takes ray-on-golem to begin.
    pub fn market_is_exhausted(&self) -> bool {
        let asked = self.demands.iter().map(|demand| demand.market);
        let (mut any, mut open) = (false, false);
        for market in asked {
            any |= market.counter_proposals > 0;
            open |= market.accepted + market.rejected + market.unanswered < market.counter_proposals;
        }
        let patience = if any { ANSWER_PATIENCE_MS } else { SCORING_PATIENCE_MS };
        !self.demands.is_empty() && !open && self.market_idle_for_ms >= patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(market: MarketCounters, market_idle_for_ms: u64) -> Status {
        let demand =
            DemandStatus { id: "d".into(), subnet: "public".into(), market, rejections: BTreeMap::new() };
        Status { demands: vec![demand], market_idle_for_ms, ..Status::default() }
    }

    #[test]
    fn the_market_is_exhausted_when_every_question_is_answered() {
        let asked =
            MarketCounters { initial_proposals: 3, counter_proposals: 3, ..MarketCounters::default() };
        assert!(!status(asked, 60_000).market_is_exhausted(), "three answers are due");
        let answered = MarketCounters { accepted: 1, rejected: 1, unanswered: 1, ..asked };
        assert!(!status(answered, 5_500).market_is_exhausted(), "golem-core still waits for the silent one");
        assert!(status(answered, 6_000).market_is_exhausted());
    }

    #[test]
    fn a_market_without_questions_needs_more_patience() {
        assert!(!status(MarketCounters::default(), 12_000).market_is_exhausted());
        assert!(status(MarketCounters::default(), 16_000).market_is_exhausted());
        assert!(!Status::default().market_is_exhausted(), "nobody has asked for anything");
    }

    #[test]
    fn messages_survive_their_json() {
        for request in [Request::ServiceRun, Request::AppKeyCreate { name: "x".into() }, Request::Stop] {
            let line = serde_json::to_string(&request).unwrap();
            assert_eq!(serde_json::from_str::<Request>(&line).unwrap(), request);
        }
        let reply = Reply::Status(Box::new(status(MarketCounters::default(), 1)));
        assert_eq!(serde_json::from_str::<Reply>(&serde_json::to_string(&reply).unwrap()).unwrap(), reply);
    }

    #[test]
    fn debug_output_keeps_the_key_to_itself() {
        let key = AppKey { name: "n".into(), key: "secret".into(), id: "0x".into(), created: String::new() };
        assert!(!format!("{:?}", Reply::AppKeys(vec![key])).contains("secret"));
    }
}
