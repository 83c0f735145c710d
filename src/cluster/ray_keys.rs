//! The keys that Ray 2.9.3 needs and allows.
//!
//! May import its siblings. Invariant: a key whose absence shows only after the head node was rented is named here.

use serde_yaml::Value;

use super::config::node_types;
use super::document::{Cursor, Document, kind};
use super::golem_keys::unknown_key;
use crate::diagnostic::Diagnostic;

/// What Ray expects of a value.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Text,
    Number,
    List,
    Map,
}

/// When Ray notices that a key is missing.
#[derive(Clone, Copy, PartialEq)]
enum Noticed {
    /// At once.
    AtOnce,
    /// With a `KeyError`, when the head node is rented already (`ray/autoscaler/_private/commands.py:796-833,1009`).
    HeadRented,
    /// On the head node: no worker ever starts (`autoscaler.py:493,1053,1243`).
    OnHead,
}

/// Key, what to write if there is nothing to say, its shape, and when it is missed.
const NEEDED: [(&str, &str, Shape, Noticed); 13] = [
    ("cluster_name", "cluster_name: golem-cluster", Shape::Text, Noticed::AtOnce),
    ("max_workers", "max_workers: 10", Shape::Number, Noticed::AtOnce),
    ("provider", "provider:", Shape::Map, Noticed::AtOnce),
    ("available_node_types", "available_node_types:", Shape::Map, Noticed::AtOnce),
    ("setup_commands", "setup_commands: []", Shape::List, Noticed::AtOnce),
    ("head_setup_commands", "head_setup_commands: []", Shape::List, Noticed::AtOnce),
    ("worker_setup_commands", "worker_setup_commands: []", Shape::List, Noticed::AtOnce),
    ("cluster_synced_files", "cluster_synced_files: []", Shape::List, Noticed::AtOnce),
    ("file_mounts", "file_mounts: {}", Shape::Map, Noticed::HeadRented),
    ("initialization_commands", "initialization_commands: []", Shape::List, Noticed::HeadRented),
    (
        "head_start_ray_commands",
        "head_start_ray_commands: [\"ray start --head --node-ip-address $NODE_IP \
         --include-dashboard=True --dashboard-host 0.0.0.0 --disable-usage-stats \
         --autoscaling-config=~/ray_bootstrap_config.yaml\"]",
        Shape::List,
        Noticed::HeadRented,
    ),
    ("idle_timeout_minutes", "idle_timeout_minutes: 5", Shape::Number, Noticed::OnHead),
    (
        "worker_start_ray_commands",
        "worker_start_ray_commands: [\"ray start --address $RAY_HEAD_IP:6379\"]",
        Shape::List,
        Noticed::OnHead,
    ),
];

/// Other keys at the top that Ray's schema allows, and the two that ray-on-golem takes out before Ray looks.
const ALLOWED: [&str; 11] = [
    "head_node_type",
    "auth",
    "upscaling_speed",
    "rsync_exclude",
    "rsync_filter",
    "file_mounts_sync_continuously",
    "metadata",
    "docker",
    "no_restart",
    "head_node",
    "worker_nodes",
];

/// Keys of a node type that Ray's schema allows.
const OF_NODE_TYPE: [&str; 8] = [
    "node_config",
    "resources",
    "min_workers",
    "max_workers",
    "labels",
    "initialization_commands",
    "worker_setup_commands",
    "docker",
];

pub(super) fn check(document: &Document<'_>, findings: &mut Vec<Diagnostic>) {
    let root = document.root();
    for (key, example, shape, noticed) in NEEDED {
        match root.get(key) {
            None => findings.push(missing(key, example, noticed)),
            Some(cursor) => findings.extend(wrong_shape(key, &cursor, shape)),
        }
    }
    let allowed: Vec<&str> = NEEDED.iter().map(|needed| needed.0).chain(ALLOWED).collect();
    for (key, cursor) in root.entries() {
        findings.extend(unknown_key(key, &cursor, &allowed, "at the top of the file"));
    }
    provider(document, findings);
    for (name, cursor) in node_types(document) {
        node_type(name, &cursor, findings);
    }
}

fn missing(key: &str, example: &str, noticed: Noticed) -> Diagnostic {
    let consequence = match noticed {
        Noticed::AtOnce => "`ray up` stops at once",
        Noticed::HeadRented => "`ray up` breaks when the head node is already rented",
        Noticed::OnHead => "the head node starts, but no worker ever does",
    };
    Diagnostic::error("missing-key", format!("`{key}` is missing: {consequence}"))
        .help(format!("add `{example}`"))
}

fn wrong_shape(key: &str, cursor: &Cursor<'_>, shape: Shape) -> Option<Diagnostic> {
    let (fits, expected) = match shape {
        Shape::Text => (cursor.value.is_string(), "a text"),
        Shape::Number => (cursor.value.is_number(), "a number"),
        Shape::List => (cursor.value.is_sequence(), "a list"),
        Shape::Map => (cursor.value.is_mapping(), "keys with values"),
    };
    let help = match shape {
        Shape::Text => format!("write `{key}: \"…\"`"),
        Shape::Number => format!("write a number without quotes: `{key}: 5`"),
        Shape::List => format!("write `{key}: []` if there is nothing to list"),
        Shape::Map => format!("write `{key}: {{}}` if there is nothing to say"),
    };
    (!fits).then(|| {
        let message = format!("`{key}` is {}, but Ray wants {expected}", kind(cursor.value));
        cursor.mark(Diagnostic::error("wrong-type", message).help(help))
    })
}

fn provider(document: &Document<'_>, findings: &mut Vec<Diagnostic>) {
    const MODULE: &str = "ray_on_golem.provider.node_provider.GolemNodeProvider";
    let Some(provider) = document.at(&["provider"]).filter(|provider| provider.value.is_mapping()) else {
        return;
    };
    for (key, example) in [("type", "external"), ("module", MODULE)] {
        match provider.get(key) {
            None => findings.push(
                provider.mark_key(
                    Diagnostic::error(
                        "missing-key",
                        format!("`provider.{key}` is missing: `ray up` stops at once"),
                    )
                    .help(format!("add `{key}: \"{example}\"`")),
                ),
            ),
            Some(cursor) if cursor.value.as_str() != Some(example) => findings.push(
                cursor.mark(
                    Diagnostic::error(
                        "not-ray-on-golem",
                        format!("`provider.{key}` does not lead to ray-on-golem"),
                    )
                    .help(format!("write `{key}: \"{example}\"`")),
                ),
            ),
            Some(_) => {}
        }
    }
    match provider.get("parameters") {
        None => findings.push(
            provider.mark_key(
                Diagnostic::error("missing-key", "`provider.parameters` is missing: `ray up` stops at once")
                    .help(
                        "add `parameters:` with `payment_network`, `total_budget` and `node_config` under it",
                    ),
            ),
        ),
        Some(parameters) => findings.extend(wrong_shape("parameters", &parameters, Shape::Map)),
    }
}

fn node_type(name: &str, cursor: &Cursor<'_>, findings: &mut Vec<Diagnostic>) {
    for key in ["resources", "node_config"] {
        match cursor.get(key) {
            None => findings.push(
                cursor.mark_key(
                    Diagnostic::error(
                        "missing-key",
                        format!("`{name}` lacks `{key}`: `ray up` stops at once"),
                    )
                    .help(format!("add `{key}: {{}}` to `{name}`")),
                ),
            ),
            Some(value) => findings.extend(wrong_shape(key, &value, Shape::Map)),
        }
    }
    for (resource, amount) in cursor.get("resources").map(|resources| resources.entries()).unwrap_or_default()
    {
        if !matches!(amount.value, Value::Number(number) if number.is_u64()) {
            findings.push(
                amount.mark(
                    Diagnostic::error(
                        "wrong-type",
                        format!("the resource `{resource}` must be a whole number"),
                    )
                    .help(format!("write `{resource}: 1`")),
                ),
            );
        }
    }
    for (key, value) in cursor.entries() {
        findings.extend(unknown_key(key, &value, &OF_NODE_TYPE, &format!("in `{name}`")));
    }
}
