//! What a node may cost: `budget_control`, merged for a node type.
//!
//! May import its siblings. Invariant: costs are computed as ray-on-golem computes them (`helpers/manager_stack.py`,
//! golem-core's `LinearPerCpuAverageCostPricing`).

use super::config::{COMMON, node_types, number};
use super::document::{Cursor, Document};
use crate::diagnostic::Diagnostic;

/// Limits of what a provider may ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// How a thread is expected to be used.
    pub usage: Option<Usage>,
    /// GLM once, when a node starts.
    pub max_start_price: Option<f64>,
    /// GLM for an hour of a busy thread.
    pub max_cpu_per_hour_price: Option<f64>,
    /// GLM for an hour of a node's life.
    pub max_env_per_hour_price: Option<f64>,
}

/// `per_cpu_expected_usage`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// The part of the time for which a thread is busy.
    pub cpu_load: f64,
    /// Hours that a node lives.
    pub duration_hours: f64,
    /// GLM that a thread may cost in that time.
    pub max_cost: Option<f64>,
}

impl Budget {
    /// Merges the layers of a node type's `node_config`; the last one wins.
    pub(super) fn view(configs: &[Cursor<'_>]) -> Self {
        let layers: Vec<Cursor<'_>> =
            configs.iter().filter_map(|config| config.get("budget_control")).collect();
        let usages: Vec<Cursor<'_>> =
            layers.iter().filter_map(|layer| layer.get("per_cpu_expected_usage")).collect();
        let last = |layers: &[Cursor<'_>], key| number(layers.iter().rev().find_map(|layer| layer.get(key)));
        let usage = || {
            let [cpu_load, duration_hours] = ["cpu_load", "duration_hours"].map(|key| last(&usages, key));
            Some(Usage {
                cpu_load: cpu_load?,
                duration_hours: duration_hours?,
                max_cost: last(&usages, "max_cost"),
            })
        };
        Self {
            usage: usage(),
            max_start_price: last(&layers, "max_start_price"),
            max_cpu_per_hour_price: last(&layers, "max_cpu_per_hour_price"),
            max_env_per_hour_price: last(&layers, "max_env_per_hour_price"),
        }
    }
}

/// An expected usage needs both of its figures, wherever they stand.
pub(super) fn check(document: &Document, findings: &mut Vec<Diagnostic>) {
    let common = usage(document.at(&COMMON));
    let of_types: Vec<_> =
        node_types(document).into_iter().map(|(_, node_type)| usage(node_type.get("node_config"))).collect();
    for own in of_types {
        let layers: Vec<&Cursor<'_>> = common.iter().chain(&own).collect();
        let Some(place) = layers.last() else { continue };
        for key in ["cpu_load", "duration_hours"] {
            if layers.iter().all(|layer| layer.get(key).is_none()) {
                let message = format!("`per_cpu_expected_usage` lacks `{key}`, so no node can be requested");
                let finding = Diagnostic::error("missing-key", message);
                let finding = place.mark_key(finding.help(format!("add `{key}: 0.5`")));
                if !findings.contains(&finding) {
                    findings.push(finding);
                }
            }
        }
    }
}

fn usage<'d>(config: Option<Cursor<'d>>) -> Option<Cursor<'d>> {
    config?.get("budget_control")?.get("per_cpu_expected_usage").filter(|usage| usage.value.is_mapping())
}
