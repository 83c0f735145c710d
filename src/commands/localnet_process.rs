//! `golem-outbound __localnet`: the localnet's own processes, and a node to look at.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::io::AsyncReadExt;

use crate::error::{Error, Result};
use crate::localnet::exe_unit::{ExeUnit, Node, NodeSpec, OutboundAccess, RunOutput, RuntimeError};
use crate::localnet::node::{Nodes, NodesConfig, service, stage};
use crate::localnet::sandbox::{config::SandboxConfig, keeper, support};
use crate::localnet::supervisor;

/// The VPN of the nodes to look at.
const VPN: &str = "try-node";

/// Arguments of `__localnet`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    process: Process,
}

#[derive(Debug, clap::Subcommand)]
enum Process {
    /// The process that stays in the machine's network.
    Keeper {
        #[arg(long)]
        dir: PathBuf,
        /// Stdin is a pipe whose end is the keeper's end.
        #[arg(long)]
        lifeline: bool,
    },
    /// Pid 1 of the sandbox.
    Supervisor {
        #[arg(long)]
        dir: PathBuf,
    },
    /// The first process of a node.
    Node {
        #[arg(long)]
        plan: String,
    },
    /// `service` on a node.
    Service { name: String, action: String },
    /// Whether namespaces can be had: one line of JSON.
    Trial,
    /// A node of its own for one command, to be run inside the sandbox (`localnet exec`).
    TryNode(TryNode),
}

#[derive(Debug, clap::Args)]
struct TryNode {
    #[arg(long)]
    dir: PathBuf,
    /// Afterwards connect to this port over the VPN, as the requestor would, and print the first bytes.
    #[arg(long)]
    connect: Option<u16>,
    /// A second node beside it, 192.168.0.4, whose SSH service runs.
    #[arg(long)]
    peer: bool,
    /// The same, but in another VPN.
    #[arg(long, conflicts_with = "peer")]
    stranger: bool,
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// Runs it.
pub fn run(args: Args) -> Result<ExitCode> {
    match args.process {
        Process::Keeper { dir, lifeline } => keeper::keep(&dir, lifeline),
        Process::Supervisor { dir } => supervisor::supervise(&dir),
        Process::Node { plan } => stage::run(&plan),
        Process::Service { name, action } => service::command(&name, &action),
        Process::Trial => {
            let trial = serde_json::to_string(&support::try_here());
            println!("{}", trial.map_err(|e| Error::internal(e.to_string()))?);
            Ok(ExitCode::SUCCESS)
        }
        Process::TryNode(trial) => try_node(trial),
    }
}

fn try_node(trial: TryNode) -> Result<ExitCode> {
    let config = SandboxConfig::read(&trial.dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|e| Error::internal(format!("failed to start the runtime: {e}")))?;
    let ca_bundle = Some(config.ca_bundle());
    let output = runtime.block_on(async {
        let nodes = NodesConfig { program: config.program, venv: config.venv, ca_bundle, egress: None };
        let nodes = Nodes::new(nodes).map_err(|error| RuntimeError(error.message().into()))?;
        run_on_node(&nodes, trial).await
    });
    let output = output.map_err(|error| Error::machine(error.0))?;
    let written = std::io::Write::write_all(&mut std::io::stdout(), &output.stdout)
        .and_then(|()| std::io::Write::write_all(&mut std::io::stderr(), &output.stderr));
    written.map_err(|e| Error::io("write to", "the terminal", e))?;
    Ok(ExitCode::from(u8::try_from(output.code).unwrap_or(70)))
}

async fn run_on_node(nodes: &Nodes, trial: TryNode) -> std::result::Result<RunOutput, RuntimeError> {
    let (node, peer) = if trial.peer || trial.stranger {
        let vpn = if trial.stranger { "another" } else { VPN };
        let (node, peer) = tokio::try_join!(boot(nodes, VPN, 3), boot(nodes, vpn, 4))?;
        peer.run("service".into(), vec!["ssh".into(), "start".into()]).await?;
        (node, Some(peer))
    } else {
        (boot(nodes, VPN, 3).await?, None)
    };
    let mut words = trial.command.into_iter();
    let program = words.next().unwrap_or_default();
    let output = node.run(program, words.collect()).await;
    let heard = match trial.connect {
        Some(port) => hear(&*node, port).await,
        None => Ok(Vec::new()),
    };
    for node in [Some(node), peer].into_iter().flatten() {
        node.terminate().await;
        if node.is_alive() {
            return Err(RuntimeError("the node outlived its termination".into()));
        }
    }
    let mut output = output?;
    let heard = heard.map_err(|e| RuntimeError(format!("failed to connect to the node: {e}")))?;
    output.stdout.extend(heard);
    Ok(output)
}

async fn boot(nodes: &Nodes, vpn: &str, number: u8) -> std::result::Result<Arc<dyn Node>, RuntimeError> {
    let node = nodes
        .deploy(NodeSpec {
            activity_id: format!("try-node-{number}"),
            provider_name: "try-node".into(),
            vpn: vpn.to_owned(),
            vpn_ip: Ipv4Addr::new(192, 168, 0, number),
            vpn_prefix: 16,
            cpu_threads: 1,
            mem_gib: 1.0,
            outbound: OutboundAccess::None,
        })
        .await?;
    node.start().await?;
    Ok(node)
}

async fn hear(node: &dyn Node, port: u16) -> std::io::Result<Vec<u8>> {
    let mut heard = vec![0; 256];
    let length = node.connect(port).await?.read(&mut heard).await?;
    heard.truncate(length);
    Ok(heard)
}
