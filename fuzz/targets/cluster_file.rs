//! Any text as a cluster file: findings lie inside the text, and a fix can be made wherever it is offered.

use std::sync::LazyLock;

use golem_outbound::cluster::{ClusterConfig, whitelist_findings};
use golem_outbound::diagnostic::apply;
use golem_outbound::outbound::whitelist::Whitelist;

static WHITELIST: LazyLock<Whitelist> = LazyLock::new(Whitelist::snapshot);

pub fn run(text: &str) {
    let (config, findings) = ClusterConfig::parse(text);
    assert!(config.is_some() || !findings.is_empty(), "unusable, and nobody says why");
    let lines = text.lines().count().max(1);
    for finding in findings.iter().chain(&whitelist_findings(text, &WHITELIST)) {
        finding.render("golem-cluster.yaml", text);
        assert!(finding.span.is_none_or(|span| (1..=lines).contains(&span.line)), "{finding:?}");
        if let Some(fix) = &finding.fix {
            assert_eq!(apply(text, [fix.as_ref()]).1, 1, "{finding:?}");
        }
    }
}
