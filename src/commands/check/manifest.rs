//! `check --show manifest`: what ray-on-golem would send, for each node type.
//!
//! May import `cluster` and `outbound`. Invariant: what only the registry knows is a value that cannot be mistaken for
//! a real one (a host below `.invalid`), unless it is given.

use serde_json::{Map, Value};
use url::Url;

use crate::cluster::{ClusterConfig, NodeType};
use crate::outbound::any_url::AnyUrl;
use crate::outbound::manifest::Manifest;

/// What is known of the image beside the cluster file.
#[derive(Debug, Default)]
pub(super) struct Image {
    pub(super) url: Option<Url>,
    pub(super) hash: Option<String>,
}

/// The manifest, once if it is the same for all node types that have one, else by node type.
pub(super) fn shown(config: Option<&ClusterConfig>, image: &Image, base64: bool) -> String {
    let Some(config) = config else { return String::new() };
    let manifests: Vec<(&str, Option<Manifest>)> =
        config.node_types.iter().map(|node| (node.name.as_str(), manifest(node, image))).collect();
    if config.node_types.iter().all(|node| node.demand.outbound_entries.is_empty()) {
        eprintln!("no `outbound_urls`, so ray-on-golem sends no manifest");
    }
    if manifests.iter().all(|(_, manifest)| manifest.is_none()) {
        return String::new();
    }
    if image.url.is_none() {
        eprintln!(
            "the image's address comes from the registry; `.invalid` stands for it, `--image-url` sets it"
        );
    }
    let alike = manifests.windows(2).all(|pair| pair[0].1 == pair[1].1);
    match (alike, base64) {
        (true, true) => manifests[0].1.iter().map(|manifest| manifest.to_base64() + "\n").collect(),
        (false, true) => {
            let line = |(name, manifest): &(&str, Option<Manifest>)| {
                Some(format!("{name}\t{}\n", manifest.as_ref()?.to_base64()))
            };
            manifests.iter().filter_map(line).collect()
        }
        (true, false) => pretty(&json(&manifests[0].1)),
        (false, false) => {
            let by_type = manifests.iter().map(|(name, manifest)| ((*name).to_owned(), json(manifest)));
            pretty(&Value::Object(by_type.collect::<Map<_, _>>()))
        }
    }
}

/// The manifest as JSON where the registry was not asked: one, or by node type where they differ.
pub(super) fn sent(config: &ClusterConfig) -> Option<Value> {
    let image = Image::default();
    let manifests = config.node_types.iter().map(|node| (node.name.clone(), manifest(node, &image)));
    let manifests: Vec<(String, Option<Manifest>)> = manifests.collect();
    let (_, first) = manifests.iter().find(|(_, manifest)| manifest.is_some())?;
    if manifests.iter().all(|(_, manifest)| manifest == first) {
        return Some(json(first));
    }
    Some(Value::Object(manifests.iter().map(|(name, manifest)| (name.clone(), json(manifest))).collect()))
}

fn manifest(node: &NodeType, image: &Image) -> Option<Manifest> {
    let demand = &node.demand;
    let entries = match entries(&demand.outbound_entries) {
        Ok(entries) if entries.is_empty() => return None,
        Ok(entries) => entries,
        Err(refused) => {
            eprintln!("`{}`: ray-on-golem sends nothing, because it refuses {refused}", node.name);
            return None;
        }
    };
    let url = image.url.as_ref().map_or_else(
        || {
            let tag = demand.image_tag.as_deref().or(demand.image_hash.as_deref()).unwrap_or_default();
            format!("https://registry.invalid/{}", tag.trim())
        },
        Url::to_string,
    );
    let hash = image
        .hash
        .as_deref()
        .or(demand.image_hash.as_deref())
        .unwrap_or("unknown-before-the-registry-is-asked");
    Some(Manifest::of_ray_on_golem(&url, hash, &entries))
}

/// The entries as ray-on-golem takes them, or the first that it refuses and its words.
fn entries(texts: &[String]) -> Result<Vec<AnyUrl>, String> {
    texts.iter().map(|text| AnyUrl::parse(text).map_err(|why| format!("`{text}`: {why}"))).collect()
}

fn json(manifest: &Option<Manifest>) -> Value {
    serde_json::to_value(manifest).expect("strings, lists and structs always become JSON")
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(worker: &str) -> ClusterConfig {
        let text = format!(
            "provider: {{parameters: {{node_config: {{demand: {{image_tag: a/b:1, outbound_urls: [\"https://ipfs.io\"]}}}}}}}}\n\
             available_node_types: {{ray.head.default: {{node_config: {{}}}}, w: {{node_config: {worker}}}}}\n"
        );
        ClusterConfig::parse(&text).0.unwrap()
    }

    #[test]
    fn one_manifest_for_all_alike() {
        let config = config("{}");
        let shown_json = shown(Some(&config), &Image::default(), false);
        let value: Value = serde_json::from_str(&shown_json).unwrap();
        assert_eq!(value["compManifest"]["net"]["inet"]["out"]["urls"][0], "https://ipfs.io");
        assert_eq!(value["payload"][0]["urls"][0], "https://registry.invalid/a/b:1");
        let image = Image { url: Some("http://r.example/i.gvmi".parse().unwrap()), hash: Some("ab".into()) };
        let base64 = shown(Some(&config), &image, true);
        let manifest = Manifest::decode(base64.trim()).unwrap();
        assert_eq!(manifest.payload[0].hash, "sha3:ab");
        assert_eq!(manifest.payload[0].urls, ["http://r.example/i.gvmi"]);
    }

    #[test]
    fn entries_are_sent_as_they_are_written() {
        let config = config("{demand: {outbound_urls: [\"HTTPS://IPFS.io:443/\", \" https://ipfs.io/a \"]}}");
        let value: Value = serde_json::from_str(&shown(Some(&config), &Image::default(), false)).unwrap();
        let out = &value["w"]["compManifest"]["net"]["inet"]["out"];
        assert_eq!(
            out["urls"],
            serde_json::json!(["https://ipfs.io", "HTTPS://IPFS.io:443/", "https://ipfs.io/a"])
        );
        assert_eq!(out["protocols"], serde_json::json!(["https", "HTTPS"]));
    }

    #[test]
    fn where_ray_on_golem_refuses_an_entry_there_is_no_manifest() {
        let config = config("{demand: {outbound_urls: [ipfs.io]}}");
        let value: Value = serde_json::from_str(&shown(Some(&config), &Image::default(), false)).unwrap();
        assert_eq!(value["w"], Value::Null);
        assert!(value["ray.head.default"].is_object());
    }

    #[test]
    fn by_node_type_where_they_differ() {
        let config = config("{demand: {outbound_urls: [\"https://github.com\"]}}");
        let value: Value = serde_json::from_str(&shown(Some(&config), &Image::default(), false)).unwrap();
        assert_eq!(value["w"]["compManifest"]["net"]["inet"]["out"]["urls"].as_array().unwrap().len(), 2);
        let base64 = shown(Some(&config), &Image::default(), true);
        for line in base64.lines() {
            let (_, property) = line.split_once('\t').unwrap();
            Manifest::decode(property).unwrap();
        }
        assert_eq!(base64.lines().count(), 2);
    }
}
