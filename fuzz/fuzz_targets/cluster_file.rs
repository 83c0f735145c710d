//! Any text as a cluster file: findings lie inside the text, and a fix can be made wherever it is offered.
#![no_main]

use golem_outbound::cluster::ClusterConfig;
use golem_outbound::diagnostic::apply;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (config, findings) = ClusterConfig::parse(text);
    assert!(config.is_some() || !findings.is_empty(), "unusable, and nobody says why");
    let lines = text.lines().count().max(1);
    for finding in &findings {
        finding.render("golem-cluster.yaml", text);
        assert!(finding.span.is_none_or(|span| (1..=lines).contains(&span.line)), "{finding:?}");
        if let Some(fix) = &finding.fix {
            assert_eq!(apply(text, [fix.as_ref()]).1, 1, "{finding:?}");
        }
    }
});
