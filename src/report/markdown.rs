//! The walk as Markdown for the page of a CI job: GitHub's `$GITHUB_STEP_SUMMARY` and the like.
//!
//! May import `evidence` and `event`. Pure. Invariant: no text of a walk is taken for Markdown or HTML, and no code block
//! ends within the text that it holds.

use std::fmt::Write;

use super::Walk;
use super::summary::{self, seconds, totals};
use super::terminal::cause_words;
use super::walk::{Standing, StepReport};
use crate::evidence::{LedgerRow, Outcome, Verdict};

/// Lines of output that are shown of a step that did not pass.
const LINES: usize = 40;
/// Downloads that are listed; GitHub takes a page of 1 MiB at most.
const MOST_ROWS: usize = 200;

/// The page.
pub(super) fn render(walk: &Walk) -> String {
    let mut page = String::new();
    let standing = walk.standing();
    let title = format!("{} on {}: {}", walk.project, walk.network_words(), standing.word());
    let _ = writeln!(page, "## {} {}\n\n{}\n", mark(standing), text(&title), text(&summary::verdict(walk)));
    steps(walk, &mut page);
    let open =
        walk.steps.iter().filter(|step| !matches!(step.outcome, Some(Outcome::Passed | Outcome::Skipped)));
    open.for_each(|step| trouble(step, &mut page));
    teardowns(walk, &mut page);
    downloads(walk, &mut page);
    versions(walk, &mut page);
    page
}

fn mark(standing: Standing) -> &'static str {
    match standing {
        Standing::Passed => "✅",
        Standing::Failed => "❌",
        _ => "⚠️",
    }
}

fn steps(walk: &Walk, page: &mut String) {
    if walk.steps.is_empty() {
        return;
    }
    page.push_str("| step | | outcome | time | file |\n| --- | --- | --- | ---: | --- |\n");
    for step in &walk.steps {
        let mark = match step.outcome {
            Some(Outcome::Passed) => "✅",
            Some(Outcome::Failed) => "❌",
            Some(Outcome::Skipped | Outcome::NotReached) => "➖",
            Some(Outcome::Inconclusive) => "⚠️",
            None if step.began.is_some() => "⚠️",
            None => "➖",
        };
        let reason = if step.reason.is_empty() { String::new() } else { format!(": {}", step.reason) };
        let time = if step.was_run() { seconds(step.elapsed) } else { String::new() };
        let place = if step.line > 0 { format!("{}:{}", step.file, step.line) } else { String::new() };
        let (title, word) = (text(&step.title), text(&format!("{}{reason}", step.word())));
        let _ =
            writeln!(page, "| {} | {title} | {mark} {word} | {time} | {} |", text(&step.id), text(&place));
    }
    page.push('\n');
}

/// What there is to say about a step that did not pass.
fn trouble(step: &StepReport, page: &mut String) {
    if step.checks.is_empty() && step.evidence.is_none() {
        return;
    }
    let _ = writeln!(page, "### {}: {}\n", text(&step.id), step.word());
    for (check, verdict) in &step.checks {
        match verdict {
            Verdict::Pass => {}
            Verdict::Fail { expected, found } => {
                let (check, expected, found) = (text(check), text(expected), text(found));
                let _ = writeln!(page, "- ❌ {check}\n  - expected {expected}\n  - found {found}");
            }
            Verdict::Inconclusive { reason } => {
                let _ = writeln!(page, "- ⚠️ {}\n  - could not tell: {}", text(check), text(reason));
            }
        }
    }
    for hint in &step.hints {
        let (whose, why) = (cause_words(hint.cause), text(&hint.why));
        let _ = writeln!(page, "\n**hint** ({whose}): {why}\n\n{}", block(&hint.command, "text"));
    }
    if let Some(evidence) = &step.evidence {
        let all = evidence.output.lines().count();
        let lines: Vec<&str> = evidence.output.lines().skip(all.saturating_sub(LINES)).collect();
        let title = format!("the last {} of {all} lines of `{}`", lines.len(), step.command);
        let _ = writeln!(
            page,
            "\n<details><summary>{}</summary>\n\n{}\n</details>\n",
            html(&title),
            block(&lines.join("\n"), "text")
        );
    }
}

fn teardowns(walk: &Walk, page: &mut String) {
    for torn_down in &walk.teardowns {
        let how = if torn_down.ok { "✅ done" } else { "❌ failed; nodes may still be rented" };
        let _ =
            writeln!(page, "- teardown {}: {how}, {}", text(&torn_down.command), seconds(torn_down.elapsed));
    }
    if !walk.teardowns.is_empty() {
        page.push('\n');
    }
}

fn downloads(walk: &Walk, page: &mut String) {
    let count = walk.ledger().count();
    if count == 0 {
        return;
    }
    let with = walk.steps.iter().filter(|step| !step.ledger().is_empty());
    let totals: Vec<String> = with.map(|step| format!("{}: {}", step.id, totals(step))).collect();
    let _ = writeln!(page, "<details><summary>Downloads: {}</summary>\n", html(&totals.join("; ")));
    page.push_str("| step | URL | result | bytes | node |\n| --- | --- | --- | ---: | --- |\n");
    for (step, row) in walk.ledger().take(MOST_ROWS) {
        let result = result(step, row);
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            text(&step.id),
            text(&row.url),
            text(&result),
            row.bytes,
            text(&row.node)
        );
    }
    if count > MOST_ROWS {
        let _ = writeln!(page, "\n{} more are in the other reports.", count - MOST_ROWS);
    }
    page.push_str("\n</details>\n\n");
}

fn result(step: &StepReport, row: &LedgerRow) -> String {
    match (row.ok, &row.verified) {
        (true, Some(how)) => format!("ok, {how}"),
        (true, None) => "ok, unpinned".to_owned(),
        (false, _) if step.asked_for_refusals() => "refused, as it should be".to_owned(),
        (false, _) => format!("failed: {}", row.error.as_deref().unwrap_or("no reason given")),
    }
}

fn versions(walk: &Walk, page: &mut String) {
    let versions: Vec<String> =
        walk.versions.iter().map(|version| format!("{} {}", version.of, version.is)).collect();
    if !versions.is_empty() {
        let _ = writeln!(page, "{}", text(&versions.join(", ")));
    }
}

/// A text in a line or a cell: what Markdown or HTML would take for its own is escaped, and it stays one line.
fn text(words: &str) -> String {
    let mut escaped = String::with_capacity(words.len());
    for character in words.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '`' | '*' | '_' | '\\' | '[' | ']' | '#' | '~' => {
                escaped.push('\\');
                escaped.push(character);
            }
            character if character.is_whitespace() => escaped.push(' '),
            character if character.is_control() => {}
            character => escaped.push(character),
        }
    }
    escaped
}

/// A text within an element of HTML, where Markdown does not count.
fn html(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A code block whose fence is longer than any run of backticks within.
fn block(code: &str, language: &str) -> String {
    let longest = code.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let code: String = code.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    format!("{fence}{language}\n{}\n{fence}\n", code.trim_end())
}
