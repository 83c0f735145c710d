//! Activities: created under an agreement, billed while they last, ended once.
//!
//! May import `localnet::{exe_unit, market}`. Invariant: an activity's node is taken out of it exactly once, to be ended.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::Yagna;
use super::exchange::{AgreementState, Refusal, Terminator};
use super::payment::Bill;
use super::state::{State, new_id};
use crate::localnet::exe_unit::Node;
use crate::localnet::market::Glm;
use crate::localnet::market::pricing::Usage;
use crate::localnet::market::properties::{DEBIT_NOTE_ACCEPT_TIMEOUT, DEBIT_NOTE_INTERVAL, PAYMENT_TIMEOUT};

/// Where an activity stands, in yagna's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActivityState {
    Initialized,
    Deployed,
    Ready,
    Terminated,
}

/// An activity.
pub(crate) struct Activity {
    pub agreement_id: String,
    pub provider: usize,
    pub state: ActivityState,
    pub node: Option<Arc<dyn Node>>,
    /// The VPN and the address that `deploy` named.
    pub place: Option<(String, Ipv4Addr)>,
    /// When its node was ready.
    pub ready: Option<Instant>,
    /// Whether nothing gets to its node any more.
    pub cut: watch::Sender<bool>,
    /// Results of every batch, in order, and whether it is finished.
    pub batches: BTreeMap<String, Vec<Value>>,
    /// Batches of one activity run one after the other.
    pub turn: Arc<tokio::sync::Mutex<()>>,
    started: Instant,
    ended: Option<Instant>,
}

impl Activity {
    /// The counters so far.
    pub fn usage(&self) -> Usage {
        Usage::after(self.ended.unwrap_or_else(Instant::now).duration_since(self.started))
    }

    /// Whether there is a node and it lives.
    pub fn is_alive(&self) -> bool {
        self.node.as_ref().is_some_and(|node| node.is_alive())
    }

    /// The state as the API shows it: a node that died is a terminated activity.
    pub fn shown_state(&self) -> ActivityState {
        if self.node.is_some() && !self.is_alive() { ActivityState::Terminated } else { self.state }
    }
}

/// All activities by id.
#[derive(Default)]
pub(crate) struct Activities(pub BTreeMap<String, Activity>);

impl Activities {
    /// An activity.
    pub fn activity(&mut self, id: &str) -> Result<&mut Activity, Refusal> {
        let unknown = || format!("DAO error: Not found: agreement id for activity: {id}");
        self.0.get_mut(id).ok_or_else(|| Refusal::Failed(unknown()))
    }

    /// The activity whose node has an address in a VPN.
    pub fn at(&self, network: &str, ip: Ipv4Addr) -> Option<&Activity> {
        let here = |activity: &&Activity| {
            activity.is_alive()
                && activity.place.as_ref().is_some_and(|place| place.0 == network && place.1 == ip)
        };
        self.0.values().find(here)
    }
}

impl State {
    /// Creates an activity under an approved agreement.
    pub fn create_activity(&mut self, agreement_id: &str) -> Result<String, Refusal> {
        if !agreement_id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let text = format!("Service error: Id [{agreement_id}] contains non hexadecimal characters.");
            return Err(Refusal::Failed(text));
        }
        // One that nobody has confirmed is nobody's yet.
        let agreement = self.exchange.agreement(agreement_id).ok();
        let agreement = agreement.filter(|agreement| agreement.state != AgreementState::Proposal);
        let agreement = agreement.ok_or_else(|| Refusal::NotFound(format!("Not found: {agreement_id}")))?;
        if agreement.state != AgreementState::Approved {
            return Err(Refusal::Invalid(format!(
                "Bad request: Agreement {agreement_id} is not Approved. Current state: {:?}",
                agreement.state
            )));
        }
        let activity = Activity {
            agreement_id: agreement_id.to_owned(),
            provider: agreement.provider,
            state: ActivityState::Initialized,
            node: None,
            place: None,
            ready: None,
            cut: watch::Sender::new(false),
            batches: BTreeMap::new(),
            turn: Arc::default(),
            started: Instant::now(),
            ended: None,
        };
        let id = new_id();
        self.activities.0.insert(id.clone(), activity);
        Ok(id)
    }

    /// Ends an activity and hands out its node, the first time.
    pub fn end_activity(&mut self, id: &str) -> Result<Option<Arc<dyn Node>>, Refusal> {
        let activity = self.activities.activity(id)?;
        activity.state = ActivityState::Terminated;
        activity.ended.get_or_insert_with(Instant::now);
        Ok(activity.node.take())
    }

    /// How often the provider of an activity sends debit notes, as agreed.
    pub fn debit_note_interval(&self, activity_id: &str) -> Option<Duration> {
        let activity = self.activities.0.get(activity_id)?;
        let agreement = self.exchange.agreement(&activity.agreement_id).ok()?;
        let seconds = agreement.terms().get(DEBIT_NOTE_INTERVAL)?.as_u64()?;
        Some(Duration::from_secs(seconds.max(1)))
    }

    /// Sends a debit note for a running activity; its id, none when it is over. A node that died by itself has ended its
    /// activity: a provider does not bill a machine that is gone.
    pub fn send_debit_note(&mut self, activity_id: &str) -> Option<String> {
        let activity = self.activities.0.get_mut(activity_id)?;
        if activity.shown_state() == ActivityState::Terminated {
            activity.ended.get_or_insert_with(Instant::now);
        }
        let agreement = self.exchange.agreement(&activity.agreement_id).ok()?;
        if activity.ended.is_some() {
            return None;
        }
        let (provider, usage) = (&self.exchange.providers[activity.provider], activity.usage());
        let bill = Bill {
            agreement_id: &agreement.id,
            platform: agreement.platform(),
            provider_id: &provider.id(),
            app_session_id: agreement.app_session_id.as_deref(),
            amount: provider.pricing().amount(usage),
        };
        let due = agreement.terms().get(PAYMENT_TIMEOUT).and_then(Value::as_i64);
        let due = due.map(time::Duration::seconds);
        Some(self.payments.debit(&bill, activity_id, usage, &self.identity, due))
    }

    /// How long the requestor has for accepting a debit note of an activity, as agreed.
    fn acceptance_deadline(&self, activity_id: &str) -> Option<Duration> {
        let activity = self.activities.0.get(activity_id)?;
        let agreement = self.exchange.agreement(&activity.agreement_id).ok()?;
        Some(Duration::from_secs(agreement.terms().get(DEBIT_NOTE_ACCEPT_TIMEOUT)?.as_u64()?))
    }

    /// Ends the agreement of an activity that still runs if its debit note was not accepted
    /// (`agent/provider/src/payments/payments.rs`).
    fn break_unpaid(&mut self, activity_id: &str, debit_note_id: &str) -> Vec<Arc<dyn Node>> {
        let running = self.activities.0.get(activity_id).filter(|activity| activity.ended.is_none());
        let agreement = running.map(|activity| activity.agreement_id.clone());
        match agreement {
            Some(agreement) if !self.payments.is_accepted(debit_note_id) => {
                tracing::info!("a provider ends its agreement: a debit note was not accepted (simulated)");
                let reason = json!({"message": "DebitNote deadline elapsed", "golem.provider.code": "DebitNotesDeadline"});
                self.end_agreement(&agreement, Terminator::Provider, Some(reason)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// Ends an agreement: its activities end, their nodes are handed out, and the provider sends its invoice, also for
    /// an agreement that was never approved, because the requestor waits for one.
    pub fn end_agreement(
        &mut self,
        id: &str,
        by: Terminator,
        reason: Option<Value>,
    ) -> Result<Vec<Arc<dyn Node>>, Refusal> {
        let ended = self.exchange.terminate(id, by, reason);
        let of_agreement = |activity: &Activity| activity.agreement_id == id;
        let ids = self.activities.0.iter().filter(|(_, activity)| of_agreement(activity));
        let ids: Vec<String> = ids.map(|(id, _)| id.clone()).collect();
        let nodes = ids.iter().filter_map(|id| self.end_activity(id).ok().flatten()).collect();
        let agreement = self.exchange.agreement(id)?;
        let provider = &self.exchange.providers[agreement.provider];
        let amounts = ids.iter().map(|id| provider.pricing().amount(self.activities.0[id].usage()));
        let bill = Bill {
            agreement_id: id,
            platform: agreement.platform(),
            provider_id: &provider.id(),
            app_session_id: agreement.app_session_id.as_deref(),
            amount: amounts.fold(Glm::ZERO, Glm::plus),
        };
        if !self.payments.is_invoiced(id) {
            self.payments.invoice(&bill, &ids, &self.identity);
        }
        self.forget_past();
        ended.map(|()| nodes)
    }
}

impl Yagna {
    /// Sends debit notes as agreed for as long as the activity lasts.
    pub(super) fn bill_activity(&self, activity_id: String) {
        let Some(interval) = self.state().debit_note_interval(&activity_id) else { return };
        let yagna = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(interval).await;
                let Some(note) = yagna.change(|state| state.send_debit_note(&activity_id)) else { return };
                yagna.expect_acceptance(activity_id.clone(), note);
            }
        });
    }

    fn expect_acceptance(&self, activity_id: String, note: String) {
        let Some(deadline) = self.state().acceptance_deadline(&activity_id) else { return };
        let yagna = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(deadline).await;
            let nodes = yagna.change(|state| state.break_unpaid(&activity_id, &note));
            yagna.end_nodes(nodes);
        });
    }

    /// Ends nodes; whoever asked for it does not wait.
    pub(super) fn end_nodes(&self, nodes: impl IntoIterator<Item = Arc<dyn Node>>) {
        for node in nodes {
            tokio::spawn(async move { node.terminate().await });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::localnet::exe_unit::{Boxed, RunOutput, RuntimeError};
    use crate::localnet::market::provider::{DEFAULT_PROVIDERS, Provider};
    use crate::localnet::yagna::YagnaConfig;
    use crate::localnet::yagna::exchange::tests::{accept_all, approved, draft};
    use crate::localnet::yagna::payment::NoteKind;

    /// A node that is only alive or not.
    struct Machine(AtomicBool);

    impl Node for Machine {
        fn start(&self) -> Boxed<'_, Result<(), RuntimeError>> {
            unreachable!("nothing runs on it")
        }
        fn run(&self, _: String, _: Vec<String>) -> Boxed<'_, Result<RunOutput, RuntimeError>> {
            unreachable!("nothing runs on it")
        }
        fn connect(&self, _: u16) -> Boxed<'_, std::io::Result<tokio::net::TcpStream>> {
            unreachable!("nothing runs on it")
        }
        fn is_alive(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
        fn ended(&self) -> Boxed<'static, ()> {
            unreachable!("nobody waits for it")
        }
        fn terminate(&self) -> Boxed<'_, ()> {
            unreachable!("nobody ends it")
        }
    }

    #[test]
    fn a_node_that_died_by_itself_is_not_billed_any_more() {
        let providers = Provider::list(DEFAULT_PROVIDERS, "providers.yaml").unwrap();
        let mut state = State::new(&YagnaConfig::new(providers, accept_all()));
        let (_, draft) = draft(&mut state.exchange);
        let agreement = approved(&mut state.exchange, &draft);
        let id = state.create_activity(&agreement).unwrap();
        let machine = Arc::new(Machine(AtomicBool::new(true)));
        state.activities.activity(&id).unwrap().node = Some(machine.clone());

        assert!(state.send_debit_note(&id).is_some());
        machine.0.store(false, Ordering::Relaxed);
        assert!(state.send_debit_note(&id).is_none());
        assert_eq!(state.payments.notes(NoteKind::Debit).as_array().unwrap().len(), 1);
        let usage = state.activities.activity(&id).unwrap().usage();
        assert_eq!(usage, state.activities.activity(&id).unwrap().usage(), "the counters stand still");
    }
}
