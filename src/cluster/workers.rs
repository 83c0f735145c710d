//! The numbers of workers, and the head's node type.
//!
//! May import its siblings. Invariant: what Ray's `validate_config` refuses (`autoscaler/_private/util.py`) is an error.

use super::config::{ClusterConfig, node_types};
use super::document::Document;
use crate::diagnostic::Diagnostic;
use crate::outbound::near_miss::closest_word;

pub(super) fn check(document: &Document<'_>, config: &ClusterConfig, findings: &mut Vec<Diagnostic>) {
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
    let of_types = node_types(document).into_iter().flat_map(|(_, cursor)| {
        ["min_workers", "max_workers"].into_iter().filter_map(move |key| Some((key, cursor.get(key)?)))
    });
    for (key, cursor) in of_types.chain(document.at(&["max_workers"]).map(|cursor| ("max_workers", cursor))) {
        // A value that is no number at all at the top is a finding of `ray_keys`.
        if cursor.value.is_number() && cursor.value.as_u64().is_none() {
            let finding =
                Diagnostic::error("workers-not-whole", format!("`{key}` must be a whole number from 0"));
            findings.push(cursor.mark(finding.help(format!("write `{key}: 1`"))));
        }
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
    if let Some(cursor) = document.at(&["max_workers"])
        && config.min_workers > config.max_workers
    {
        let message = format!(
            "`max_workers` is {}, but the node types want {} at least",
            config.max_workers, config.min_workers
        );
        let finding = Diagnostic::error("too-few-workers", message);
        findings
            .push(cursor.mark(finding.help(format!("write `max_workers: {}` or more", config.min_workers))));
    }
}
