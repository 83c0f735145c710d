//! The keys of Golem's part: those that ray-on-golem 0.13 knows, and where they belong.
//!
//! May import `outbound` and its siblings. Invariant: the tables are those of `ray_on_golem/server/models.py:30-117`,
//! which forbids every other key.

use serde_yaml::Value;

use super::config::{node_configs, number};
use super::document::{Cursor, Document, kind};
use crate::diagnostic::Diagnostic;
use crate::outbound::near_miss::closest_word;

/// What ray-on-golem's models accept for a key.
#[derive(Clone, Copy)]
enum Shape {
    Whole,
    Number,
    Text,
    Flag,
    Texts,
    Map,
    /// `outbound_urls`, which has findings of its own.
    Urls,
}

type Keys = [(&'static str, Shape, bool)];

/// Key, shape, and whether `null` is allowed; at `provider.parameters`.
const PARAMETERS: &Keys = &[
    ("webserver_port", Shape::Whole, false),
    ("webserver_datadir", Shape::Text, true),
    ("ray_gcs_expose_port", Shape::Whole, true),
    ("enable_registry_stats", Shape::Flag, false),
    ("payment_network", Shape::Text, false),
    ("payment_driver", Shape::Text, false),
    ("total_budget", Shape::Number, false),
    ("node_config", Shape::Map, false),
    ("ssh_private_key", Shape::Text, false),
    ("ssh_user", Shape::Text, false),
];
const NODE_CONFIG: &Keys = &[
    ("subnet_tag", Shape::Text, false),
    ("priority_subnet_tag", Shape::Text, true),
    ("demand", Shape::Map, false),
    // The models take null, but then no node can be requested.
    ("budget_control", Shape::Map, false),
];
const DEMAND: &Keys = &[
    ("image_tag", Shape::Text, true),
    ("image_hash", Shape::Text, true),
    ("outbound_urls", Shape::Urls, true),
    ("capabilities", Shape::Texts, false),
    ("min_mem_gib", Shape::Number, false),
    ("min_cpu_threads", Shape::Whole, false),
    ("min_storage_gib", Shape::Number, false),
    ("max_cpu_threads", Shape::Whole, true),
    ("runtime", Shape::Text, false),
    ("node_descriptor", Shape::Map, true),
];
const BUDGET: &Keys = &[
    ("per_cpu_expected_usage", Shape::Map, true),
    ("max_start_price", Shape::Number, true),
    ("max_cpu_per_hour_price", Shape::Number, true),
    ("max_env_per_hour_price", Shape::Number, true),
    ("payment_interval_hours", Shape::Map, false),
];
const USAGE: &Keys = &[
    ("cpu_load", Shape::Number, false),
    ("duration_hours", Shape::Number, false),
    ("max_cost", Shape::Number, true),
];
const INTERVAL: &Keys = &[("minimal", Shape::Number, false), ("optimal", Shape::Number, true)];

/// Where each table's keys belong, for keys that stand somewhere else.
const HOMES: [(&Keys, &str); 6] = [
    (DEMAND, "node_config.demand"),
    (BUDGET, "node_config.budget_control"),
    (USAGE, "node_config.budget_control.per_cpu_expected_usage"),
    (NODE_CONFIG, "provider.parameters.node_config"),
    (PARAMETERS, "provider.parameters"),
    (INTERVAL, "node_config.budget_control.payment_interval_hours"),
];

pub(super) fn check(document: &Document<'_>, findings: &mut Vec<Diagnostic>) {
    if let Some(parameters) = document.at(&["provider", "parameters"]) {
        level(&parameters, PARAMETERS, "in `provider.parameters`", findings);
    }
    // Keys of the parameters that stand one level too high are not refused by Ray, they just have no effect.
    for (key, cursor) in document.at(&["provider"]).map(|provider| provider.entries()).unwrap_or_default() {
        let known = ["type", "module", "parameters", "use_internal_ips"];
        if HOMES.iter().any(|(keys, _)| names(keys).contains(&key)) {
            findings.extend(unknown_key(key, &cursor, &known, "in `provider`"));
        }
    }
    for config in node_configs(document) {
        level(&config, NODE_CONFIG, "in `node_config`", findings);
        if let Some(demand) = config.get("demand") {
            level(&demand, DEMAND, "in `demand`", findings);
        }
        if let Some(budget) = config.get("budget_control") {
            level(&budget, BUDGET, "in `budget_control`", findings);
            for (key, keys) in [("per_cpu_expected_usage", USAGE), ("payment_interval_hours", INTERVAL)] {
                if let Some(part) = budget.get(key) {
                    level(&part, keys, &format!("in `{key}`"), findings);
                }
            }
        }
    }
}

fn level(cursor: &Cursor<'_>, keys: &Keys, here: &str, findings: &mut Vec<Diagnostic>) {
    for (key, value) in cursor.entries() {
        match keys.iter().find(|(known, _, _)| *known == key) {
            Some((_, shape, nullable)) => findings.extend(wrong_shape(key, &value, *shape, *nullable)),
            None => findings.extend(unknown_key(key, &value, &names(keys), here)),
        }
    }
}

fn names(keys: &Keys) -> Vec<&'static str> {
    keys.iter().map(|(name, _, _)| *name).collect()
}

fn wrong_shape(key: &str, cursor: &Cursor<'_>, shape: Shape, nullable: bool) -> Option<Diagnostic> {
    let value = cursor.value;
    if value.is_null() && nullable {
        return None;
    }
    let as_number = number(Some(cursor.clone()));
    let (fits, expected) = match shape {
        // pydantic cuts the fraction off a number, but not off a text.
        Shape::Whole => (
            value.is_number() || value.as_str().is_some_and(|text| text.trim().parse::<i64>().is_ok()),
            "a whole number",
        ),
        Shape::Number => (as_number.is_some(), "a number"),
        Shape::Text => (value.is_string() || value.is_number(), "a text"),
        // YAML 1.1, which Python reads, takes these words for true and false.
        Shape::Flag => (
            value.is_bool() || value.as_str().is_some_and(|word| ["yes", "no", "on", "off"].contains(&word)),
            "true or false",
        ),
        Shape::Texts => (value.is_sequence(), "a list"),
        Shape::Map => (value.is_mapping(), "keys with values"),
        Shape::Urls => (true, ""),
    };
    (!fits).then(|| {
        let found = match value {
            Value::String(text) => format!("the text `{text}`"),
            other => kind(other).to_owned(),
        };
        let message = format!("`{key}` is {found}, but ray-on-golem wants {expected}");
        cursor.mark(Diagnostic::error("wrong-type", message))
    })
}

/// The finding about a key that does not belong where it stands.
pub(super) fn unknown_key(
    key: &str,
    cursor: &Cursor<'_>,
    allowed: &[&str],
    here: &str,
) -> Option<Diagnostic> {
    if allowed.contains(&key) {
        return None;
    }
    let home = HOMES.iter().find(|(keys, _)| names(keys).contains(&key)).map(|(_, home)| *home);
    let finding = match (home, closest_word(key, allowed.iter().copied())) {
        (Some(home), _) if key == "outbound_urls" => {
            Diagnostic::error("outbound-urls-misplaced", format!("`outbound_urls` has no place {here}"))
                .help(format!("move it under `{home}`; anywhere else the nodes get no Internet access"))
        }
        (Some(home), _) => Diagnostic::error("misplaced-key", format!("`{key}` has no place {here}"))
            .help(format!("move it under `{home}`")),
        (None, Some(meant)) => Diagnostic::error("unknown-key", format!("`{key}` is not known {here}"))
            .help(format!("did you mean `{meant}`?")),
        (None, None) => Diagnostic::error("unknown-key", format!("`{key}` is not known {here}"))
            .help("remove it; a key that is not known stops the cluster from starting"),
    };
    Some(cursor.mark_key(finding))
}
