//! The keys of Golem's part: those that ray-on-golem 0.13 knows, and where they belong.
//!
//! May import `outbound` and its siblings. Invariant: the tables are those of `ray_on_golem/server/models.py:30-117`,
//! which forbids every other key.

use serde_yaml::Value;

use super::config::{node_configs, number, python_digits};
use super::document::{Cursor, Document};
use crate::diagnostic::{Diagnostic, Severity};
use crate::outbound::near_miss::closest_word;

/// What ray-on-golem's models accept for a key: pydantic 1.10 turns texts into numbers and numbers into texts.
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
    /// Used before the models see it, as a port of a URL (`client/client.py`).
    Port,
    /// Used before the models see it, as a path (`provider/node_provider.py`).
    Path,
    /// Overwritten by what `auth` says, whatever it is.
    Any,
}

type Keys = [(&'static str, Shape, bool)];

/// Key, shape, and whether `null` is allowed; at `provider.parameters`.
const PARAMETERS: &Keys = &[
    ("webserver_port", Shape::Port, false),
    ("webserver_datadir", Shape::Path, true),
    ("ray_gcs_expose_port", Shape::Whole, true),
    ("enable_registry_stats", Shape::Flag, false),
    ("payment_network", Shape::Text, false),
    ("payment_driver", Shape::Text, false),
    ("total_budget", Shape::Number, false),
    ("node_config", Shape::Map, false),
    ("ssh_private_key", Shape::Any, true),
    ("ssh_user", Shape::Any, true),
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
    ("outbound_urls", Shape::Urls, false),
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

pub(super) fn check(document: &Document, findings: &mut Vec<Diagnostic>) {
    if let Some(parameters) = document.at(&["provider", "parameters"]) {
        level(&parameters, PARAMETERS, "in `provider.parameters`", findings);
    }
    // Keys of the parameters that stand one level too high are not refused by Ray, they just have no effect: for
    // `outbound_urls` that is noticed on nodes that are paid for.
    for (key, cursor) in document.at(&["provider"]).map(|provider| provider.entries()).unwrap_or_default() {
        let known = ["type", "module", "parameters", "use_internal_ips"];
        if HOMES.iter().any(|(keys, _)| names(keys).contains(&key)) {
            let finding = unknown_key(key, &cursor, &known, "in `provider`");
            let severity = if key == "outbound_urls" { Severity::Error } else { Severity::Warning };
            findings.extend(finding.map(|finding| Diagnostic { severity, ..finding }));
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
            Some((_, shape, nullable)) => {
                findings.extend(wrong_shape(key, &value, *shape, *nullable));
                if let Shape::Texts = shape {
                    findings.extend(
                        value.items().iter().filter_map(|item| wrong_shape(key, item, Shape::Text, false)),
                    );
                }
            }
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
    let scalar = value.is_string() || value.is_number() || value.is_bool();
    let (fits, expected) = match shape {
        Shape::Whole => (is_whole(value), "a whole number"),
        Shape::Number => (number(Some(cursor.clone())).is_some(), "a number"),
        Shape::Text => (scalar, "a text"),
        Shape::Flag => (is_flag(value), "true or false"),
        Shape::Texts => (value.is_sequence(), "a list"),
        Shape::Map => (value.is_mapping(), "keys with values"),
        Shape::Port => {
            (value.as_u64().is_some_and(|port| port <= 65535), "a number from 0 to 65535, without quotes")
        }
        Shape::Path => (value.is_string(), "a path in quotes"),
        Shape::Urls | Shape::Any => (true, ""),
    };
    if fits {
        return read_as_word(key, cursor, shape);
    }
    let message = format!("`{key}` is {}, but ray-on-golem wants {expected}", cursor.described());
    Some(cursor.mark(Diagnostic::error("wrong-type", message)))
}

/// `payment_network: on` gives the text `True`, which nobody means.
fn read_as_word(key: &str, cursor: &Cursor<'_>, shape: Shape) -> Option<Diagnostic> {
    let (Shape::Text, Some(flag)) = (shape, cursor.value.as_bool()) else { return None };
    let plain = cursor.node().plain.clone().unwrap_or_default();
    let taken = if flag { "True" } else { "False" };
    let message = format!("`{key}` is {}, and ray-on-golem takes the text `{taken}`", cursor.described());
    let finding = Diagnostic::warning("value-read-otherwise", message);
    Some(cursor.mark(finding.help(format!("put it into quotes: `{key}: \"{plain}\"`"))))
}

/// A fraction is cut off a number, but not off a text (`int()`).
fn is_whole(value: &Value) -> bool {
    match value {
        Value::Bool(_) => true,
        Value::Number(number) => number.as_f64().is_some_and(f64::is_finite),
        Value::String(text) => python_digits(text).is_some_and(|digits| digits.parse::<i128>().is_ok()),
        _ => false,
    }
}

/// The words of pydantic's `bool_validator`.
fn is_flag(value: &Value) -> bool {
    const WORDS: [&str; 12] = ["0", "off", "f", "false", "n", "no", "1", "on", "t", "true", "y", "yes"];
    match value {
        Value::Bool(_) => true,
        Value::Number(number) => number.as_f64().is_some_and(|number| number == 0.0 || number == 1.0),
        Value::String(text) => WORDS.contains(&text.to_lowercase().as_str()),
        _ => false,
    }
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
