//! What a cluster file demands and pays against what a market offers.
//!
//! May import its siblings. Invariant: offers come as values, whoever's they are; a finding is a warning, because other
//! markets have other providers; a subnet in which the market offers nothing at all is not judged.

use super::config::{COMMON, ClusterConfig, NodeType, node_types};
use super::document::{Cursor, Document};
use crate::diagnostic::Diagnostic;

/// Offers of providers.
#[derive(Clone, Debug)]
pub struct Market {
    /// Whose it is, as a sentence names it: `the localnet`.
    pub name: String,
    /// What is offered.
    pub offers: Vec<Offer>,
}

/// What one provider offers.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// `golem.node.debug.subnet`.
    pub subnet: String,
    /// Threads of the CPU.
    pub cpu_threads: f64,
    /// Memory in GiB.
    pub mem_gib: f64,
    /// Storage in GiB.
    pub storage_gib: f64,
    /// GLM once, when an activity starts.
    pub start: f64,
    /// GLM for an hour of a busy thread.
    pub cpu_hour: f64,
    /// GLM for an hour of an activity's life.
    pub env_hour: f64,
}

/// A limit that the cluster file sets: where it stands, what it is, and how an offer compares.
struct Limit {
    path: &'static [&'static str],
    written: f64,
    /// What the limit is about, with the best offer's figure to be filled in.
    most: &'static str,
    least: bool,
    offered: Box<dyn Fn(&Offer) -> f64>,
}

impl Limit {
    fn admits(&self, offer: &Offer) -> bool {
        let offered = (self.offered)(offer);
        if self.least { offered >= self.written } else { offered <= self.written }
    }

    /// The figure that comes closest.
    fn closest(&self, offers: &[&Offer]) -> f64 {
        let offered = offers.iter().map(|offer| (self.offered)(offer));
        if self.least { offered.fold(0.0, f64::max) } else { offered.fold(f64::INFINITY, f64::min) }
    }
}

/// Findings about node types for which no provider of a market would do.
pub fn market_findings(text: &str, market: &Market) -> Vec<Diagnostic> {
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let config = ClusterConfig::view(&document);
    let mut findings: Vec<Diagnostic> = Vec::new();
    for node_type in &config.node_types {
        let is_head = node_type.name == config.head_node_type;
        let finding = node_type_finding(&document, node_type, is_head, market);
        // What the common settings cause is the same for every node type; once is enough.
        let said = |finding: &Diagnostic| {
            findings.iter().any(|other| (other.code, other.span) == (finding.code, finding.span))
        };
        let finding = finding.filter(|finding| !said(finding));
        findings.extend(finding);
    }
    findings
}

fn node_type_finding(
    document: &Document,
    node_type: &NodeType,
    is_head: bool,
    market: &Market,
) -> Option<Diagnostic> {
    let priority = if is_head { node_type.priority_subnet_tag.as_deref() } else { None };
    let subnets = [Some(node_type.subnet_tag.as_str()), priority];
    let near: Vec<&Offer> =
        market.offers.iter().filter(|offer| subnets.contains(&Some(offer.subnet.as_str()))).collect();
    if near.is_empty() {
        return None;
    }
    let place = |path: &[&str]| find(document, &node_type.name, path);
    let demands = demands(node_type);
    let large: Vec<&Offer> =
        near.iter().copied().filter(|offer| demands.iter().all(|limit| limit.admits(offer))).collect();
    if large.is_empty() {
        let help = "lower it, or look who offers more: `ray-on-golem network-stats`";
        return Some(too_much("demand-above-market", &demands, &near, &["demand"], market, &place, help));
    }
    let prices = prices(node_type);
    let cheap = large.iter().any(|offer| prices.iter().all(|limit| limit.admits(offer)));
    (!cheap).then(|| {
        let help = "raise it, or look what the network asks: `ray-on-golem network-stats`";
        too_much("price-below-market", &prices, &large, &["budget_control"], market, &place, help)
    })
}

/// The finding about the limit that nobody meets; about all of them, if nobody meets them together.
fn too_much<'d>(
    code: &'static str,
    limits: &[Limit],
    offers: &[&Offer],
    whole: &[&'static str],
    market: &Market,
    place: &dyn Fn(&[&str]) -> Option<Cursor<'d>>,
    help: &str,
) -> Diagnostic {
    let alone = limits.iter().find(|limit| !offers.iter().any(|offer| limit.admits(offer)));
    let (path, message) = match alone {
        Some(limit) => {
            let closest = figure(limit.closest(offers));
            let said = limit.most.replace("{}", &closest);
            (limit.path, format!("no provider of {} {said}", market.name))
        }
        None => {
            let names: Vec<String> =
                limits.iter().filter_map(|limit| Some(format!("`{}`", limit.path.last()?))).collect();
            (whole, format!("no provider of {} meets {} together", market.name, names.join(", ")))
        }
    };
    let finding = match code {
        "demand-above-market" => Diagnostic::warning("demand-above-market", message),
        _ => Diagnostic::warning("price-below-market", message),
    };
    let finding = finding.help(help);
    match place(path) {
        Some(cursor) => cursor.mark(finding),
        None => finding,
    }
}

fn demands(node_type: &NodeType) -> Vec<Limit> {
    let demand = &node_type.demand;
    let limit = |key: &'static [&'static str], written, most, least, offered: fn(&Offer) -> f64| Limit {
        path: key,
        written,
        most,
        least,
        offered: Box::new(offered),
    };
    let mut limits = vec![
        limit(
            &["demand", "min_mem_gib"],
            demand.min_mem_gib,
            "has that much memory: the largest has {} GiB",
            true,
            |offer| offer.mem_gib,
        ),
        limit(
            &["demand", "min_cpu_threads"],
            demand.min_cpu_threads as f64,
            "has that many threads: the largest has {}",
            true,
            |offer| offer.cpu_threads,
        ),
        limit(
            &["demand", "min_storage_gib"],
            demand.min_storage_gib,
            "has that much storage: the largest has {} GiB",
            true,
            |offer| offer.storage_gib,
        ),
    ];
    if let Some(most) = demand.max_cpu_threads {
        limits.push(limit(
            &["demand", "max_cpu_threads"],
            most as f64,
            "has so few threads: the smallest has {}",
            false,
            |offer| offer.cpu_threads,
        ));
    }
    limits
}

fn prices(node_type: &NodeType) -> Vec<Limit> {
    let budget = &node_type.budget;
    let mut limits = Vec::new();
    let mut limit = |path, written: Option<f64>, most, offered: Box<dyn Fn(&Offer) -> f64>| {
        limits.extend(written.map(|written| Limit { path, written, most, least: false, offered }));
    };
    limit(
        &["budget_control", "max_start_price"],
        budget.max_start_price,
        "starts a node for so little: the cheapest asks {} GLM",
        Box::new(|offer| offer.start),
    );
    limit(
        &["budget_control", "max_cpu_per_hour_price"],
        budget.max_cpu_per_hour_price,
        "gives an hour of a thread for so little: the cheapest asks {} GLM",
        Box::new(|offer| offer.cpu_hour),
    );
    limit(
        &["budget_control", "max_env_per_hour_price"],
        budget.max_env_per_hour_price,
        "gives an hour of a node for so little: the cheapest asks {} GLM",
        Box::new(|offer| offer.env_hour),
    );
    if let Some(usage) = budget.usage {
        let cost = move |offer: &Offer| {
            let of_node = offer.start + offer.env_hour * usage.duration_hours;
            of_node / offer.cpu_threads + offer.cpu_hour * usage.cpu_load * usage.duration_hours
        };
        limit(
            &["budget_control", "per_cpu_expected_usage", "max_cost"],
            usage.max_cost,
            "gives a thread for that time at so little: the cheapest costs {} GLM",
            Box::new(cost),
        );
    }
    limits
}

/// The value that counts for a node type: its own, else the common one.
fn find<'d>(document: &'d Document, node_type: &str, path: &[&str]) -> Option<Cursor<'d>> {
    let at = |config: Cursor<'d>| path.iter().try_fold(config, |cursor, key| cursor.get(key));
    let own = node_types(document).into_iter().find(|(name, _)| *name == node_type);
    own.and_then(|(_, cursor)| at(cursor.get("node_config")?)).or_else(|| at(document.at(&COMMON)?))
}

/// Four digits behind the point say enough of a price.
fn figure(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
