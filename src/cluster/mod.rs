//! `golem-cluster.yaml`: a typed view, and findings before a provider is paid.
//!
//! May import `error`, `diagnostic` and `outbound`. Invariant: text in, values and findings out; whatever ray-on-golem
//! or Ray would refuse only after a node has been rented is an error here.

mod budget;
mod ceiling;
mod config;
mod document;
pub mod edit;
mod golem_keys;
mod image;
mod local_files;
mod market;
mod outbound_urls;
mod payment;
mod pip;
mod python_imports;
mod python_literals;
mod python_modules;
mod python_urls;
mod pyyaml;
mod ray_keys;
mod reach;
mod rewording;
mod workers;
mod yaml_traps;

pub use budget::{Budget, Usage};
pub use ceiling::{Ceiling, TEARDOWN_TIME};
pub use config::{ClusterConfig, Demand, NodeType};
pub use image::{Releases, image_findings};
pub use local_files::local_file_findings;
pub use market::{Market, Offer, market_findings};
pub use python_modules::import_findings;
pub use python_urls::NOT_ON_NODES;
pub use reach::{script_findings, whitelist_findings};

use crate::diagnostic::Diagnostic;
use document::Document;

/// The index that pip asks on a node, and the only one that the default whitelist lets through.
pub const PIP_INDEX: &str = "https://pypi.dev.golem.network";

impl ClusterConfig {
    /// Reads a cluster file. The view is there whenever the text is YAML with a mapping at its top; values of a wrong
    /// type then hold ray-on-golem's defaults, so look at the findings before you act on it.
    pub fn parse(text: &str) -> (Option<Self>, Vec<Diagnostic>) {
        let document = match Document::parse(text) {
            Ok(document) => document,
            Err(finding) => return (None, vec![*finding]),
        };
        let config = Self::view(&document);
        let mut findings = Vec::new();
        ray_keys::check(text, &document, &mut findings);
        golem_keys::check(&document, &mut findings);
        outbound_urls::check(text, &document, &mut findings);
        image::check(&document, &config, &mut findings);
        budget::check(&document, &mut findings);
        workers::check(&document, &config, &mut findings);
        payment::check(&document, &config, &mut findings);
        pip::check(&document, &config, &mut findings);
        yaml_traps::check(&document, &mut findings);
        findings.sort_by_key(|finding| finding.span.map_or((usize::MAX, 0), |span| (span.line, span.column)));
        (Some(config), findings)
    }
}

#[cfg(test)]
mod tests;
