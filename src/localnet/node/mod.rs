//! Nodes: what a provider's exe-unit and runtime make of an activity, as namespaces inside the sandbox.
//!
//! May import `error` and `localnet::{exe_unit, sandbox}`. Invariant: everything of a node ends with its init, and the
//! requestor's namespaces have no interface that leads to it.

pub mod agent;
pub mod deployed;
pub mod etc;
pub mod netns;
pub mod protocol;
pub mod root;
pub mod service;
pub mod stage;
pub mod venv;
pub mod vpn;

use std::any::Any;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use super::exe_unit::{Boxed, ExeUnit, Node, NodeSpec, RuntimeError};
use crate::error::Result;
use deployed::DeployedNode;
use vpn::Vpns;

/// Attaches a node's egress to its network namespace: the value returned is held for the node's life.
pub type AttachEgress = Arc<
    dyn Fn(OwnedFd, NodeSpec) -> Boxed<'static, std::io::Result<Box<dyn Any + Send + Sync>>> + Send + Sync,
>;

/// What all nodes have in common.
#[derive(Clone)]
pub struct NodesConfig {
    /// This program's file, as the sandbox sees it.
    pub program: PathBuf,
    /// The project's virtual environment, whose packages the nodes share.
    pub venv: PathBuf,
    /// Certificate authorities that nodes trust in place of the usual ones, if the file exists.
    pub ca_bundle: Option<PathBuf>,
    /// How a node reaches what it may reach; without it, a node has the VPN alone.
    pub egress: Option<AttachEgress>,
}

/// Makes nodes. Lives inside the sandbox.
pub struct Nodes {
    config: NodesConfig,
    vpns: Arc<Vpns>,
}

impl Nodes {
    /// Sees whether this machine can have the networks that nodes see each other over; no node yet.
    pub fn new(config: NodesConfig) -> Result<Self> {
        let vpns = Arc::new(Vpns::default());
        vpns.try_one()?;
        Ok(Self { config, vpns })
    }
}

impl ExeUnit for Nodes {
    fn deploy(&self, spec: NodeSpec) -> Boxed<'_, std::result::Result<Arc<dyn Node>, RuntimeError>> {
        Box::pin(async move {
            let node = DeployedNode::deploy(&self.config, Arc::clone(&self.vpns), spec).await;
            let node = node.map_err(|error| RuntimeError(error.message().to_owned()))?;
            Ok(Arc::new(node) as Arc<dyn Node>)
        })
    }
}
