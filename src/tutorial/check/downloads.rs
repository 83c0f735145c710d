//! The check of the ledger: what came back verified, what was refused, and by whom.
//!
//! Invariant: every expected URL is accounted for, and a row that nobody asked for is a failure too.

use serde::Deserialize;

use super::{unsure, when};
use crate::evidence::{Evidence, LedgerRow, Verdict};

/// What the ledger must hold, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerCheck {
    /// URLs that were fetched and verified.
    #[serde(default)]
    pub fetched: Vec<String>,
    /// URLs whose connection was refused, as the run-time filter of a provider does.
    #[serde(default)]
    pub refused: Vec<String>,
    /// Who must have done it.
    #[serde(default)]
    pub nodes: NodesOf,
}

/// Where the downloads must have run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodesOf {
    /// Anywhere.
    #[default]
    Anywhere,
    /// On nodes of the cluster.
    Cluster,
}

impl LedgerCheck {
    pub(super) fn words(&self) -> String {
        let place = match self.nodes {
            NodesOf::Anywhere => "",
            NodesOf::Cluster => " on nodes of the cluster",
        };
        let fetched = match self.fetched.len() {
            0 => None,
            1 => Some("1 download was fetched and verified".to_owned()),
            n => Some(format!("{n} downloads were fetched and verified")),
        };
        let refused = (!self.refused.is_empty()).then(|| format!("{} was refused", self.refused.join(", ")));
        let parts: Vec<String> = fetched.into_iter().chain(refused).collect();
        format!("{}{place}", parts.join(", "))
    }

    pub(super) fn judge(&self, evidence: &Evidence) -> Verdict {
        let nodes = match (self.nodes, evidence.nodes.as_deref()) {
            (NodesOf::Anywhere, _) => None,
            (NodesOf::Cluster, Some(nodes)) => Some(nodes),
            (NodesOf::Cluster, None) => {
                return unsure("this network cannot tell which nodes the cluster has");
            }
        };
        let mut problems: Vec<String> = Vec::new();
        for url in &self.fetched {
            problems.extend(self.problem_of(url, nodes, evidence, not_fetched));
        }
        for url in &self.refused {
            problems.extend(self.problem_of(url, nodes, evidence, not_refused));
        }
        for row in &evidence.ledger {
            let mut expected = self.fetched.iter().chain(&self.refused);
            if !expected.any(|url| address(url) == address(&row.url)) {
                problems.push(format!("{}: nobody asked for it", row.url));
            }
        }
        when(problems.is_empty(), || (self.words(), problems.join("; ")))
    }

    fn problem_of(
        &self,
        url: &String,
        nodes: Option<&[String]>,
        evidence: &Evidence,
        problem: fn(&LedgerRow) -> Option<String>,
    ) -> Option<String> {
        let rows: Vec<&LedgerRow> =
            evidence.ledger.iter().filter(|row| address(&row.url) == address(url)).collect();
        let asked =
            self.fetched.iter().chain(&self.refused).filter(|other| address(other) == address(url)).count();
        if rows.len() < asked {
            return Some(format!("{url}: {} of {asked} reported", rows.len()));
        }
        rows.into_iter().find_map(|row| {
            let elsewhere = nodes.is_some_and(|nodes| !nodes.contains(&row.node));
            let place = elsewhere.then(|| format!("ran on `{}`, which is no node of the cluster", row.node));
            problem(row).or(place).map(|problem| format!("{url}: {problem}"))
        })
    }
}

/// A URL without the fragment, in which the script keeps the hash of the content; reports leave it out.
fn address(url: &str) -> &str {
    url.split('#').next().unwrap_or(url)
}

fn not_fetched(row: &LedgerRow) -> Option<String> {
    if !row.ok {
        return Some(row.error.clone().unwrap_or_else(|| "failed".into()));
    }
    row.verified.as_deref().unwrap_or_default().is_empty().then(|| {
        "fetched, but nothing says what it should be; pin it: write `#sha256=<hex>` behind the URL in the script, \
         with the hash that `sha256sum` prints of your copy"
            .into()
    })
}

/// A provider's filter shows as a connection that is closed or a name that does not resolve, never as an answer.
fn not_refused(row: &LedgerRow) -> Option<String> {
    if row.ok {
        return Some("was reached".into());
    }
    let error = row.error.as_deref().unwrap_or_default();
    let lower = error.to_lowercase();
    // Who shows a certificate has answered, and so has a proxy, though the library calls both a connection that failed.
    let answered = ["http ", "status ", "redirect", "sha256", "does not match", "certverif", "proxyerror"];
    let unconnected = [
        "connection",
        "reset",
        "refused",
        "unreachable",
        "name resolution",
        "not known",
        "timed out",
        "timeout",
        "max retries",
        "eof occurred",
        "broken pipe",
    ];
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    (has(&answered) || !has(&unconnected))
        .then(|| format!("failed, but not because its connection was refused: “{error}”"))
}
