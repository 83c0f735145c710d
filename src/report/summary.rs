//! The end of a walk as text: each step, its verdict, its time; the findings; the downloads; the funnel.

use std::time::Duration;

use super::prose::wrapped;
use super::walk::{Standing, StepReport, Walk};
use crate::evidence::{Evidence, LedgerRow, ReportedFinding};

/// More downloads than this are not listed one by one.
const MOST_ROWS: usize = 30;

/// The width from which on downloads stand in columns.
const WIDE: usize = 80;

/// The most columns that a URL takes in the table of downloads.
const URL_COLUMNS: usize = 44;

/// The summary, wrapped to the width.
pub fn text(walk: &Walk, width: usize) -> String {
    let title = format!("Summary of {} on {}", walk.project, walk.network_words());
    let mut lines = vec![wrapped(&title, width), String::new()];
    let columns = Columns::of(&walk.steps, width);
    for step in &walk.steps {
        lines.push(columns.line(step));
        if !step.reason.is_empty() {
            lines.push(indented(&step.reason, width));
        }
    }
    for torn_down in &walk.teardowns {
        let how = if torn_down.ok { "done" } else { "FAILED" };
        let line = format!("teardown `{}`: {how}, {}", torn_down.command, seconds(torn_down.elapsed));
        lines.push(indented(&line, width));
    }
    add_findings(walk, &mut lines, width);
    add_ledger(walk, &mut lines, width);
    add_funnel(walk, &mut lines, width);
    lines.push(String::new());
    lines.push(wrapped(&verdict(walk), width));
    lines.join("\n")
}

fn add_findings(walk: &Walk, lines: &mut Vec<String>, width: usize) {
    let evidence = walk.steps.iter().filter_map(|step| Some((step, step.evidence.as_ref()?)));
    let findings: Vec<String> =
        evidence.flat_map(|(step, evidence)| findings_of(&step.id, evidence)).collect();
    if !findings.is_empty() {
        lines.extend([String::new(), "Findings".into()]);
        lines.extend(findings.iter().map(|line| line_of_list(line, width)));
    }
}

fn add_ledger(walk: &Walk, lines: &mut Vec<String>, width: usize) {
    let count = walk.ledger().count();
    if count == 0 {
        return;
    }
    lines.extend([String::new(), "Downloads".into()]);
    let all_are_shown = count <= MOST_ROWS;
    for step in walk.steps.iter().filter(|step| !step.ledger().is_empty()) {
        let refused = step.asked_for_refusals();
        lines.push(wrapped(&format!("{}: {}", step.id, totals(step)), width));
        let shown = step.ledger().iter().filter(|row| all_are_shown || !is_verified(row));
        lines.extend(shown.map(|row| ledger_line(row, refused, width)));
    }
    if !all_are_shown {
        lines.push(indented("every verified download is in .golem-outbound/last-run.json", width));
    }
}

fn add_funnel(walk: &Walk, lines: &mut Vec<String>, width: usize) {
    let counts = walk.funnel();
    if counts.is_empty() {
        return;
    }
    lines.extend([String::new(), "The market".into()]);
    lines.extend(counts.iter().map(|line| indented(line, width)));
}

/// The last sentences: how many steps came to what, and what that does not mean.
pub(super) fn verdict(walk: &Walk) -> String {
    let end = match walk.standing() {
        Standing::Unfinished => " The walk did not end: it was killed, or it still goes on.",
        Standing::NothingRun => " Nothing was run, so nothing is shown to work.",
        _ => "",
    };
    let simulated = if walk.simulated { format!(" {SIMULATED}") } else { String::new() };
    format!("{}; {} in all.{end}{simulated}", walk.counts(), seconds(walk.elapsed()))
}

/// What a walk on an emulated network says, and what it does not.
pub(super) const SIMULATED: &str = "All of it simulated: it says that your files and your workflow are sound, not that \
     the network has such providers at such prices today.";

/// The table of steps: how wide its columns are, so that a line of it stays one.
struct Columns {
    id: usize,
    outcome: usize,
    seconds: usize,
    fit: bool,
}

impl Columns {
    /// As airy as the width allows.
    fn of(rows: &[StepReport], width: usize) -> Self {
        let widest = |of: fn(&StepReport) -> usize| rows.iter().map(of).max().unwrap_or(0);
        let id = widest(|row| row.id.len());
        let outcome = widest(|row| row.word().len());
        let seconds = widest(|row| seconds(row.elapsed).len());
        let airy = Self { id, outcome: outcome.max(14), seconds: seconds.max(7), fit: true };
        if airy.columns() <= width {
            return airy;
        }
        let close = Self { id, outcome, seconds, fit: true };
        let fit = close.columns() <= width;
        Self { fit, ..close }
    }

    fn columns(&self) -> usize {
        self.id + 2 + self.outcome + 2 + self.seconds
    }

    fn line(&self, row: &StepReport) -> String {
        let (word, time) = (row.word(), seconds(row.elapsed));
        if !self.fit {
            return format!("{}\n  {word}, {time}", row.id);
        }
        format!(
            "{:id$}  {word:<outcome$}  {time:>time_columns$}",
            row.id,
            id = self.id,
            outcome = self.outcome,
            time_columns = self.seconds
        )
    }
}

/// `12.3 s`.
pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn indented(text: &str, width: usize) -> String {
    let text = wrapped(text, width.saturating_sub(2).max(10));
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// A heading as it is, what begins with blanks indented.
fn line_of_list(line: &str, width: usize) -> String {
    if line.starts_with(' ') { indented(line.trim_start(), width) } else { wrapped(line, width) }
}

/// What a step's command found in the project's files: the counts, then each finding.
fn findings_of(step: &str, evidence: &Evidence) -> Vec<String> {
    let mut counts: Vec<String> = Vec::new();
    for severity in ["error", "warning", "note"] {
        match evidence.findings.iter().filter(|finding| finding.severity.word() == severity).count() {
            0 => {}
            1 => counts.push(format!("1 {severity}")),
            many => counts.push(format!("{many} {severity}s")),
        }
    }
    let accepted = evidence.verdicts.iter().filter(|verdict| verdict.accepted).count();
    if !evidence.verdicts.is_empty() {
        counts.push(format!("the whitelist has {accepted} of {} hosts", evidence.verdicts.len()));
    }
    if counts.is_empty() {
        return Vec::new();
    }
    let line = |finding: &ReportedFinding| {
        let place = match (finding.line, finding.column) {
            (Some(line), Some(column)) => format!(":{line}:{column}"),
            _ => String::new(),
        };
        format!("  {}[{}] {}{place} {}", finding.severity.word(), finding.code, finding.file, finding.message)
    };
    let rejected = evidence.verdicts.iter().filter(|verdict| !verdict.accepted);
    let rejected = rejected.map(|verdict| format!("  not on the whitelist: {}", verdict.url));
    std::iter::once(format!("{step}: {}", counts.join(", ")))
        .chain(evidence.findings.iter().map(line))
        .chain(rejected)
        .collect()
}

pub(super) fn is_verified(row: &LedgerRow) -> bool {
    row.ok && row.verified.is_some()
}

/// `13 of 13 verified`, and what was refused as it should be.
pub(super) fn totals(step: &StepReport) -> String {
    let (rows, refused) = (step.ledger(), step.asked_for_refusals());
    let verified = rows.iter().filter(|row| is_verified(row)).count();
    let failed = rows.iter().filter(|row| !row.ok).count();
    if refused && failed > 0 {
        format!("{verified} of {} verified, {failed} refused, as it should be", rows.len() - failed)
    } else {
        format!("{verified} of {} verified", rows.len())
    }
}

/// One download: in columns where they fit, else wrapped.
fn ledger_line(row: &LedgerRow, refused: bool, width: usize) -> String {
    let node = if row.node.is_empty() { "?" } else { &row.node };
    let (result, reason) = match (row.ok, &row.verified) {
        (true, Some(how)) => (format!("ok, {} B, {how}", row.bytes), None),
        (true, None) => (format!("ok, {} B, unpinned", row.bytes), None),
        (false, _) if refused => ("refused, good".to_owned(), None),
        (false, _) => ("FAILED".to_owned(), row.error.as_deref()),
    };
    let url = shortened(&row.url, URL_COLUMNS.min(width.saturating_sub(2)));
    let line = if width >= WIDE {
        format!("  {url:<44}  {result:<17} {node}").trim_end().to_owned()
    } else {
        indented(&format!("{url} {result}, {node}"), width)
    };
    match reason {
        Some(reason) => format!("{line}\n{}", indented(&format!("because: {reason}"), width)),
        None => line,
    }
}

/// A URL with the middle left out if it has more than so many columns, so that a line of the table stays one.
fn shortened(url: &str, columns: usize) -> String {
    let count = url.chars().count();
    if count <= columns {
        return url.to_owned();
    }
    let kept = columns.saturating_sub(1);
    let tail_length = kept * 2 / 5;
    let head: String = url.chars().take(kept - tail_length).collect();
    let tail: String = url.chars().skip(count - tail_length).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::evidence::{Exit, HostVerdict, Outcome};

    #[test]
    fn findings_stand_below_the_step_that_had_them() {
        let finding = serde_json::json!({
            "code": "host-not-whitelisted", "severity": "warning", "message": "`a.io` is not on the whitelist",
            "file": "golem-cluster.yaml", "line": 40, "column": 13, "help": null
        });
        let evidence = Evidence {
            exit: Exit::Code(0),
            output: String::new(),
            notes: Vec::new(),
            elapsed: Duration::ZERO,
            ledger: Vec::new(),
            findings: vec![serde_json::from_value(finding).unwrap()],
            verdicts: ["https://ipfs.io", "https://a.io"]
                .map(|url| HostVerdict { url: url.into(), accepted: url.contains("ipfs") })
                .into(),
            nodes: None,
            busy_ports: None,
            processes: None,
        };
        let mut walk = Walk::default();
        let finished = Event::StepFinished {
            id: "configure-outbound".into(),
            outcome: Outcome::Passed,
            reason: String::new(),
            elapsed: Duration::ZERO,
            evidence: Some(Box::new(evidence)),
        };
        walk.take(&finished, Duration::ZERO);
        let text = text(&walk, 60);
        let section = text.split("Findings\n").nth(1).unwrap().split("\n\n").next().unwrap();
        insta::assert_snapshot!(section, @r"
        configure-outbound: 1 warning, the whitelist has 1 of 2
        hosts
          warning[host-not-whitelisted] golem-cluster.yaml:40:13
          `a.io` is not on the whitelist
          not on the whitelist: https://a.io
        ");
    }
}
