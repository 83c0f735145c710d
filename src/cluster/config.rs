//! The typed view of a cluster file: what ray-on-golem 0.13 makes of it.
//!
//! May import `outbound` and its siblings. Invariant: defaults are ray-on-golem's own (`server/models.py`,
//! `provider/node_provider.py:40-57`), and common settings are merged under each node type as it merges them.

use serde_yaml::Value;
use url::Url;

use super::budget::Budget;
use super::document::{Cursor, Document};

/// A cluster file.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterConfig {
    /// Ray's name of the cluster.
    pub cluster_name: String,
    /// The blockchain network, `holesky` if not written.
    pub payment_network: String,
    /// GLM that the whole cluster may spend, 5 if not written.
    pub total_budget: f64,
    /// The port of ray-on-golem's webserver, 4578 if not written.
    pub webserver_port: u16,
    /// The image of the head node.
    pub image_tag: Option<String>,
    /// The URLs that the head node asks for.
    pub outbound_urls: Vec<Url>,
    /// Sum of the `min_workers` of all node types.
    pub min_workers: u64,
    /// Workers at most, in addition to the head.
    pub max_workers: u64,
    /// The node type of the head.
    pub head_node_type: String,
    /// Commands that run on every node, before `setup_commands`.
    pub initialization_commands: Vec<String>,
    /// Commands that run on nodes: the common ones, the head's and the workers'.
    pub setup_commands: Vec<String>,
    /// All node types, in the order of the file.
    pub node_types: Vec<NodeType>,
}

/// One entry of `available_node_types`.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeType {
    /// Its key.
    pub name: String,
    /// Workers of this type that are started at once.
    pub min_workers: u64,
    /// Workers of this type at most; Ray's own defaults where it is not written.
    pub max_workers: u64,
    /// The subnet in which nodes are looked for.
    pub subnet_tag: String,
    /// A subnet that is looked through first; for the head `ray-on-golem-heads` where it is not written.
    pub priority_subnet_tag: Option<String>,
    /// What a node may cost.
    pub budget: Budget,
    /// What is demanded, with the common demand merged under it.
    pub demand: Demand,
}

/// What ray-on-golem demands from providers for a node type.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// The image's tag.
    pub image_tag: Option<String>,
    /// The image's hash, instead of the tag.
    pub image_hash: Option<String>,
    /// The URLs of the manifest. Lists of the common demand and of the node type are joined.
    pub outbound_urls: Vec<Url>,
    /// The same as they are written, among them those that are no URLs: ray-on-golem sends the texts.
    pub outbound_entries: Vec<String>,
    /// Memory in GiB at least.
    pub min_mem_gib: f64,
    /// CPU threads at least.
    pub min_cpu_threads: u64,
    /// Storage in GiB at least.
    pub min_storage_gib: f64,
    /// CPU threads at most.
    pub max_cpu_threads: Option<u64>,
    /// The runtime, `vm` if not written.
    pub runtime: String,
}

/// The way to the settings that all node types share.
pub(super) const COMMON: [&str; 3] = ["provider", "parameters", "node_config"];

/// Ray's name of the head's node type where `head_node_type` is not written.
const DEFAULT_HEAD: &str = "ray.head.default";

/// The subnet that ray-on-golem prefers for heads.
const HEADS: &str = "ray-on-golem-heads";

impl ClusterConfig {
    pub(super) fn view(document: &Document) -> Self {
        let parameter = |key| document.at(&["provider", "parameters", key]);
        let max_workers = number(document.at(&["max_workers"])).unwrap_or(0.0) as u64;
        let head_node_type = text(document.at(&["head_node_type"])).unwrap_or_else(|| DEFAULT_HEAD.into());
        let node_types: Vec<NodeType> = node_types(document)
            .into_iter()
            .map(|(name, cursor)| {
                NodeType::view(document, name, &cursor, name == head_node_type, max_workers)
            })
            .collect();
        let head = node_types.iter().find(|node_type| node_type.name == head_node_type);
        let commands = |key| texts(document.at(&[key]));
        let setup = ["setup_commands", "head_setup_commands", "worker_setup_commands"];
        Self {
            cluster_name: text(document.at(&["cluster_name"])).unwrap_or_default(),
            payment_network: text(parameter("payment_network")).unwrap_or_else(|| "holesky".into()),
            total_budget: number(parameter("total_budget")).unwrap_or(5.0),
            webserver_port: number(parameter("webserver_port")).map_or(4578, |port| port as u16),
            image_tag: head.and_then(|head| head.demand.image_tag.clone()),
            outbound_urls: head.map(|head| head.demand.outbound_urls.clone()).unwrap_or_default(),
            min_workers: node_types.iter().map(|node_type| node_type.min_workers).sum(),
            max_workers,
            head_node_type,
            initialization_commands: commands("initialization_commands"),
            setup_commands: setup.into_iter().flat_map(commands).collect(),
            node_types,
        }
    }
}

impl NodeType {
    fn view(document: &Document, name: &str, cursor: &Cursor<'_>, is_head: bool, max_workers: u64) -> Self {
        let configs: Vec<Cursor<'_>> =
            document.at(&COMMON).into_iter().chain(cursor.get("node_config")).collect();
        let subnet_tag = configs.iter().rev().find_map(|config| text(config.get("subnet_tag")));
        let priority = configs.iter().rev().find_map(|config| config.get("priority_subnet_tag"));
        // Where Ray has no number, the head is no worker and other types may fill the cluster.
        let max_of_type = if is_head { 0 } else { max_workers };
        Self {
            name: name.to_owned(),
            min_workers: number(cursor.get("min_workers")).unwrap_or(0.0) as u64,
            max_workers: number(cursor.get("max_workers")).map_or(max_of_type, |number| number as u64),
            subnet_tag: subnet_tag.unwrap_or_else(|| "public".into()),
            priority_subnet_tag: match priority {
                Some(priority) => text(Some(priority)),
                None => is_head.then(|| HEADS.to_owned()),
            },
            budget: Budget::view(&configs),
            demand: Demand::view(
                &configs.iter().filter_map(|config| config.get("demand")).collect::<Vec<_>>(),
            ),
        }
    }
}

impl Demand {
    /// Merges demands, the last one wins; lists are joined, because that is `dpath.merge`'s default.
    fn view(layers: &[Cursor<'_>]) -> Self {
        let last = |key| layers.iter().rev().find_map(|layer| layer.get(key));
        let lists = layers.iter().filter_map(|layer| layer.get("outbound_urls"));
        let outbound_entries: Vec<String> = lists.flat_map(|list| texts(Some(list))).collect();
        Self {
            image_tag: text(last("image_tag")),
            image_hash: text(last("image_hash")),
            outbound_urls: outbound_entries.iter().filter_map(|url| Url::parse(url.trim()).ok()).collect(),
            outbound_entries,
            min_mem_gib: number(last("min_mem_gib")).unwrap_or(0.0),
            min_cpu_threads: number(last("min_cpu_threads")).unwrap_or(0.0) as u64,
            min_storage_gib: number(last("min_storage_gib")).unwrap_or(0.0),
            max_cpu_threads: number(last("max_cpu_threads")).map(|number| number as u64),
            runtime: text(last("runtime")).unwrap_or_else(|| "vm".into()),
        }
    }
}

/// The entries of `available_node_types`.
pub(super) fn node_types<'d>(document: &'d Document) -> Vec<(&'d str, Cursor<'d>)> {
    document.at(&["available_node_types"]).map(|types| types.entries()).unwrap_or_default()
}

/// Every place where a `node_config` stands: the common one, then those of the node types.
pub(super) fn node_configs<'d>(document: &'d Document) -> Vec<Cursor<'d>> {
    let of_types = node_types(document).into_iter().filter_map(|(_, node_type)| node_type.get("node_config"));
    document.at(&COMMON).into_iter().chain(of_types).collect()
}

fn text(cursor: Option<Cursor<'_>>) -> Option<String> {
    match cursor?.value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(if *flag { "True" } else { "False" }.to_owned()),
        _ => None,
    }
}

/// A number; a text that is one counts, and so do true and false, as pydantic takes them (`float()`).
pub(super) fn number(cursor: Option<Cursor<'_>>) -> Option<f64> {
    match cursor?.value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(flag) => Some(f64::from(*flag)),
        Value::String(text) => python_digits(text)?.parse().ok(),
        _ => None,
    }
}

/// The digits of a text that Python may take for a number: blanks around it do not count, nor single `_` between digits.
pub(super) fn python_digits(text: &str) -> Option<String> {
    let text = text.trim();
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let underscores = text.match_indices('_');
    let between = |at: usize| digit(text[..at].chars().next_back()) && digit(text[at + 1..].chars().next());
    underscores.map(|(at, _)| at).all(between).then(|| text.replace('_', ""))
}

fn texts(cursor: Option<Cursor<'_>>) -> Vec<String> {
    let items = cursor.map(|list| list.items()).unwrap_or_default();
    items.iter().filter_map(|item| item.value.as_str()).map(str::to_owned).collect()
}
