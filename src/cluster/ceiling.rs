//! What a cluster can cost at most: its budget, and the bills by the prices that its file takes.
//!
//! May import its siblings. Invariant: what the file does not limit is said, never guessed.

use std::time::Duration;

use super::config::{ClusterConfig, NodeType};

/// What the teardown may take once the lease is over; nodes cost until it has ended.
pub const TEARDOWN_TIME: Duration = Duration::from_secs(600);

/// The most that a cluster can cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Ceiling {
    /// GLM that ray-on-golem sets aside, and beyond which no bill is paid: `total_budget`.
    pub budget: f64,
    /// The head's type and those of the workers, the dearest first, with as many nodes as can be up at once.
    pub nodes: Vec<Share>,
    /// How long the nodes may be up; none without a lease.
    pub time: Option<Duration>,
}

/// The nodes of one type.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// The node type's name, or `head`.
    pub name: String,
    /// How many can be up at once.
    pub count: u64,
    /// GLM to start one.
    pub start: Option<f64>,
    /// GLM for each hour that one is up.
    pub env_per_hour: Option<f64>,
    /// GLM for each thread that computes for an hour.
    pub cpu_per_hour: Option<f64>,
    /// Threads at most.
    pub threads: Option<u64>,
}

impl Share {
    fn new(node_type: &NodeType, name: String, count: u64) -> Self {
        Self {
            name,
            count,
            start: node_type.budget.max_start_price,
            env_per_hour: node_type.budget.max_env_per_hour_price,
            cpu_per_hour: node_type.budget.max_cpu_per_hour_price,
            threads: node_type.demand.max_cpu_threads,
        }
    }

    /// GLM for one node that is up for so many hours and computes on all its threads; none if a part has no limit. A
    /// thread that costs nothing needs no limit of threads.
    fn cost(&self, hours: f64) -> Option<f64> {
        let cpu = self.cpu_per_hour?;
        let threads = if cpu == 0.0 { 0.0 } else { self.threads? as f64 };
        Some(self.start? + hours * (self.env_per_hour? + cpu * threads))
    }

    /// Keys without which a bill has no limit.
    fn missing(&self) -> impl Iterator<Item = &'static str> {
        let unlimited_threads = self.threads.is_none() && self.cpu_per_hour != Some(0.0);
        [
            ("max_start_price", self.start.is_none()),
            ("max_env_per_hour_price", self.env_per_hour.is_none()),
            ("max_cpu_per_hour_price", self.cpu_per_hour.is_none()),
            ("max_cpu_threads", unlimited_threads),
        ]
        .into_iter()
        .filter_map(|(key, is_missing)| is_missing.then_some(key))
    }

    fn words(&self, hours: Option<f64>) -> String {
        let or = |price: Option<f64>, key: &str| price.map_or(format!("`{key}` (not set)"), glm);
        let threads =
            self.threads.map_or_else(|| "`max_cpu_threads` (not set)".into(), |count| count.to_string());
        let per_hour = format!(
            "({} + {} × {threads} threads)",
            or(self.env_per_hour, "max_env_per_hour_price"),
            or(self.cpu_per_hour, "max_cpu_per_hour_price")
        );
        let start = or(self.start, "max_start_price");
        let time = hours.map_or_else(|| "hours".to_owned(), |hours| format!("{} h", glm(hours)));
        let total = hours.and_then(|hours| self.cost(hours));
        let total =
            total.map_or_else(|| "no limit".into(), |cost| format!("{} GLM", glm(cost * self.count as f64)));
        format!("{}: {} × ({start} + {time} × {per_hour}) = {total}", self.name, self.count)
    }
}

impl Ceiling {
    /// Of this cluster, whose nodes are given back when the lease is over.
    pub fn of(cluster: &ClusterConfig, lease: Option<Duration>) -> Self {
        let time = lease.map(|lease| lease + TEARDOWN_TIME);
        let hours = time.map_or(1.0, in_hours);
        let head = cluster.node_types.iter().find(|node_type| node_type.name == cluster.head_node_type);
        let mut nodes: Vec<Share> =
            head.map(|head| Share::new(head, format!("head `{}`", head.name), 1)).into_iter().collect();
        let mut workers: Vec<(&NodeType, Share)> = cluster
            .node_types
            .iter()
            .map(|node_type| (node_type, Share::new(node_type, format!("workers `{}`", node_type.name), 0)))
            .collect();
        // Without a limit a node is dearer than any other.
        let cost = |share: &Share| share.cost(hours).unwrap_or(f64::INFINITY);
        workers.sort_by(|(_, one), (_, other)| cost(other).total_cmp(&cost(one)));
        let mut left = cluster.max_workers;
        for (node_type, mut share) in workers {
            share.count = node_type.max_workers.min(left);
            left -= share.count;
            if share.count > 0 {
                nodes.push(share);
            }
        }
        Self { budget: cluster.total_budget, nodes, time }
    }

    /// GLM by the prices, if no node is replaced; none if something has no limit.
    pub fn by_prices(&self) -> Option<f64> {
        let hours = in_hours(self.time?);
        self.nodes.iter().map(|share| Some(share.cost(hours)? * share.count as f64)).sum()
    }

    /// What has no limit, in the file's own words.
    pub fn unlimited(&self) -> Vec<String> {
        let mut missing: Vec<&str> = self.nodes.iter().flat_map(Share::missing).collect();
        missing.sort_unstable();
        missing.dedup();
        let keys = missing.into_iter().map(|key| format!("golem-cluster.yaml sets no `{key}`"));
        let lease = self.time.is_none().then(|| "there is no lease, so the time has no limit".to_owned());
        keys.chain(lease).collect()
    }

    /// All of it for people, line by line.
    pub fn words(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "at most {} GLM: `total_budget` of golem-cluster.yaml is all that ray-on-golem can pay",
            glm(self.budget)
        )];
        let hours = self.time.map(in_hours);
        lines.push(match hours {
            Some(hours) => format!(
                "by the highest prices that golem-cluster.yaml takes, for {} h: the lease, and {} min for the teardown",
                glm(hours),
                TEARDOWN_TIME.as_secs() / 60
            ),
            None => "by the highest prices that golem-cluster.yaml takes".into(),
        });
        lines.extend(self.nodes.iter().map(|share| format!("  {}", share.words(hours))));
        lines.extend(
            self.unlimited().into_iter().map(|what| format!("  {what}; only `total_budget` caps the bill")),
        );
        if let Some(sum) = self.by_prices() {
            let first = if sum > self.budget { "; `total_budget` is reached before" } else { "" };
            lines.push(format!(
                "  together {} GLM; each node that has to be replaced costs its start once more{first}",
                glm(sum)
            ));
        }
        lines
    }
}

fn in_hours(time: Duration) -> f64 {
    time.as_secs_f64() / 3600.0
}

/// A number with at most four decimals, rounded up, so that a ceiling is never too low.
fn glm(amount: f64) -> String {
    let rounded = (amount * 1e4 - 1e-6).ceil() / 1e4;
    format!("{rounded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../examples/docs-outbound/golem-cluster.yaml");

    fn cluster(changes: &[(&str, &str)]) -> ClusterConfig {
        let text = changes.iter().fold(EXAMPLE.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        ClusterConfig::parse(&text).0.unwrap()
    }

    const FOUR_THREADS: (&str, &str) = ("      demand:\n", "      demand:\n        max_cpu_threads: 4\n");
    const LEASE: Option<Duration> = Some(Duration::from_secs(50 * 60));

    #[test]
    fn every_node_costs_its_start_and_the_lease_s_hours_by_the_highest_prices() {
        let ceiling = Ceiling::of(&cluster(&[FOUR_THREADS]), LEASE);
        // Head and worker: 0.5 + 1 h × (0.5 + 0.5 × 4).
        assert_eq!(ceiling.by_prices(), Some(6.0));
        assert_eq!(ceiling.unlimited(), [""; 0]);
        assert_eq!(
            ceiling.words(),
            [
                "at most 5 GLM: `total_budget` of golem-cluster.yaml is all that ray-on-golem can pay",
                "by the highest prices that golem-cluster.yaml takes, for 1 h: the lease, and 10 min for the teardown",
                "  head `ray.head.default`: 1 × (0.5 + 1 h × (0.5 + 0.5 × 4 threads)) = 3 GLM",
                "  workers `ray.worker.default`: 1 × (0.5 + 1 h × (0.5 + 0.5 × 4 threads)) = 3 GLM",
                "  together 6 GLM; each node that has to be replaced costs its start once more; \
                 `total_budget` is reached before",
            ]
        );
    }

    #[test]
    fn what_the_file_does_not_limit_is_said() {
        let without = |key: &str| {
            let line =
                EXAMPLE.lines().find(|line| line.trim_start().starts_with(&format!("{key}:"))).unwrap();
            let ceiling = Ceiling::of(&cluster(&[FOUR_THREADS, (line, "")]), LEASE);
            assert_eq!(ceiling.by_prices(), None);
            ceiling.unlimited()
        };
        for key in ["max_start_price", "max_cpu_per_hour_price", "max_env_per_hour_price"] {
            assert_eq!(without(key), [format!("golem-cluster.yaml sets no `{key}`")]);
        }
        let as_it_is = Ceiling::of(&cluster(&[]), LEASE);
        assert_eq!(as_it_is.unlimited(), ["golem-cluster.yaml sets no `max_cpu_threads`"]);
        assert!(
            as_it_is.words()[2].ends_with("(0.5 + 0.5 × `max_cpu_threads` (not set) threads)) = no limit")
        );
        let without_lease = Ceiling::of(&cluster(&[FOUR_THREADS]), None);
        assert_eq!(without_lease.by_prices(), None);
        assert_eq!(without_lease.unlimited(), ["there is no lease, so the time has no limit"]);
    }

    #[test]
    fn the_dearest_workers_that_fit_are_counted() {
        let two_types = (
            "    min_workers: 1\n    max_workers: 1\n    resources: {}\n    node_config: {}\n",
            "    min_workers: 1\n    max_workers: 4\n    resources: {}\n    node_config: {}\n  big:\n    \
             min_workers: 0\n    max_workers: 2\n    resources: {}\n    node_config: {budget_control: {max_start_price: 2}}\n",
        );
        let ceiling = Ceiling::of(
            &cluster(&[FOUR_THREADS, two_types, ("\nmax_workers: 1\n", "\nmax_workers: 3\n")]),
            LEASE,
        );
        let counted: Vec<(&str, u64)> =
            ceiling.nodes.iter().map(|share| (&*share.name, share.count)).collect();
        assert_eq!(
            counted,
            [("head `ray.head.default`", 1), ("workers `big`", 2), ("workers `ray.worker.default`", 1)]
        );
        assert_eq!(ceiling.by_prices(), Some(3.0 + 2.0 * 4.5 + 3.0));
    }

    #[test]
    fn a_free_thread_needs_no_limit() {
        let free = ("max_cpu_per_hour_price: 0.5", "max_cpu_per_hour_price: 0");
        assert_eq!(Ceiling::of(&cluster(&[free]), LEASE).by_prices(), Some(2.0));
    }

    #[test]
    fn a_ceiling_is_never_rounded_down() {
        assert_eq!([0.1 + 0.2, 1.0 / 3.0, 5.0].map(glm), ["0.3", "0.3334", "5"]);
    }
}
