//! What happens to nodes while they run, as the faults of the localnet have it.
//!
//! May import its siblings and `localnet::{exe_unit, market}`. Invariant: every fault happens once at most.

use std::time::{Duration, Instant};

use super::Yagna;
use super::state::State;
use super::work::Activity;
use crate::localnet::market::faults::{Mishap, Moment, NodeFault, Victim};

impl Yagna {
    /// Told when a node has started. With the first one the time of the faults begins that wait for a while.
    pub(super) fn node_started(&self, activity_id: &str) {
        let due = self.change(|state| {
            let activity = state.activities.activity(activity_id).ok()?;
            activity.ready.get_or_insert_with(Instant::now);
            Some(state.take_faults(|when| matches!(when, Moment::After(_))))
        });
        for fault in due.unwrap_or_default() {
            let Moment::After(seconds) = fault.when else { continue };
            let yagna = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(seconds.into())).await;
                yagna.befall(&fault).await;
            });
        }
    }

    /// Told when a walk begins a step.
    pub(super) fn enter_step(&self, step: &str) {
        let due = self.state().take_faults(|when| *when == Moment::At(step.to_owned()));
        for fault in due {
            let yagna = self.clone();
            tokio::spawn(async move { yagna.befall(&fault).await });
        }
    }

    async fn befall(&self, fault: &NodeFault) {
        let victim = self.change(|state| {
            let activity = state.victim(fault.node)?;
            if fault.what == Mishap::Unreachable {
                activity.cut.send_replace(true);
            }
            let address = activity.place.as_ref().map(|place| place.1.to_string()).unwrap_or_default();
            Some((address, activity.node.clone()?))
        });
        let Some((address, node)) = victim else {
            tracing::warn!("no node is there for the fault {:?} (simulated)", fault.what);
            return;
        };
        tracing::info!("the node {address} suffers a fault: {:?} (simulated)", fault.what);
        if fault.what == Mishap::Killed {
            node.terminate().await;
        }
    }
}

impl State {
    /// The faults of these moments, which are not there any more afterwards.
    fn take_faults(&mut self, is_due: impl Fn(&Moment) -> bool) -> Vec<NodeFault> {
        self.faults_to_come.extract_if(.., |fault| is_due(&fault.when)).collect()
    }

    /// The node that a fault is for.
    fn victim(&mut self, victim: Victim) -> Option<&mut Activity> {
        let running = self.activities.0.values_mut().filter(|activity| activity.is_alive());
        let ready = running.filter_map(|activity| Some((activity.ready?, activity)));
        let chosen = match victim {
            Victim::Head => ready.min_by_key(|(since, _)| *since),
            Victim::Worker => ready.max_by_key(|(since, _)| *since),
        };
        chosen.map(|(_, activity)| activity)
    }
}
