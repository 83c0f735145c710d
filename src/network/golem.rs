//! `testnet` and `mainnet`: the real Golem Network, reached through the project's own ray-on-golem and yagna.

use std::time::Duration;

use super::{Invocation, Network, PortHolder, Problem, Workplace, busy_ports, webserver};
use crate::content::sample;
use crate::error::Result;

/// Payment networks whose tokens are worth nothing.
const TEST_MONEY: [&str; 7] = ["holesky", "hoodi", "goerli", "mumbai", "rinkeby", "sepolia", "amoy"];

/// Payment networks that no longer exist.
const CLOSED: [&str; 4] = ["holesky", "goerli", "mumbai", "rinkeby"];

/// Which of the real networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Test tokens.
    Testnet,
    /// GLM, which costs money.
    Mainnet,
}

/// A real Golem Network.
pub struct GolemNetwork {
    /// Which one.
    pub kind: Kind,
    /// Where commands run.
    pub workplace: Workplace,
    /// `cluster_name` of the project's yaml.
    pub cluster_name: String,
    /// `payment_network` of the project's yaml.
    pub payment_network: String,
    /// URLs that the script downloads.
    pub urls: Vec<String>,
    /// Who holds a port.
    pub port_holder: PortHolder,
    /// Nodes of the cluster that are rented before the walk has begun.
    pub rented: Vec<String>,
}

impl GolemNetwork {
    fn payment_problem(&self) -> Option<Problem> {
        let network = self.payment_network.as_str();
        let is_test = TEST_MONEY.contains(&network);
        let problem =
            |what: String, command: &str, blocks| Some(Problem { what, command: command.into(), blocks });
        match self.kind {
            Kind::Testnet if !is_test => problem(
                format!("golem-cluster.yaml pays on `{network}`, which costs money; a testnet walk must not"),
                "write `payment_network: \"hoodi\"` in golem-cluster.yaml, or use `--network mainnet`",
                true,
            ),
            Kind::Testnet if CLOSED.contains(&network) => problem(
                format!("the payment network `{network}` has been closed; funds for it cannot be had"),
                "write `payment_network: \"hoodi\"` in golem-cluster.yaml and install a yagna that knows it: \
                 `pip install --no-deps \"golem-node==0.17.6\"`",
                false,
            ),
            Kind::Testnet if network == "hoodi" => problem(
                "the yagna that comes with ray-on-golem 0.13.0 does not know `hoodi`".into(),
                "`pip install --no-deps \"golem-node==0.17.6\"`, then `yagna payment fund --network hoodi`",
                false,
            ),
            Kind::Mainnet if is_test => problem(
                format!("golem-cluster.yaml pays on `{network}`, whose providers are not on the mainnet"),
                "write `payment_network: \"polygon\"` in golem-cluster.yaml, or use `--network testnet`",
                true,
            ),
            Kind::Testnet | Kind::Mainnet => None,
        }
    }
}

/// A cluster that is up before the walk has begun, which costs whatever the walk does; it stands in the way of another one.
pub fn still_rented(cluster_name: &str, rented: &[String], blocks: bool) -> Option<Problem> {
    (!rented.is_empty()).then(|| Problem {
        what: format!(
            "the cluster `{cluster_name}` is still up on the real network, and its nodes cost: {}",
            rented.join(", ")
        ),
        command:
            "take it down: `ray down golem-cluster.yaml --yes`, then `ray-on-golem stop`; if that fails \
                  `ray-on-golem stop --force --kill`, then `yagna payment status`"
                .into(),
        blocks,
    })
}

/// The sample Dropbox item, where nobody serves it.
pub fn sample_problem(urls: &[String]) -> Option<Problem> {
    let sample = urls.iter().find(|url| url.contains(sample::MARK))?;
    Some(Problem {
        what: format!(
            "simple-outbound.py still downloads the sample `{sample}`, which only the localnet's mirror serves"
        ),
        command: format!(
            "remove it: `{}`; or put a link of your own in its place: `{}`",
            sample::REMOVE,
            sample::replace_with("https://dl.dropboxusercontent.com/…")
        ),
        blocks: true,
    })
}

impl Network for GolemNetwork {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Testnet => "testnet",
            Kind::Mainnet => "mainnet",
        }
    }

    fn simulated(&self) -> bool {
        false
    }

    fn preflight(&self) -> Vec<Problem> {
        let busy = busy_ports(&self.port_holder).into_iter().map(|(port, holder)| Problem {
            what: format!("port {port} is taken by {holder}"),
            command: match port {
                4578 | 7465 => "`ray-on-golem stop --force --kill`, or end that process".into(),
                _ => "`ray stop`, or end that process".into(),
            },
            blocks: true,
        });
        // The ports are the cluster's own then.
        let still_up = still_rented(&self.cluster_name, &self.rented, true);
        let busy = busy.filter(|_| still_up.is_none());
        still_up
            .clone()
            .into_iter()
            .chain(busy)
            .chain(sample_problem(&self.urls))
            .chain(self.payment_problem())
            .collect()
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
        webserver::ready_nodes(&self.cluster_name)
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

    /// Processes of the walk hold the walk's ports, or are children that end with their command.
    fn processes(&self) -> Option<Vec<String>> {
        Some(busy_ports(&self.port_holder).into_iter().map(|(_, holder)| holder).collect())
    }

    fn stop(&mut self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(kind: Kind, payment_network: &str, taken: Option<u16>, urls: &[&str]) -> GolemNetwork {
        GolemNetwork {
            kind,
            workplace: Workplace {
                project: "/p".into(),
                venv: "/p/.venv".into(),
                program: "/x/golem-outbound".into(),
                columns: 80,
            },
            cluster_name: "golem-cluster".into(),
            payment_network: payment_network.into(),
            urls: urls.iter().map(ToString::to_string).collect(),
            port_holder: Box::new(move |port| (Some(port) == taken).then(|| "redis-server (pid 7)".into())),
            rented: Vec::new(),
        }
    }

    fn problems(network: &GolemNetwork) -> Vec<(String, bool)> {
        network.preflight().into_iter().map(|problem| (problem.what, problem.blocks)).collect()
    }

    #[test]
    fn a_taken_port_is_named_with_its_holder() {
        let found = problems(&network(Kind::Mainnet, "polygon", Some(6379), &[]));
        assert_eq!(found, [("port 6379 is taken by redis-server (pid 7)".into(), true)]);
    }

    #[test]
    fn a_cluster_that_is_still_up_is_named_instead_of_its_ports() {
        let mut network = network(Kind::Mainnet, "polygon", Some(4578), &[]);
        network.rented = vec!["node0 (192.168.0.3)".into()];
        let [problem] = &network.preflight()[..] else { panic!("one problem") };
        assert!(
            problem.blocks && problem.what.ends_with("its nodes cost: node0 (192.168.0.3)"),
            "{problem:?}"
        );
        assert!(problem.command.contains("`ray down golem-cluster.yaml --yes`"), "{problem:?}");
    }

    #[test]
    fn the_sample_is_named_where_nobody_serves_it() {
        let sample = "https://dl.dropboxusercontent.com/scl/fi/golem-outbound-sample/sample.txt?rlkey=x";
        let found = problems(&network(Kind::Mainnet, "polygon", None, &["https://ipfs.io/ipfs/a", sample]));
        assert_eq!(found.len(), 1);
        assert!(found[0].0.contains(sample) && found[0].1);
    }

    #[test]
    fn money_is_only_spent_where_it_is_meant_to_be() {
        for (kind, payment, blocks) in [
            (Kind::Testnet, "polygon", Some(true)),
            (Kind::Testnet, "holesky", Some(false)),
            (Kind::Testnet, "hoodi", Some(false)),
            (Kind::Mainnet, "hoodi", Some(true)),
            (Kind::Mainnet, "polygon", None),
        ] {
            let found = problems(&network(kind, payment, None, &[]));
            assert_eq!(found.first().map(|(_, blocks)| *blocks), blocks, "{kind:?} {payment}");
        }
    }
}
