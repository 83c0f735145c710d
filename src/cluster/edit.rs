//! Declares origins in `outbound_urls` and leaves every other byte of the cluster file alone.
//!
//! May import `error`, `diagnostic` and its siblings. Invariant: before an edited text is given out it is read again, and
//! it must say what the old one said and the new origins, nothing else; a file for which that fails is left to its
//! owner.

mod insertion;
mod verify;

use url::Url;

use super::config::{COMMON, ClusterConfig, NodeType};
use super::document::Document;
use crate::diagnostic::as_error;
use crate::error::{Error, Result};
use crate::outbound::filter::endpoint;

/// A cluster file that declares what it was asked to declare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The whole text.
    pub text: String,
    /// The origins that were not declared before, as they now stand in the list.
    pub added: Vec<String>,
}

/// Declares the origins (scheme, host and port) of some URLs for every node type, because Ray runs a task on any of
/// them. What is declared already is not repeated. The place is the list that all nodes share; only where there is
/// none and each node type has a list of its own, these.
///
/// # Errors
/// The text is no cluster file, or its list is written so that no edit is certain to be right.
pub fn declare(text: &str, urls: &[Url]) -> Result<Declared> {
    let mut current = text.to_owned();
    let mut added: Vec<String> = Vec::new();
    loop {
        let (path, missing) = {
            let document = parse(&current)?;
            let config = ClusterConfig::view(&document);
            let Some(next) = next_place(&document, &config, urls) else { break };
            next
        };
        let missing: Vec<Url> = missing.into_iter().cloned().collect();
        let origins: Vec<String> = missing.iter().map(origin).collect();
        let keys: Vec<&str> = path.iter().map(String::as_str).collect();
        let edited = insertion::insert(&current, &keys, &origins)
            .filter(|edited| verify::says_only(&current, edited, &origins))
            .ok_or_else(|| by_hand(&path, &origins))?;
        for origin in origins {
            if !added.contains(&origin) {
                added.push(origin);
            }
        }
        current = edited;
    }
    Ok(Declared { text: current, added })
}

fn parse(text: &str) -> Result<Document> {
    Document::parse(text).map_err(|finding| {
        let unusable = Error::usage("failed to read the cluster file");
        as_error("golem-cluster.yaml", text, &[*finding])
            .unwrap_or(unusable)
            .hint("mend it, then look again: `golem-outbound check`")
    })
}

/// The URL's scheme, host and port, as it stands in `outbound_urls`.
pub fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The path of a list that lacks something, and what it lacks, one URL for each origin.
fn next_place<'u>(
    document: &Document,
    config: &ClusterConfig,
    urls: &'u [Url],
) -> Option<(Vec<String>, Vec<&'u Url>)> {
    let path =
        |way: &[&str]| way.iter().chain(&["demand", "outbound_urls"]).map(|key| (*key).to_owned()).collect();
    let has_list = |way: &[&str]| document.at(&[way, &["demand", "outbound_urls"]].concat()).is_some();
    let own = |node_type: &NodeType| has_list(&["available_node_types", &node_type.name, "node_config"]);
    if !has_list(&COMMON) && !config.node_types.is_empty() && config.node_types.iter().all(own) {
        return config.node_types.iter().find_map(|node_type| {
            let lacks = missing(&[node_type], urls);
            let way = ["available_node_types", &node_type.name, "node_config"];
            (!lacks.is_empty()).then(|| (path(&way), lacks))
        });
    }
    let lacks = if config.node_types.is_empty() {
        let listed = document.at(&[&COMMON[..], &["demand", "outbound_urls"]].concat());
        let listed = listed.map(|list| list.items()).unwrap_or_default();
        let has = |url: &&Url| listed.iter().any(|item| item.value.as_str() == Some(&origin(url)));
        distinct(urls.iter().filter(|url| !has(url)))
    } else {
        missing(&config.node_types.iter().collect::<Vec<_>>(), urls)
    };
    (!lacks.is_empty()).then(|| (path(&COMMON), lacks))
}

/// The URLs that one of the node types does not declare.
fn missing<'u>(node_types: &[&NodeType], urls: &'u [Url]) -> Vec<&'u Url> {
    let covers = |node_type: &NodeType, url: &Url| {
        node_type.demand.outbound_urls.iter().any(|declared| endpoint(declared) == endpoint(url))
    };
    distinct(urls.iter().filter(|url| !node_types.iter().all(|node_type| covers(node_type, url))))
}

fn distinct<'u>(urls: impl Iterator<Item = &'u Url>) -> Vec<&'u Url> {
    let mut kept: Vec<&Url> = Vec::new();
    for url in urls {
        if !kept.iter().any(|other| other.origin() == url.origin()) {
            kept.push(url);
        }
    }
    kept
}

fn by_hand(path: &[String], origins: &[String]) -> Error {
    let lines: Vec<String> = origins.iter().map(|origin| format!("`- \"{origin}\"`")).collect();
    Error::usage(format!(
        "failed to add {} to `outbound_urls`: the cluster file is written in a way that this program cannot edit for certain",
        origins.iter().map(|origin| format!("`{origin}`")).collect::<Vec<_>>().join(", ")
    ))
    .hint(format!("write {} under `{}` yourself, then type the same command again", lines.join(", "), path.join(".")))
}

#[cfg(test)]
mod tests;
