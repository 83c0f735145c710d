//! The numbers of workers, and the head's node type.
//!
//! May import its siblings. Invariant: what Ray's `validate_config` refuses (`autoscaler/_private/util.py`) is an error.

use super::config::{ClusterConfig, node_types};
use super::document::Document;
use crate::diagnostic::Diagnostic;
use crate::outbound::near_miss::closest_word;

pub(super) fn check(document: &Document, config: &ClusterConfig, findings: &mut Vec<Diagnostic>) {
    let Some(types) = document.at(&["available_node_types"]).filter(|types| types.value.is_mapping()) else {
        return;
    };
    let names: Vec<&str> = node_types(document).iter().map(|(name, _)| *name).collect();
    if !names.contains(&config.head_node_type.as_str()) {
        let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let message = format!("the head's node type `{}` is not among {listed}", config.head_node_type);
        let help = match closest_word(&config.head_node_type, names.iter().copied()) {
            Some(meant) => format!("write `head_node_type: {meant}`"),
            None => {
                format!("name the head's node type with `head_node_type`, or add `{}`", config.head_node_type)
            }
        };
        let finding = Diagnostic::error("head-node-type-unknown", message).help(help);
        findings.push(document.at(&["head_node_type"]).unwrap_or_else(|| types.clone()).mark(finding));
    }
    for ((_, cursor), node_type) in node_types(document).iter().zip(&config.node_types) {
        if node_type.min_workers > node_type.max_workers {
            let message = format!(
                "`{}` wants {} workers at least, but {} at most",
                node_type.name, node_type.min_workers, node_type.max_workers
            );
            let finding = Diagnostic::warning("min-above-max", message).help("raise its `max_workers`");
            findings.push(cursor.get("min_workers").unwrap_or_else(|| cursor.clone()).mark(finding));
        }
    }
    // Ray adds what is written, also numbers below 0.
    let least: f64 =
        node_types(document).iter().filter_map(|(_, cursor)| cursor.get("min_workers")?.value.as_f64()).sum();
    if let Some(cursor) = document.at(&["max_workers"])
        && cursor.value.as_f64().is_some_and(|most| least > most)
    {
        let message =
            format!("`max_workers` is {}, but the node types want {least} at least", config.max_workers);
        let finding = Diagnostic::error("too-few-workers", message);
        findings.push(cursor.mark(finding.help(format!("write `max_workers: {least}` or more"))));
    }
}
