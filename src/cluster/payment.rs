//! Payment networks and the budget.
//!
//! May import its siblings. Invariant: a network that no longer exists is a warning, never an error, because an
//! emulated market can still carry its name.

use super::config::ClusterConfig;
use super::document::Document;
use crate::diagnostic::Diagnostic;
use crate::outbound::near_miss::closest_word;

/// Networks whose chains were shut down.
const DEAD: [&str; 4] = ["holesky", "goerli", "mumbai", "rinkeby"];
/// Networks that yagna knows and that live.
const ALIVE: [&str; 5] = ["hoodi", "polygon", "mainnet", "sepolia", "amoy"];

pub(super) fn check(document: &Document, config: &ClusterConfig, findings: &mut Vec<Diagnostic>) {
    let written = document.at(&["provider", "parameters", "payment_network"]);
    let name = config.payment_network.as_str();
    if let Some(finding) = network(name, written.is_some()) {
        findings.push(match &written {
            Some(cursor) => cursor.mark(finding),
            None => finding,
        });
    }
    if config.total_budget <= 0.0
        && let Some(cursor) = document.at(&["provider", "parameters", "total_budget"])
    {
        let finding =
            Diagnostic::error("budget-not-positive", "with this `total_budget` nothing can be paid");
        findings
            .push(cursor.mark(finding.help("write the GLM that the cluster may spend: `total_budget: 5`")));
    }
}

fn network(name: &str, written: bool) -> Option<Diagnostic> {
    let where_from = if written { "" } else { ", ray-on-golem's default," };
    if DEAD.contains(&name) {
        return Some(
            Diagnostic::warning("dead-payment-network", format!("`{name}`{where_from} has been shut down"))
                .help("for free test tokens write `payment_network: \"hoodi\"` (needs yagna 0.17.6); to pay, \"polygon\""),
        );
    }
    if name == "hoodi" {
        let finding = Diagnostic::warning(
            "hoodi-needs-newer-yagna",
            "ray-on-golem 0.13.0 brings a yagna without `hoodi`",
        );
        return Some(finding.help("install golem-node 0.17.6 beside it and set YAGNA_PATH to its `yagna`"));
    }
    if ALIVE.contains(&name) {
        return None;
    }
    let meant = closest_word(name, ALIVE);
    Some(
        Diagnostic::warning("unknown-payment-network", format!("yagna knows no payment network `{name}`"))
            .help(meant.map_or_else(
                || format!("it knows {}", ALIVE.join(", ")),
                |meant| format!("did you mean `{meant}`?"),
            )),
    )
}
