//! The localnet of a project, as a walk uses it: the one that runs already, or one of its own for the walk's time.
//!
//! May import `error` and `localnet`. Invariant: a localnet that somebody else started is used and left as it is.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::{Lifeline, LocalnetControl, LocalnetStatus, PORTS, Workplace};
use crate::error::{Error, Result};
use crate::evidence::Funnel;
use crate::localnet::control::{DemandStatus, MarketCounters};
use crate::localnet::sandbox::inspect;
use crate::localnet::sandbox::ray_nodes::ray_nodes;
use crate::localnet::sandbox::start::decided;
use crate::localnet::sandbox::status::status;
use crate::localnet::{ContentMode, Localnet, UpConfig};

/// The localnet in a project's `.golem-outbound/localnet`.
pub struct ProjectLocalnet {
    workplace: Workplace,
    content: ContentMode,
    providers: Option<PathBuf>,
    faults: Vec<String>,
    running: Option<(Localnet, bool)>,
}

impl ProjectLocalnet {
    /// Not yet started. Where its content comes from is decided now: as the localnet that runs already has it, else as
    /// asked, and `auto` by a look at the Internet.
    pub fn new(
        workplace: Workplace,
        content: ContentMode,
        providers: Option<PathBuf>,
        faults: Vec<String>,
    ) -> Self {
        let dir = workplace.project.join(".golem-outbound").join("localnet");
        let running = status(&dir).ok().and_then(|status| status.content);
        let content = running.unwrap_or_else(|| decided(content));
        Self { workplace, content, providers, faults, running: None }
    }

    fn dir(&self) -> PathBuf {
        self.workplace.project.join(".golem-outbound").join("localnet")
    }

    fn localnet(&self) -> Result<&Localnet> {
        self.running
            .as_ref()
            .map(|(localnet, _)| localnet)
            .ok_or_else(|| Error::internal("failed to use the localnet: it is not up"))
    }
}

impl LocalnetControl for ProjectLocalnet {
    fn up(&mut self) -> Result<()> {
        let dir = self.dir();
        if status(&dir)?.state.is_some() {
            self.running = Some((Localnet::attach(&dir)?, false));
            return Ok(());
        }
        let localnet = Localnet::up(UpConfig {
            dir,
            project: Some(self.workplace.project.clone()),
            venv: Some(self.workplace.venv.clone()),
            providers: self.providers.clone(),
            faults: self.faults.clone(),
            content: self.content,
            lifeline: true,
        })?;
        self.running = Some((localnet, true));
        Ok(())
    }

    fn exec_prefix(&self) -> Vec<OsString> {
        // A walk asks only between `up` and `down`; without a localnet the command fails and says so.
        self.localnet().and_then(Localnet::exec_prefix).unwrap_or_default()
    }

    fn lifeline(&self) -> Option<Lifeline<'_>> {
        self.running.as_ref()?.0.lifeline()
    }

    fn content(&self) -> &'static str {
        if self.content == ContentMode::Live { "live" } else { "mirror" }
    }

    fn left_listening(&self) -> Vec<(u16, String)> {
        let Some(state) = status(&self.dir()).ok().and_then(|status| status.state) else {
            return Vec::new();
        };
        let left = inspect::listeners(&state, &PORTS).into_iter();
        left.map(|listener| (listener.port, listener.to_string())).collect()
    }

    fn left_rented(&self) -> usize {
        let market = status(&self.dir()).ok().and_then(|status| status.market);
        let activities = market.map(|market| market.activities).unwrap_or_default();
        activities.iter().filter(|activity| activity.alive).count()
    }

    fn is_listening(&self, port: u16) -> bool {
        let state = status(&self.dir()).ok().and_then(|status| status.state);
        state.is_some_and(|state| !inspect::listeners(&state, &[port]).is_empty())
    }

    fn status(&self) -> Result<LocalnetStatus> {
        let status = self.localnet()?.status()?;
        let (Some(state), Some(market)) = (status.state, status.market) else {
            return Err(Error::internal("failed to look into the localnet: it has ended"));
        };
        let idle = if market.market_is_exhausted() { market.market_idle_for_ms } else { 0 };
        Ok(LocalnetStatus {
            nodes: ray_nodes(&state).iter().map(ToString::to_string).collect(),
            market_idle_for: Duration::from_millis(idle),
            funnel: funnel(&market.demands),
            busy_ports: inspect::listeners(&state, &PORTS)
                .into_iter()
                .map(|listener| (listener.port, listener.to_string()))
                .collect(),
            processes: inspect::processes(&state),
        })
    }

    fn has_ended(&self) -> bool {
        status(&self.dir()).is_ok_and(|status| status.state.is_none())
    }

    fn enter_step(&self, step: &str) {
        if let Ok(localnet) = self.localnet() {
            // A walk without faults misses nothing; one with them shows that none has happened.
            let _ = localnet.enter_step(step);
        }
    }

    fn down(&mut self) -> Result<()> {
        match self.running.take() {
            Some((localnet, true)) => localnet.down(),
            Some((_, false)) | None => Ok(()),
        }
    }
}

/// The counts of all demands that are out, in the words of `ray-on-golem network-stats`. The price limits are applied by
/// the requestor, between the first two counts.
fn funnel(demands: &[DemandStatus]) -> Funnel {
    let sum = |count: fn(&MarketCounters) -> u64| demands.iter().map(|demand| count(&demand.market)).sum();
    let mut rejections: BTreeMap<&String, u64> = BTreeMap::new();
    for (reason, count) in demands.iter().flat_map(|demand| &demand.rejections) {
        *rejections.entry(reason).or_default() += count;
    }
    Funnel {
        counts: vec![
            ("Initial".into(), sum(|market| market.initial_proposals)),
            ("Negotiation initialized".into(), sum(|market| market.counter_proposals)),
            ("Negotiated successfully".into(), sum(|market| market.accepted)),
        ],
        rejections: rejections.into_iter().map(|(reason, count)| (reason.clone(), count)).collect(),
    }
}
