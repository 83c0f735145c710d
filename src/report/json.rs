//! The walk as one JSON document: `--report x.json` and the project's `.golem-outbound/last-run.json`. Its schema is
//! `docs/report.schema.json`.
//!
//! May import `evidence` and `event`. Pure. Invariant: the document has every key that the schema requires, whatever the
//! walk was.

use serde_json::{Value, json};

use super::Walk;
use super::walk::{StepReport, TornDown};

/// Grows with the shape of the document; readers refuse what they do not know.
pub const FORMAT: u32 = 2;

/// The document.
pub(super) fn render(walk: &Walk) -> String {
    let versions = walk.versions.iter().map(|version| (version.of.clone(), json!(version.is)));
    let document = json!({
        "format": FORMAT,
        "project": walk.project,
        "network": walk.network,
        "simulated": walk.simulated,
        "content": walk.content,
        "started": walk.about.started,
        "seconds": walk.elapsed().as_secs_f64(),
        "standing": walk.standing().word(),
        "ending": walk.end.map(|end| end.ending),
        "exit_code": walk.end.map(|end| end.exit_code),
        "versions": versions.collect::<serde_json::Map<_, _>>(),
        "steps": walk.steps.iter().map(step).collect::<Vec<_>>(),
        "teardown": walk.teardowns.iter().map(teardown).collect::<Vec<_>>(),
        "cluster_file": walk.about.cluster_file,
        "manifest": walk.about.manifest,
    });
    format!("{document:#}\n")
}

fn step(step: &StepReport) -> Value {
    let checked = |(check, verdict): &(String, _)| json!({ "check": check, "verdict": verdict });
    json!({
        "id": step.id,
        "title": step.title,
        "file": step.file,
        "line": step.line,
        "command": step.command,
        "outcome": step.outcome,
        "reason": step.reason,
        "began": step.began.map(|began| began.as_secs_f64()),
        "ended": step.ended.map(|ended| ended.as_secs_f64()),
        "seconds": step.elapsed.as_secs_f64(),
        "checks": step.checks.iter().map(checked).collect::<Vec<_>>(),
        "hints": step.hints,
        "evidence": step.evidence,
    })
}

fn teardown(torn_down: &TornDown) -> Value {
    json!({ "command": torn_down.command, "ok": torn_down.ok, "seconds": torn_down.elapsed.as_secs_f64() })
}
