//! Each step of the page: a line to open, with its checks, its hints and its output.
//!
//! May import nothing of the house but its parents and `evidence`. Pure. Invariant: a step that needs attention is open.

use std::fmt::Write;

use super::escape::escaped;
use super::{ansi, class_of, mark_of, prose};
use crate::event::Hint;
use crate::evidence::{Outcome, Verdict};
use crate::report::Walk;
use crate::report::terminal::cause_words;
use crate::report::walk::{StepReport, duration_words};

/// All steps.
pub(super) fn html(walk: &Walk) -> String {
    walk.steps.iter().map(step).collect()
}

fn step(step: &StepReport) -> String {
    let needs_attention = match step.outcome {
        Some(Outcome::Failed | Outcome::Inconclusive) => true,
        Some(_) => false,
        None => step.began.is_some(),
    };
    let open = if needs_attention { " open" } else { "" };
    let time = if step.was_run() { duration_words(step.elapsed) } else { String::new() };
    let class = class_of(step.outcome);
    let mut html = format!(
        "<details class=\"step {class}\" id=\"step-{id}\"{open}>\n<summary><span class=\"mark {class}\" aria-hidden=\"true\">{}</span> \
         <span class=\"title\">{} <code>{id}</code></span> <span class=\"outcome {class}\">{}</span> \
         <span class=\"time\">{}</span></summary>\n<div class=\"body\">\n",
        mark_of(step.outcome),
        escaped(if step.title.is_empty() { &step.id } else { &step.title }),
        step.word(),
        escaped(&time),
        id = escaped(&step.id),
    );
    if !step.reason.is_empty() {
        let _ = writeln!(html, "<p>{}</p>", escaped(&step.reason));
    }
    if !step.prose.trim().is_empty() {
        let _ = writeln!(
            html,
            "<details class=\"prose\">\n<summary>What it is about</summary>\n{}</details>",
            prose::html(&step.prose)
        );
    }
    if !step.command.is_empty() {
        let _ = writeln!(html, "<pre class=\"command\" tabindex=\"0\">$ {}</pre>", escaped(&step.command));
    }
    output(step, &mut html);
    checks(step, &mut html);
    step.hints.iter().for_each(|given| hint(given, &mut html));
    if step.line > 0 {
        let _ = writeln!(html, "<p class=\"place\">{}, line {}</p>", escaped(&step.file), step.line);
    }
    html.push_str("</div>\n</details>\n");
    html
}

fn checks(step: &StepReport, html: &mut String) {
    if step.checks.is_empty() {
        return;
    }
    html.push_str("<ul class=\"checks\">\n");
    for (check, verdict) in &step.checks {
        let (class, word) = match verdict {
            Verdict::Pass => ("passed", "pass"),
            Verdict::Fail { .. } => ("failed", "fail"),
            Verdict::Inconclusive { .. } => ("unsure", "unsure"),
        };
        let _ = write!(html, "<li><span class=\"verdict {class}\">{word}</span> <span>{}", escaped(check));
        match verdict {
            Verdict::Pass => {}
            Verdict::Fail { expected, found } => {
                let (expected, found) = (escaped(expected), escaped(found));
                let _ = write!(html, "<br><b>expected</b> {expected}<br><b>found</b> {found}");
            }
            Verdict::Inconclusive { reason } => {
                let _ = write!(html, "<br><b>could not tell</b> {}", escaped(reason));
            }
        }
        html.push_str("</span></li>\n");
    }
    html.push_str("</ul>\n");
}

fn hint(hint: &Hint, html: &mut String) {
    let _ = writeln!(
        html,
        "<div class=\"hint\"><p><strong>Hint</strong> ({}): {} {}</p>\n<pre tabindex=\"0\">{}</pre></div>",
        cause_words(hint.cause),
        escaped(&hint.why),
        escaped(&hint.explanation),
        escaped(&hint.command)
    );
}

/// What the commands said, the middle of a long one left out and counted.
fn output(step: &StepReport, html: &mut String) {
    let head = ansi::html(&step.output.head());
    if head.trim().is_empty() {
        return;
    }
    let label = escaped(&format!("output of {}", step.id));
    let _ = write!(html, "<pre class=\"output\" tabindex=\"0\" aria-label=\"{label}\">{head}");
    if let Some((omitted, tail)) = step.output.tail() {
        let _ = write!(
            html,
            "<span class=\"left-out\">[… {omitted} bytes left out; all of it is in .golem-outbound/last-run.jsonl …]</span>\n{}",
            ansi::html(&tail)
        );
    }
    html.push_str("</pre>\n");
}
