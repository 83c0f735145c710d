//! Any text as constraints: reading and matching come to an end, and nothing is both so and not so.

use golem_outbound::localnet::market::constraint::{Constraint, parse};
use golem_outbound::localnet::market::properties::flatten;

pub fn run(text: &str) {
    let Ok(constraint) = parse(text) else { return };
    let _ = constraint.to_string();
    let properties = serde_json::json!({
        "golem": {"runtime": {"name": "vm", "version": "0.4.1", "capabilities": ["inet", "vpn"]}},
        "golem.inf.cpu.threads": 8,
        "golem.inf.mem.gib": 1e300,
        "a": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
        "b": [],
        "c": true,
        "when": "2026-01-01T00:00:00Z",
        "": null,
    });
    for properties in [flatten(properties), flatten(serde_json::Value::Null)] {
        let so = constraint.matches(&properties);
        let not_so = Constraint::Not(Box::new(constraint.clone())).matches(&properties);
        assert!(!(so && not_so), "`{constraint}` both holds and does not");
    }
}
