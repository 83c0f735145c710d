//! The tables of the page: teardowns, downloads, findings, the market's counts.
//!
//! May import nothing of the house but its parents and `evidence`. Pure. Invariant: a table has a caption and headings; one
//! without rows is not there.

use std::fmt::Write;

use super::escape::escaped;
use crate::evidence::LedgerRow;
use crate::report::Walk;
use crate::report::summary::totals;
use crate::report::walk::{StepReport, duration_words};

/// What was taken down.
pub(super) fn teardowns(walk: &Walk) -> String {
    let row = |torn_down: &crate::report::walk::TornDown| {
        let (class, word) =
            if torn_down.ok { ("passed", "done") } else { ("failed", "failed; nodes may still be rented") };
        let time = duration_words(torn_down.elapsed);
        let command = escaped(&torn_down.command);
        format!(
            "<tr><td><code>{command}</code></td><td><span class=\"{class}\">{word}</span></td><td class=\"number\">{time}</td></tr>\n"
        )
    };
    let rows: String = walk.teardowns.iter().map(row).collect();
    table("What the walk took down at its end", &["command", "result", "time"], &rows)
}

/// Every download of every step.
pub(super) fn downloads(walk: &Walk) -> String {
    let with = walk.steps.iter().filter(|step| !step.ledger().is_empty());
    let caption: Vec<String> = with.map(|step| format!("{}: {}", step.id, totals(step))).collect();
    let rows: String = walk.ledger().map(|(step, row)| download(step, row)).collect();
    table(&caption.join("; "), &["step", "URL", "result", "bytes", "tries", "node"], &rows)
}

fn download(step: &StepReport, row: &LedgerRow) -> String {
    let (class, result) = match (row.ok, &row.verified) {
        (true, Some(how)) => ("passed", format!("✓ ok, {how}")),
        (true, None) => ("unsure", "✓ ok, unpinned".to_owned()),
        (false, _) if step.asked_for_refusals() => ("passed", "✓ refused, as it should be".to_owned()),
        (false, _) => ("failed", format!("✗ {}", row.error.as_deref().unwrap_or("failed"))),
    };
    format!(
        "<tr><td class=\"id\">{}</td><td class=\"url\">{}</td><td><span class=\"{class}\">{}</span></td><td class=\"number\">{}</td>\
         <td class=\"number\">{}</td><td>{}</td></tr>\n",
        escaped(&step.id),
        escaped(&row.url),
        escaped(&result),
        row.bytes,
        row.attempts,
        escaped(&row.node)
    )
}

/// What commands of the walk found in the project's files.
pub(super) fn findings(walk: &Walk) -> String {
    let mut rows = String::new();
    for step in &walk.steps {
        for finding in step.evidence.iter().flat_map(|evidence| &evidence.findings) {
            let place = match (finding.line, finding.column) {
                (Some(line), Some(column)) => format!("{}:{line}:{column}", finding.file),
                _ => finding.file.clone(),
            };
            let help = finding.help.as_deref().unwrap_or_default();
            let _ = writeln!(
                rows,
                "<tr><td>{}</td><td>{}</td><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                finding.severity.word(),
                escaped(&place),
                escaped(&finding.code),
                escaped(&finding.message),
                escaped(help)
            );
        }
    }
    table("Findings about the project's files", &["severity", "place", "code", "what", "what to do"], &rows)
}

/// What the market had, as `network-stats` counted it.
pub(super) fn market(walk: &Walk) -> String {
    let mut rows = String::new();
    for line in walk.funnel() {
        let (name, count) = line.rsplit_once(':').unwrap_or((&line, ""));
        let name = name.trim_start_matches(['-', ' ']);
        let _ = writeln!(
            rows,
            "<tr><td>{}</td><td class=\"number\">{}</td></tr>",
            escaped(name),
            escaped(count.trim())
        );
    }
    let simulated = if walk.simulated { " (simulated)" } else { "" };
    table(&format!("Proposals of providers{simulated}"), &["stage", "proposals"], &rows)
}

fn table(caption: &str, headings: &[&str], rows: &str) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let headings: String =
        headings.iter().map(|heading| format!("<th scope=\"col\">{heading}</th>")).collect();
    format!(
        "<div class=\"wide\" tabindex=\"0\"><table>\n<caption>{}</caption>\n<thead><tr>{headings}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n",
        escaped(caption)
    )
}
