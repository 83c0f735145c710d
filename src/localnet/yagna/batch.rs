//! Carrying out an ExeScript on the activity's node.
//!
//! May import `localnet::{exe_unit, market}`. Invariant: results appear in order, the first error ends the batch, and the
//! last result says that the batch is finished.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Yagna;
use super::exchange::Refusal;
use super::exe_script::{Command, DeployNet};
use super::state::{State, new_id, now, rfc3339};
use super::work::ActivityState;
use crate::localnet::exe_unit::{Node, NodeSpec, RunOutput};
use crate::localnet::market::provider::Fault;

/// What a command left behind: stdout and stderr, or why it failed.
type Outcome = Result<(Option<String>, Option<String>), Failure>;

struct Failure {
    message: String,
    stdout: Option<String>,
    stderr: Option<String>,
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self { message, stdout: None, stderr: None }
    }
}

impl Yagna {
    /// Starts a batch and returns its id.
    pub(super) fn start_batch(&self, activity_id: &str, script: Vec<Command>) -> Result<String, Refusal> {
        let batch_id = new_id();
        self.change(|state| {
            let activity = state.activities.activity(activity_id)?;
            if activity.state == ActivityState::Terminated {
                return Err(Refusal::Gone(format!("Activity {activity_id} is terminated.")));
            }
            activity.batches.insert(batch_id.clone(), Vec::new());
            Ok(())
        })?;
        let (yagna, activity_id, batch) = (self.clone(), activity_id.to_owned(), batch_id.clone());
        tokio::spawn(async move { yagna.run_batch(&activity_id, &batch, script).await });
        Ok(batch_id)
    }

    async fn run_batch(&self, activity_id: &str, batch_id: &str, script: Vec<Command>) {
        let Ok(turn) = self.state().activities.activity(activity_id).map(|activity| activity.turn.clone())
        else {
            return;
        };
        let _turn = turn.lock().await;
        let last = script.len().saturating_sub(1);
        for (index, command) in script.into_iter().enumerate() {
            let outcome = self.run_command(activity_id, command).await;
            let failed = outcome.is_err();
            let result = result_json(index, outcome, failed || index == last);
            self.change(|state| {
                if let Ok(activity) = state.activities.activity(activity_id) {
                    activity.batches.entry(batch_id.to_owned()).or_default().push(result);
                }
            });
            if failed {
                return;
            }
        }
    }

    async fn run_command(&self, activity_id: &str, command: Command) -> Outcome {
        match command {
            Command::Deploy(net) => self.deploy(activity_id, net).await,
            Command::Start => {
                self.node(activity_id)?.start().await.map_err(|error| error.to_string())?;
                self.enter(activity_id, ActivityState::Ready);
                self.node_started(activity_id);
                Ok((None, None))
            }
            Command::Run { program, args } => {
                let output = self.node(activity_id)?.run(program, args).await;
                run_outcome(output.map_err(|error| error.to_string())?)
            }
            Command::Terminate => {
                let node = self.change(|state| state.end_activity(activity_id));
                if let Ok(Some(node)) = node {
                    node.terminate().await;
                }
                Ok((None, None))
            }
        }
    }

    async fn deploy(&self, activity_id: &str, net: Option<DeployNet>) -> Outcome {
        let net = net.ok_or_else(|| "a simulated node needs a VPN: `deploy` without `net`".to_owned())?;
        let spec = self.node_spec(activity_id, &net)?;
        if self.hangs(activity_id) {
            return Err(self.hang(activity_id).await.into());
        }
        let node = self.shared.exe_unit.deploy(spec).await.map_err(|error| error.to_string())?;
        let place = (net.network, net.ip);
        let kept = self.change(|state| {
            let activity = state.activities.activity(activity_id).ok()?;
            if activity.state != ActivityState::Initialized {
                return None;
            }
            activity.state = ActivityState::Deployed;
            activity.place = Some(place);
            activity.node = Some(node.clone());
            Some(())
        });
        if kept.is_none() {
            // The activity was ended while its node was being made, or deploys twice.
            node.terminate().await;
            return Err(format!("activity {activity_id} cannot be deployed any more").into());
        }
        Ok((Some(json!({"valid": {"Ok": ""}, "vols": []}).to_string()), None))
    }

    fn hangs(&self, activity_id: &str) -> bool {
        let mut state = self.state();
        let provider = state.activities.activity(activity_id).map(|activity| activity.provider);
        provider.is_ok_and(|provider| state.exchange.providers[provider].has(Fault::DeployHangs))
    }

    /// Goes on until the requestor has lost its patience and ended the activity; why there is no node.
    async fn hang(&self, activity_id: &str) -> String {
        let mut changed = self.shared.changed.subscribe();
        let over = |state: &mut State| {
            let activity = state.activities.activity(activity_id);
            activity.is_err() || activity.is_ok_and(|activity| activity.state == ActivityState::Terminated)
        };
        while !over(&mut self.state()) && changed.changed().await.is_ok() {}
        "Deployment was given up: simulated fault `deploy_hangs` of this provider".to_owned()
    }

    fn node_spec(&self, activity_id: &str, net: &DeployNet) -> Result<NodeSpec, String> {
        let mut state = self.state();
        let activity =
            state.activities.activity(activity_id).map_err(|_| "the activity is gone".to_owned())?;
        let (agreement_id, provider) = (activity.agreement_id.clone(), activity.provider);
        let agreement =
            state.exchange.agreement(&agreement_id).map_err(|_| "the agreement is gone".to_owned())?;
        let provider = &state.exchange.providers[provider];
        if provider.has(Fault::DeployFails) {
            return Err("Deployment failed: simulated fault `deploy_fails` of this provider".to_owned());
        }
        Ok(NodeSpec {
            activity_id: activity_id.to_owned(),
            provider_name: provider.name.clone(),
            vpn: net.network.clone(),
            vpn_ip: net.ip,
            vpn_prefix: net.prefix,
            cpu_threads: provider.cpu_threads,
            mem_gib: provider.mem_gib,
            outbound: agreement.outbound(),
        })
    }

    fn node(&self, activity_id: &str) -> Result<Arc<dyn Node>, String> {
        let mut state = self.state();
        let activity =
            state.activities.activity(activity_id).map_err(|_| "the activity is gone".to_owned())?;
        activity.node.clone().ok_or_else(|| "the activity has no node: `deploy` comes first".to_owned())
    }

    fn enter(&self, activity_id: &str, entered: ActivityState) {
        self.change(|state| {
            if let Ok(activity) = state.activities.activity(activity_id)
                && activity.state != ActivityState::Terminated
            {
                activity.state = entered;
            }
        });
    }
}

fn run_outcome(output: RunOutput) -> Outcome {
    let text = |bytes: Vec<u8>| Some(String::from_utf8_lossy(&bytes).into_owned());
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    if output.code == 0 {
        return Ok((stdout, stderr));
    }
    // The exe-unit's own words for a command that ended badly.
    let message = format!("ExeScript command exited with code {}", output.code);
    Err(Failure { message, stdout, stderr })
}

fn result_json(index: usize, outcome: Outcome, finished: bool) -> Value {
    let (result, stdout, stderr, message) = match outcome {
        Ok((stdout, stderr)) => ("Ok", stdout, stderr, None),
        Err(Failure { message, stdout, stderr }) => ("Error", stdout, stderr, Some(message)),
    };
    json!({
        "index": index,
        "eventDate": rfc3339(now()),
        "result": result,
        "stdout": stdout,
        "stderr": stderr,
        "message": message,
        "isBatchFinished": finished,
    })
}
