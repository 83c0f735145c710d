//! `local`: python3 on this machine, no cluster, content from the real Internet.

use std::time::Duration;

use super::{Invocation, Network, PortHolder, Problem, Workplace, busy_ports, golem};
use crate::error::Result;

/// This machine only.
pub struct Local {
    /// Where commands run.
    pub workplace: Workplace,
    /// URLs that the script downloads.
    pub urls: Vec<String>,
    /// Who holds a port.
    pub port_holder: PortHolder,
}

impl Network for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    fn simulated(&self) -> bool {
        false
    }

    fn preflight(&self) -> Vec<Problem> {
        // No look at ports: without a cluster neither yagna nor ray-on-golem runs, and the Ray of a script takes the next
        // free ports by itself.
        golem::sample_problem(&self.urls).into_iter().collect()
    }

    fn is_ready(&self) -> bool {
        true
    }

    fn start(&mut self) -> Result<()> {
        Ok(())
    }

    fn command(&self, argv: &[String], timeout: Duration, keep_daemons: bool) -> Invocation {
        self.workplace.command(argv, timeout, keep_daemons)
    }

    fn nodes(&self) -> Option<Vec<String>> {
        None
    }

    fn market_idle_for(&self) -> Option<Duration> {
        None
    }

    fn is_listening(&self, port: u16) -> Option<bool> {
        Some((self.port_holder)(port).is_some())
    }

    fn busy_ports(&self) -> Option<Vec<(u16, String)>> {
        Some(busy_ports(&self.port_holder))
    }

    fn processes(&self) -> Option<Vec<String>> {
        None
    }

    fn stop(&mut self) -> Result<()> {
        Ok(())
    }
}
