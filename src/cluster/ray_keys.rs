//! The keys that Ray 2.9.3 needs and allows.
//!
//! May import its siblings. Invariant: what Ray's schema refuses is an error, and so is a key whose absence shows only
//! after the head node was rented.

mod beyond;
mod schema;

use self::schema::{Keys, Shape, TOP};
use super::document::{Cursor, Document, kind};
use super::golem_keys::unknown_key;
use crate::diagnostic::Diagnostic;

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

/// Key, what to write if there is nothing to say, and when it is missed.
const NEEDED: [(&str, &str, Noticed); 13] = [
    ("cluster_name", "cluster_name: golem-cluster", Noticed::AtOnce),
    ("max_workers", "max_workers: 10", Noticed::AtOnce),
    ("provider", "provider:", Noticed::AtOnce),
    ("available_node_types", "available_node_types:", Noticed::AtOnce),
    ("setup_commands", "setup_commands: []", Noticed::AtOnce),
    ("head_setup_commands", "head_setup_commands: []", Noticed::AtOnce),
    ("worker_setup_commands", "worker_setup_commands: []", Noticed::AtOnce),
    ("cluster_synced_files", "cluster_synced_files: []", Noticed::AtOnce),
    ("file_mounts", "file_mounts: {}", Noticed::HeadRented),
    ("initialization_commands", "initialization_commands: []", Noticed::HeadRented),
    (
        "head_start_ray_commands",
        "head_start_ray_commands: [\"ray start --head --node-ip-address $NODE_IP \
         --include-dashboard=True --dashboard-host 0.0.0.0 --disable-usage-stats \
         --autoscaling-config=~/ray_bootstrap_config.yaml\"]",
        Noticed::HeadRented,
    ),
    ("idle_timeout_minutes", "idle_timeout_minutes: 5", Noticed::OnHead),
    (
        "worker_start_ray_commands",
        "worker_start_ray_commands: [\"ray start --address $RAY_HEAD_IP:6379\"]",
        Noticed::OnHead,
    ),
];

pub(super) fn check(document: &Document, findings: &mut Vec<Diagnostic>) {
    let root = document.root();
    for (key, example, noticed) in NEEDED {
        if root.get(key).is_none() {
            findings.push(missing(key, example, noticed));
        }
    }
    keys(&root, &TOP, TOP.place, findings);
    beyond::check(document, findings);
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

/// The keys of a mapping: which there are, which are missing, and what they hold.
fn keys(mapping: &Cursor<'_>, keys: &Keys, place: &str, findings: &mut Vec<Diagnostic>) {
    let allowed: Vec<&str> = keys.known.iter().map(|(key, _)| *key).collect();
    for required in keys.required.iter().filter(|required| mapping.get(required).is_none()) {
        let name = place.strip_prefix("in ").unwrap_or(place);
        let message = format!("{name} lacks `{required}`: `ray up` stops at once");
        let example =
            if *required == "type" { "type: service_account" } else { &format!("{required}: {{}}") };
        let finding = Diagnostic::error("missing-key", message).help(format!("add `{example}` to {name}"));
        findings.push(mapping.mark_key(finding));
    }
    for (key, value) in mapping.entries() {
        match keys.known.iter().find(|(known, _)| *known == key) {
            Some((_, shape)) => self::value(key, &value, *shape, findings),
            None if keys.open => {}
            None => findings.extend(unknown_key(key, &value, &allowed, place)),
        }
    }
}

/// A value against its shape, and what is in it.
fn value(key: &str, cursor: &Cursor<'_>, shape: Shape, findings: &mut Vec<Diagnostic>) {
    if let Some(finding) = wrong_shape(key, cursor, shape) {
        findings.push(finding);
        return;
    }
    match shape {
        Shape::Keys(inner) => keys(cursor, inner, inner.place, findings),
        Shape::Each(inner) => {
            for (key, value) in cursor.entries() {
                match inner {
                    Shape::Keys(keys) if value.value.is_mapping() => {
                        self::keys(&value, keys, &format!("in `{key}`"), findings);
                    }
                    _ => self::value(key, &value, *inner, findings),
                }
            }
        }
        Shape::Commands => {
            for item in cursor.items().iter().filter(|item| !item.value.is_string()) {
                let message = format!("a command in `{key}` is {}, but Ray wants a text", item.described());
                let finding = Diagnostic::error("wrong-type", message);
                findings.push(item.mark(finding.help("put the whole command into quotes")));
            }
        }
        _ => {}
    }
}

fn wrong_shape(key: &str, cursor: &Cursor<'_>, shape: Shape) -> Option<Diagnostic> {
    let value = cursor.value;
    let number = value.as_f64();
    let whole = number.is_some_and(|number| number.fract() == 0.0);
    let positive = number.is_some_and(|number| number >= 0.0);
    let (fits, expected, help) = match shape {
        Shape::Any => (true, "anything", String::new()),
        Shape::Text => (value.is_string(), "a text", quoted(key, cursor)),
        Shape::TextOrNull => (value.is_string() || value.is_null(), "a text", quoted(key, cursor)),
        Shape::Word(words) => (
            value.as_str().is_some_and(|word| words.contains(&word)),
            "one of certain words",
            format!(
                "write one of {}",
                words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
            ),
        ),
        Shape::Flag => (
            value.is_bool(),
            "true or false",
            format!("write `{key}: true` or `{key}: false`, without quotes"),
        ),
        Shape::Whole => (whole, "a whole number", format!("write a number without quotes: `{key}: 1`")),
        Shape::WholeFromZero => {
            (whole && positive, "a whole number from 0", format!("write a number without quotes: `{key}: 1`"))
        }
        Shape::NumberFromZero => {
            (positive, "a number from 0", format!("write a number without quotes: `{key}: 5`"))
        }
        Shape::List | Shape::Commands => {
            (value.is_sequence(), "a list", format!("write `{key}: []` if there is nothing to list"))
        }
        Shape::Map | Shape::Keys(_) | Shape::Each(_) => (
            value.is_mapping(),
            "keys with values",
            format!("write `{key}: {{}}` if there is nothing to say"),
        ),
    };
    (!fits).then(|| {
        let message = format!("`{key}` is {}, but Ray wants {expected}", cursor.described());
        cursor.mark(Diagnostic::error("wrong-type", message).help(help))
    })
}

/// What to write where a text is wanted: the very characters that are there, in quotes.
fn quoted(key: &str, cursor: &Cursor<'_>) -> String {
    match &cursor.node().plain {
        Some(plain) if !plain.is_empty() => format!("put it into quotes: `{key}: \"{plain}\"`"),
        _ => format!("write `{key}: \"…\"`"),
    }
}
