//! What must be true after a step's commands before it is judged.
//!
//! Invariant: waiting ends with the condition, with its time, or with a signal, and says all the while for what.

use std::time::{Duration, Instant};

use super::attempt::Attempt;
use super::standstill::Silence;
use crate::error::Result;
use crate::event::Event;
use crate::evidence::Exit;
use crate::network::Action;
use crate::tutorial::{Condition, Step};

/// How long one request of a condition may take.
const REQUEST: Duration = Duration::from_secs(10);

/// Asks a URL from where the step's commands run: an answer below 400 ends it with 0. Proxies are not asked.
const ASK: &str = "import sys, urllib.request as r\n\
                   r.build_opener(r.ProxyHandler({})).open(sys.argv[1], timeout=5)";

impl Attempt<'_> {
    /// Looks until the step's condition holds or its time is over, which is then for a check to tell; how it went, as
    /// the step's exit. `last` is the output of the last command, which may be run again.
    pub(super) fn wait_until_ready(
        &mut self,
        step: &Step,
        last: &mut String,
        notes: &mut Vec<String>,
    ) -> Result<Exit> {
        let Some(wait) = &step.wait_for else { return Ok(Exit::Code(0)) };
        let started = Instant::now();
        let (mut shown, mut silence) = (String::new(), Silence::default());
        while let Some(waiting) = self.missing(step, &wait.condition, last)? {
            let elapsed = started.elapsed();
            if self.signals.arrived() {
                return Ok(Exit::Interrupted);
            }
            if let Some(warning) = self.signals.lease().warning() {
                self.sink.event(&Event::Narrated(warning));
            }
            if elapsed >= wait.timeout {
                notes.push(format!("still waiting {waiting} after {} s", wait.timeout.as_secs()));
                let nodes = self.network.nodes().filter(|nodes| !nodes.is_empty());
                if let (Condition::NothingLeft, Some(nodes)) = (&wait.condition, nodes) {
                    notes.push(format!("nodes that are still up: {}", nodes.join(", ")));
                }
                break;
            }
            let limit = format!("(at most {} s)", wait.timeout.as_secs());
            if shown != waiting {
                self.sink.event(&Event::Narrated(format!("waiting {waiting} {limit}")));
                silence.broken(elapsed);
                shown = waiting;
            } else if silence.is_due(elapsed) {
                self.sink.event(&Event::Waited { what: format!("waiting {shown} {limit}"), elapsed });
            }
            std::thread::sleep(self.poll_every);
            if let (Condition::Output(_), Some(argv)) = (&wait.condition, step.run.last()) {
                let again = self.command(step, argv, notes)?;
                *last = again.output;
                if again.exit != Exit::Code(0) {
                    return Ok(again.exit);
                }
            }
        }
        Ok(Exit::Code(0))
    }

    /// What is still missing, in words; none when the condition holds or the network cannot tell.
    fn missing(&mut self, step: &Step, condition: &Condition, last: &str) -> Result<Option<String>> {
        Ok(match condition {
            Condition::Nodes(wanted) => self.network.nodes().and_then(|nodes| {
                let up = nodes.len() as u64;
                (up < *wanted).then(|| format!("for {wanted} nodes, {up} up so far"))
            }),
            Condition::NothingLeft => {
                let left = self.network.processes().unwrap_or_default().len()
                    + self.network.busy_ports().unwrap_or_default().len();
                (left > 0).then(|| "for the last processes to end".to_owned())
            }
            Condition::Port(port) => {
                let listens = self.network.is_listening(*port);
                (listens == Some(false)).then(|| format!("for port {port} to be open"))
            }
            Condition::Output(text) => {
                let has = console::strip_ansi_codes(last).contains(text);
                (!has).then(|| format!("for `{}` to say “{text}”", step.command_line()))
            }
            Condition::Http(url) => (!self.answers(url)?).then(|| format!("for {url} to answer")),
            Condition::File(path) => {
                let folder = self.network.command(&[], REQUEST, false).cwd;
                (!folder.join(path).exists()).then(|| format!("for the file {path}"))
            }
        })
    }

    /// Whether a URL answers a request from where the step's commands run.
    fn answers(&mut self, url: &str) -> Result<bool> {
        let argv = ["python3", "-c", ASK, url].map(str::to_owned);
        let invocation = self.network.command(&argv, REQUEST, self.keep_daemons);
        let signals = self.signals;
        let stop =
            |_: crate::network::Tick<'_>| if signals.arrived() { Action::Stop } else { Action::Continue };
        let ended = self.commands.run(&invocation, &mut { stop })?;
        Ok(ended.exit == Exit::Code(0))
    }
}
