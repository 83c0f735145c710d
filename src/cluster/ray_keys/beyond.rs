//! What Ray's and ray-on-golem's code asks of Ray's keys beyond the schema.
//!
//! May import its siblings. Invariant: an error here is an exception there, in `ray up` or, when the head node is rented
//! already, behind it; a warning is a key that changes nothing.

use super::{Cursor, Diagnostic, Document, kind};
use crate::cluster::config::node_types;

const MODULE: &str = "ray_on_golem.provider.node_provider.GolemNodeProvider";

pub(super) fn check(document: &Document, findings: &mut Vec<Diagnostic>) {
    if let Some(provider) = document.at(&["provider"]).filter(|provider| provider.value.is_mapping()) {
        self::provider(&provider, findings);
    }
    for (remote, local) in document.at(&["file_mounts"]).map(|mounts| mounts.entries()).unwrap_or_default() {
        // `hash_runtime_conf` (`util.py`) opens it as a path; the head node is rented by then.
        if !local.value.is_string() {
            let message = format!(
                "what is copied to `{remote}` is {}, but must be a path here: `ray up` breaks when the head node is already rented",
                local.described()
            );
            findings
                .push(local.mark(Diagnostic::error("wrong-type", message).help("put the path into quotes")));
        }
    }
    if let Some(docker) = document.at(&["docker"]).filter(|docker| docker.value.is_mapping()) {
        self::docker(&docker, findings);
    }
    if let Some(cursor) = document.at(&["min_workers"]) {
        let finding = Diagnostic::warning(
            "key-without-effect",
            "Ray takes no notice of `min_workers` at the top of the file",
        );
        findings
            .push(cursor.mark_key(finding.help("write it into a node type below `available_node_types`")));
    }
    for (name, node_type) in node_types(document) {
        let numbers =
            ["min_workers", "max_workers"].into_iter().filter_map(|key| Some((key, node_type.get(key)?)));
        for (key, cursor) in
            numbers.filter(|(_, cursor)| cursor.value.as_f64().is_some_and(|number| number < 0.0))
        {
            let message = format!("`{key}` of `{name}` is below 0, which asks for as little as 0 does");
            findings.push(
                cursor.mark(
                    Diagnostic::warning("workers-below-zero", message).help(format!("write `{key}: 0`")),
                ),
            );
        }
    }
}

fn provider(provider: &Cursor<'_>, findings: &mut Vec<Diagnostic>) {
    for (key, example) in [("type", "external"), ("module", MODULE)] {
        match provider.get(key) {
            None => {
                let message = format!("`provider.{key}` is missing: `ray up` stops at once");
                let finding =
                    Diagnostic::error("missing-key", message).help(format!("add `{key}: \"{example}\"`"));
                findings.push(provider.mark_key(finding));
            }
            Some(cursor) if cursor.value.is_string() && cursor.value.as_str() != Some(example) => {
                let message = format!("`provider.{key}` does not lead to ray-on-golem");
                let finding = Diagnostic::error("not-ray-on-golem", message);
                findings.push(cursor.mark(finding.help(format!("write `{key}: \"{example}\"`"))));
            }
            Some(_) => {}
        }
    }
    match provider.get("parameters") {
        None => {
            let finding =
                Diagnostic::error("missing-key", "`provider.parameters` is missing: `ray up` stops at once");
            findings.push(provider.mark_key(finding.help(
                "add `parameters:` with `payment_network`, `total_budget` and `node_config` under it",
            )));
        }
        Some(parameters) if !parameters.value.is_mapping() => {
            let message = format!(
                "`parameters` is {}, but ray-on-golem wants keys with values",
                kind(parameters.value)
            );
            findings.push(parameters.mark(Diagnostic::error("wrong-type", message)));
        }
        Some(_) => {}
    }
}

/// Nodes on Golem run no Docker, but Ray looks into the key all the same (`docker.py` `validate_docker_config`, then
/// `updater.py` when the head node is rented).
fn docker(docker: &Cursor<'_>, findings: &mut Vec<Diagnostic>) {
    let set = |key: &str| docker.get(key).is_some_and(|cursor| cursor.value.as_str() != Some(""));
    let image = set("image") || (set("head_image") && set("worker_image"));
    let empty = docker.value.as_mapping().is_some_and(|mapping| mapping.is_empty());
    let finding = if set("container_name") != image {
        let message = "`docker` needs both an image and a `container_name`: `ray up` stops at once";
        Diagnostic::error("docker-incomplete", message)
    } else if !empty && docker.get("container_name").is_none() {
        let message =
            "`docker` lacks a `container_name`: `ray up` breaks when the head node is already rented";
        Diagnostic::error("docker-incomplete", message)
    } else {
        Diagnostic::warning("key-without-effect", "nodes on Golem run no Docker, so `docker` changes nothing")
    };
    let help = "remove `docker`: what a node runs is its image, `image_tag` in `node_config.demand`";
    findings.push(docker.mark_key(finding.help(help)));
}
