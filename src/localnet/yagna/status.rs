//! Answers to the control socket.
//!
//! May import `localnet::{control, market}`. Invariant: reads the state, and changes nothing but the app-keys.

use std::time::Instant;

use super::Yagna;
use super::exchange::AgreementState;
use super::state::{State, rfc3339};
use crate::localnet::control::{
    ActivityStatus, AgreementStatus, AppKey, DemandStatus, PaymentStatus, ProviderStatus, Reply, Request,
    Status,
};
use crate::localnet::market::platform::{PaymentNetwork, driver_list};
use crate::localnet::market::properties::SUBNET;

impl Yagna {
    /// The localnet's status.
    pub fn status(&self) -> Status {
        self.state().status()
    }

    /// Answers what needs nothing but the state.
    pub fn control(&self, request: &Request) -> Reply {
        match request {
            Request::AppKeyList => Reply::AppKeys(self.state().app_key_list()),
            Request::AppKeyCreate { name } => self.change(|state| {
                state.app_key(name);
                let made = state.app_key_list().into_iter().filter(|key| key.name == *name);
                Reply::AppKeys(made.collect())
            }),
            Request::PaymentFund { .. } if !self.config().faucet => {
                Reply::Failed("failed to ask the faucet: it does not answer (simulated)".to_owned())
            }
            Request::PaymentFund { network } | Request::PaymentStatus { network } => {
                let found = PaymentNetwork::find(network);
                found.map_or_else(
                    || Reply::Failed(format!("payment network `{network}` does not exist")),
                    |network| Reply::Payment(self.state().payment_status(network)),
                )
            }
            Request::PaymentDriverList => Reply::PaymentDrivers(driver_list()),
            Request::EnterStep { step } => {
                self.enter_step(step);
                Reply::Done
            }
            Request::IdList => Reply::Identity(self.state().identity.clone()),
            Request::Status => Reply::Status(Box::new(self.status())),
            Request::ServiceRun | Request::Stop => Reply::Failed("not a question to yagna".to_owned()),
        }
    }
}

impl State {
    fn app_key_list(&self) -> Vec<AppKey> {
        let mut keys: Vec<_> = self.app_keys.iter().collect();
        keys.sort_by_key(|(_, key)| key.created);
        let listed = |(name, key): (&String, &super::state::AppKey)| AppKey {
            name: name.clone(),
            key: key.key.clone(),
            id: self.identity.clone(),
            created: rfc3339(key.created).trim_end_matches('Z').to_owned(),
        };
        keys.into_iter().map(listed).collect()
    }

    fn payment_status(&self, network: PaymentNetwork) -> PaymentStatus {
        let platform = network.platform();
        PaymentStatus {
            network: network.name.to_owned(),
            token: network.token.to_owned(),
            amount: self.payments.balance(&platform).to_string(),
            reserved: self.payments.reserved(&platform).to_string(),
            platform,
        }
    }

    fn status(&self) -> Status {
        let name = |provider: usize| self.exchange.providers[provider].name.clone();
        let providers = self.exchange.providers.iter().enumerate().map(|(index, provider)| ProviderStatus {
            name: provider.name.clone(),
            id: provider.id(),
            subnet: provider.subnet.clone(),
            busy: self.exchange.agreements_of(index) > 0,
        });
        let demands = self.exchange.demands.values().map(|demand| DemandStatus {
            id: demand.id.clone(),
            subnet: demand
                .properties
                .get(SUBNET)
                .and_then(|subnet| subnet.as_str())
                .unwrap_or_default()
                .to_owned(),
            market: demand.counters,
            rejections: demand.rejections.clone(),
        });
        let agreements = self.exchange.agreements.values().map(|agreement| AgreementStatus {
            id: agreement.id.clone(),
            provider: name(agreement.provider),
            state: agreement_state(agreement.state),
        });
        let activities = self.activities.0.iter().map(|(id, activity)| ActivityStatus {
            id: id.clone(),
            provider: name(activity.provider),
            state: format!("{:?}", activity.shown_state()),
            vpn: activity.place.as_ref().map(|place| place.0.clone()),
            vpn_ip: activity.place.as_ref().map(|place| place.1),
            alive: activity.is_alive(),
        });
        let idle = Instant::now().duration_since(self.market_moved).as_millis();
        Status {
            simulated: true,
            providers: providers.collect(),
            demands: demands.collect(),
            agreements: agreements.collect(),
            activities: activities.collect(),
            market: self.exchange.counters,
            market_idle_for_ms: u64::try_from(idle).unwrap_or(u64::MAX),
            unknown_routes: self.unknown_routes.routes(),
            more_unknown_routes: self.unknown_routes.more(),
        }
    }
}

fn agreement_state(state: AgreementState) -> String {
    format!("{state:?}")
}
