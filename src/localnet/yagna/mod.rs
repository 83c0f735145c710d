//! The emulated yagna: its REST API and its command line, over the emulated market and the exe-unit's nodes.
//!
//! May import `error`, `localnet::{control, exe_unit, market, registry}`. Invariant: a client of the API sees what it
//! would see of a real yagna; whatever is emulated says `simulated` in our own output only.

pub mod api;
mod batch;
pub mod cli;
mod exchange;
pub mod exe_script;
mod forget;
pub mod line;
mod mishap;
mod net;
mod payment;
mod state;
mod status;
mod unknown_routes;
mod work;

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::localnet::exe_unit::ExeUnit;
use crate::localnet::market::faults::NodeFault;
use crate::localnet::market::{Faults, Glm, OutboundDecision, Provider};
pub use exchange::MarketCounters;
pub(crate) use state::State;

/// What a localnet's yagna is made from.
#[derive(Clone)]
pub struct YagnaConfig {
    /// The providers of the market.
    pub providers: Vec<Provider>,
    /// The outbound rules' decision.
    pub decide_outbound: OutboundDecision,
    /// What the requestor's wallet holds, on every payment network.
    pub wallet: Glm,
    /// Tags of images that the registry knows beside those that upstream has published.
    pub image_tags: Vec<String>,
    /// Tags of images that the registry does not know, though upstream has published them.
    pub missing_tags: Vec<String>,
    /// Whether the faucet gives anything.
    pub faucet: bool,
    /// Whether allocations are spent from the beginning.
    pub budget_exhausted: bool,
    /// So many seconds the requestor's clock is ahead of the providers'.
    pub clock_ahead: i64,
    /// What happens to nodes while they run.
    pub node_faults: Vec<NodeFault>,
    /// How long a provider takes to answer.
    pub provider_latency: Duration,
}

impl YagnaConfig {
    /// The localnet's defaults: 1000 (t)GLM, providers that answer after 50 ms.
    pub fn new(providers: Vec<Provider>, decide_outbound: OutboundDecision) -> Self {
        Self {
            providers,
            decide_outbound,
            wallet: Glm::whole(1000),
            image_tags: Vec::new(),
            missing_tags: Vec::new(),
            faucet: true,
            budget_exhausted: false,
            clock_ahead: 0,
            node_faults: Vec::new(),
            provider_latency: Duration::from_millis(50),
        }
    }

    /// Takes on what goes wrong; the providers' faults are their own.
    pub fn suffer(&mut self, faults: &Faults) {
        if faults.wallet_empty {
            self.wallet = Glm::ZERO;
        }
        self.faucet = !faults.faucet_silent;
        self.budget_exhausted = faults.budget_exhausted;
        self.missing_tags.clone_from(&faults.missing_tags);
        self.clock_ahead = faults.clock_ahead;
        self.node_faults.clone_from(&faults.nodes);
    }
}

/// The emulated yagna. Clones share one state.
#[derive(Clone)]
pub struct Yagna {
    shared: Arc<Shared>,
}

struct Shared {
    config: YagnaConfig,
    exe_unit: Arc<dyn ExeUnit>,
    state: Mutex<State>,
    /// Wakes every long poll when the state has changed.
    changed: watch::Sender<()>,
}

impl Yagna {
    /// A yagna with an empty market book.
    pub fn new(config: YagnaConfig, exe_unit: Arc<dyn ExeUnit>) -> Self {
        let state = State::new(&config);
        let shared = Shared { config, exe_unit, state: Mutex::new(state), changed: watch::Sender::new(()) };
        Self { shared: Arc::new(shared) }
    }

    /// The REST API, for 127.0.0.1:7465.
    pub fn router(&self) -> axum::Router {
        api::router(self.clone())
    }

    /// The image registry and the reputation service, for `registry.golem.network` and
    /// `reputation.dev-test.golem.network`.
    pub fn registry_router(&self) -> axum::Router {
        let config = self.config();
        let providers: Vec<String> = config.providers.iter().map(Provider::id).collect();
        crate::localnet::registry::router(config.image_tags.clone(), &config.missing_tags, &providers)
    }

    fn config(&self) -> &YagnaConfig {
        &self.shared.config
    }

    /// The state, for reading. A panic while it was held leaves it usable: every change is a single step.
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes every long poll.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.shared.changed.send_replace(());
        result
    }

    /// Looks at the state until there is an answer, or until `timeout` is over.
    async fn wait_for<T>(
        &self,
        timeout: Duration,
        mut look: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let mut changed = self.shared.changed.subscribe();
        let found = async {
            loop {
                if let Some(found) = look(&mut self.state()) {
                    return Some(found);
                }
                // The sender lives as long as `self`, so this only fails when nobody waits any more.
                changed.changed().await.ok()?;
            }
        };
        tokio::time::timeout(timeout, found).await.ok().flatten()
    }

    /// Does something after a provider's usual delay.
    fn after_latency<F: Future<Output = ()> + Send + 'static>(
        &self,
        work: impl FnOnce(Self) -> F + Send + 'static,
    ) {
        let yagna = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(yagna.config().provider_latency).await;
            work(yagna).await;
        });
    }
}
