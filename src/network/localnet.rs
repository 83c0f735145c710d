//! `localnet`: the emulated Golem Network; whatever comes from it is `simulated`.

use std::ffi::OsString;
use std::time::Duration;

use super::golem::sample_problem;
use super::{Invocation, Lifeline, Network, PROGRAM, Problem, Workplace};
use crate::error::Result;
use crate::evidence::Funnel;

/// The catalogue of known failures has a hint for it.
const ENDED: &str = "the localnet (simulated) has ended during the walk; its log: \
                     `.golem-outbound/localnet/log/localnet.log`";

/// What the walk asks of a localnet.
pub trait LocalnetControl {
    /// Starts it. The project's virtual environment exists by then.
    ///
    /// # Errors
    /// Why it could not start; nothing of it remains then.
    fn up(&mut self) -> Result<()>;

    /// The words before a command that bring it into the requestor's machine.
    fn exec_prefix(&self) -> Vec<OsString>;

    /// What keeps it alive if it was started for this walk.
    fn lifeline(&self) -> Option<Lifeline<'_>> {
        None
    }

    /// Where its downloads come from: `mirror` or `live`. Decided before it starts.
    fn content(&self) -> &'static str;

    /// Ports of the walk that are taken in it before the walk has begun, with their holders.
    fn left_listening(&self) -> Vec<(u16, String)>;

    /// How many nodes are rented in it before the walk has begun.
    fn left_rented(&self) -> usize;

    /// Whether somebody listens on this port of its requestor's machine.
    fn is_listening(&self, port: u16) -> bool;

    /// What is to be seen in it.
    ///
    /// # Errors
    /// It does not answer.
    fn status(&self) -> Result<LocalnetStatus>;

    /// Tells it that the walk begins a step, for faults that wait for it.
    fn enter_step(&self, step: &str);

    /// Whether it has ended since it was started.
    fn has_ended(&self) -> bool;

    /// Ends it and everything in it.
    ///
    /// # Errors
    /// What could not be ended.
    fn down(&mut self) -> Result<()>;
}

impl<L: LocalnetControl + ?Sized> LocalnetControl for Box<L> {
    fn up(&mut self) -> Result<()> {
        (**self).up()
    }

    fn exec_prefix(&self) -> Vec<OsString> {
        (**self).exec_prefix()
    }

    fn lifeline(&self) -> Option<Lifeline<'_>> {
        (**self).lifeline()
    }

    fn content(&self) -> &'static str {
        (**self).content()
    }

    fn left_listening(&self) -> Vec<(u16, String)> {
        (**self).left_listening()
    }

    fn left_rented(&self) -> usize {
        (**self).left_rented()
    }

    fn is_listening(&self, port: u16) -> bool {
        (**self).is_listening(port)
    }

    fn status(&self) -> Result<LocalnetStatus> {
        (**self).status()
    }

    fn enter_step(&self, step: &str) {
        (**self).enter_step(step);
    }

    fn has_ended(&self) -> bool {
        (**self).has_ended()
    }

    fn down(&mut self) -> Result<()> {
        (**self).down()
    }
}

/// What is to be seen in a localnet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalnetStatus {
    /// VPN addresses of the nodes on which Ray runs.
    pub nodes: Vec<String>,
    /// How long the market has been silent.
    pub market_idle_for: Duration,
    /// What became of the offers for the demands that are out.
    pub funnel: Funnel,
    /// Ports of the walk that are taken on the requestor's machine.
    pub busy_ports: Vec<(u16, String)>,
    /// Processes on the requestor's machine and on nodes, without the localnet's own.
    pub processes: Vec<String>,
}

/// The emulated network as a network of the walk.
pub struct EmulatedNetwork<L> {
    workplace: Workplace,
    /// URLs that the script downloads.
    urls: Vec<String>,
    localnet: L,
    is_up: bool,
}

impl<L: LocalnetControl> EmulatedNetwork<L> {
    /// Not yet started. `urls` are the script's downloads.
    pub fn new(workplace: Workplace, urls: Vec<String>, localnet: L) -> Self {
        Self { workplace, urls, localnet, is_up: false }
    }

    fn status(&self) -> Option<LocalnetStatus> {
        self.is_up.then(|| self.localnet.status().ok()).flatten()
    }
}

impl<L: LocalnetControl> Network for EmulatedNetwork<L> {
    fn name(&self) -> &'static str {
        "localnet"
    }

    fn simulated(&self) -> bool {
        true
    }

    fn content(&self) -> Option<String> {
        Some(match self.localnet.content() {
            "mirror" => "mirror (simulated)".to_owned(),
            other => format!("{other}, from the Internet through the simulated providers' filter"),
        })
    }

    fn preflight(&self) -> Vec<Problem> {
        // Ports of the machine do not matter: the localnet's requestor has a loopback of its own. But a localnet that
        // runs already may hold what `localnet exec` has left there.
        let rented = self.localnet.left_rented();
        let cluster = (rented > 0).then(|| Problem {
            what: format!(
                "a cluster is still up in the running localnet (simulated): {rented} {} rented",
                if rented == 1 { "node is" } else { "nodes are" }
            ),
            command: "take it down: `golem-outbound localnet exec -- ray down golem-cluster.yaml --yes`, then \
                      `golem-outbound localnet exec -- ray-on-golem stop --force --kill`; or end everything in it: \
                      `golem-outbound localnet down`"
                .into(),
            blocks: true,
        });
        // The ports are the cluster's own then.
        let left = if rented > 0 { Vec::new() } else { self.localnet.left_listening() };
        let left = left.into_iter().map(|(port, holder)| Problem {
            what: format!("port {port} is taken inside the running localnet by {holder}"),
            command: "end everything in it: `golem-outbound localnet down`; or only a cluster: \
                      `golem-outbound localnet exec -- ray-on-golem stop --force --kill`"
                .into(),
            blocks: true,
        });
        let sample = (self.localnet.content() == "live").then(|| sample_problem(&self.urls)).flatten();
        cluster.into_iter().chain(left).chain(sample).collect()
    }

    fn is_ready(&self) -> bool {
        self.is_up
    }

    fn start(&mut self) -> Result<()> {
        if !self.is_up {
            self.localnet.up()?;
            self.is_up = true;
        }
        Ok(())
    }

    /// Our own commands stay on the machine, because they mend it and reach the package registries; all others
    /// run on the emulated requestor.
    fn command(&self, argv: &[String], timeout: Duration, keep_daemons: bool) -> Invocation {
        let mut invocation = self.workplace.command(argv, timeout, keep_daemons);
        if self.is_up && argv.first().is_some_and(|program| program != PROGRAM) {
            invocation.argv = self.localnet.exec_prefix().into_iter().chain(invocation.argv).collect();
        }
        invocation
    }

    fn lifeline(&self) -> Option<Lifeline<'_>> {
        self.localnet.lifeline()
    }

    fn ended(&self) -> Option<String> {
        (self.is_up && self.localnet.has_ended()).then(|| ENDED.to_owned())
    }

    fn nodes(&self) -> Option<Vec<String>> {
        self.status().map(|status| status.nodes)
    }

    fn market_idle_for(&self) -> Option<Duration> {
        self.status().map(|status| status.market_idle_for)
    }

    fn funnel(&self) -> Option<Funnel> {
        self.status().map(|status| status.funnel)
    }

    fn is_listening(&self, port: u16) -> Option<bool> {
        self.is_up.then(|| self.localnet.is_listening(port))
    }

    fn busy_ports(&self) -> Option<Vec<(u16, String)>> {
        self.status().map(|status| status.busy_ports)
    }

    fn processes(&self) -> Option<Vec<String>> {
        self.status().map(|status| status.processes)
    }

    fn enter_step(&self, step: &str) {
        if self.is_up {
            self.localnet.enter_step(step);
        }
    }

    fn stop(&mut self) -> Result<()> {
        if std::mem::take(&mut self.is_up) { self.localnet.down() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scripted {
        content: &'static str,
        left: Vec<(u16, String)>,
        rented: usize,
        ended: bool,
    }

    impl LocalnetControl for Scripted {
        fn up(&mut self) -> Result<()> {
            Ok(())
        }
        fn exec_prefix(&self) -> Vec<OsString> {
            vec!["enter".into(), "--".into()]
        }
        fn content(&self) -> &'static str {
            self.content
        }
        fn left_listening(&self) -> Vec<(u16, String)> {
            self.left.clone()
        }
        fn left_rented(&self) -> usize {
            self.rented
        }
        fn is_listening(&self, port: u16) -> bool {
            self.left.iter().any(|(taken, _)| *taken == port)
        }
        fn status(&self) -> Result<LocalnetStatus> {
            Ok(LocalnetStatus { nodes: vec!["192.168.0.3".into()], ..LocalnetStatus::default() })
        }
        fn enter_step(&self, _: &str) {}
        fn has_ended(&self) -> bool {
            self.ended
        }
        fn down(&mut self) -> Result<()> {
            Ok(())
        }
    }

    fn network(content: &'static str, urls: Vec<String>) -> EmulatedNetwork<Scripted> {
        let workplace = Workplace {
            project: "/p".into(),
            venv: "/p/venv".into(),
            program: "/x/golem-outbound".into(),
            columns: 80,
        };
        EmulatedNetwork::new(workplace, urls, Scripted { content, left: Vec::new(), rented: 0, ended: false })
    }

    #[test]
    fn our_own_commands_stay_on_the_machine_and_others_enter_the_localnet() {
        let mut network = network("mirror", Vec::new());
        network.start().unwrap();
        let argv = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            network.command(&words, Duration::from_secs(1), false).argv
        };
        assert_eq!(argv(&["ray", "up"]), ["enter", "--", "ray", "up"]);
        assert_eq!(argv(&["golem-outbound", "check"]), ["/x/golem-outbound", "check"]);
    }

    #[test]
    fn nothing_can_be_told_while_it_is_down() {
        let mut network = network("mirror", Vec::new());
        assert_eq!(network.nodes(), None);
        assert_eq!(network.processes(), None);
        assert_eq!(network.busy_ports(), None);
        network.start().unwrap();
        assert_eq!(network.nodes(), Some(vec!["192.168.0.3".into()]));
        network.stop().unwrap();
        assert_eq!(network.nodes(), None);
    }

    #[test]
    fn that_it_has_ended_is_told_of_one_that_was_up() {
        let mut network = network("mirror", Vec::new());
        network.localnet.ended = true;
        assert_eq!(network.ended(), None, "it has not begun");
        network.start().unwrap();
        assert!(network.ended().is_some_and(|why| why.contains("log/localnet.log")));
        network.localnet.ended = false;
        assert_eq!(network.ended(), None);
    }

    #[test]
    fn the_sample_is_named_only_where_the_content_is_live() {
        let sample = "https://dl.dropboxusercontent.com/scl/fi/golem-outbound-sample/hello.txt?rlkey=sample";
        assert!(network("mirror", vec![sample.into()]).preflight().is_empty());
        let problem = &network("live", vec![sample.into()]).preflight()[0];
        assert!(problem.blocks && problem.command.contains(crate::content::sample::REMOVE));
    }

    #[test]
    fn what_was_left_listening_in_a_running_localnet_is_named() {
        let mut network = network("mirror", Vec::new());
        network.localnet.left = vec![(4578, "`ray-on-golem` (process 7)".into())];
        let problem = &network.preflight()[0];
        assert!(problem.blocks && problem.what.ends_with("by `ray-on-golem` (process 7)"), "{problem:?}");
        assert!(problem.command.contains("`golem-outbound localnet down`"), "{problem:?}");
        network.localnet.rented = 2;
        let [problem] = &network.preflight()[..] else { panic!("the cluster instead of its ports") };
        assert!(problem.blocks && problem.what.ends_with("2 nodes are rented"), "{problem:?}");
        assert!(problem.command.contains("-- ray down golem-cluster.yaml --yes`"), "{problem:?}");
    }
}
