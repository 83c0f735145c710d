//! The walk's time as a picture: a bar for each step and each teardown, from its begin to its end.
//!
//! May import nothing of the house but its parents. Pure. Invariant: one bar for each step, whatever became of it; widths
//! are percentages, so that text keeps its size on a narrow screen.

use std::fmt::Write;
use std::time::Duration;

use super::escape::escaped;
use super::{class_of, mark_of};
use crate::report::Walk;
use crate::report::walk::duration_words;

/// Height of a row in pixels: a line of text and a bar below it.
const ROW: usize = 36;
/// Height of the line of times at the top.
const AXIS: usize = 26;
/// A bar is at least so wide, in percent, to be seen.
const NARROWEST: f64 = 0.4;

struct Row<'a> {
    name: &'a str,
    says: String,
    class: &'static str,
    mark: &'static str,
    span: Option<(Duration, Duration)>,
}

/// The picture as an SVG element.
pub(super) fn svg(walk: &Walk) -> String {
    let rows = rows(walk);
    let ends = rows.iter().filter_map(|row| row.span).map(|(_, end)| end);
    let whole = ends.chain([walk.elapsed()]).max().unwrap_or_default().as_secs_f64().max(0.001);
    let percent = |time: Duration| (time.as_secs_f64() / whole * 100.0).min(100.0);
    let height = AXIS + rows.len() * ROW + 8;
    let mut svg = format!(
        "<svg class=\"timeline\" width=\"100%\" height=\"{height}\" role=\"img\" aria-labelledby=\"timeline-title\">\
         <title id=\"timeline-title\">When each step ran, over {}</title>\n",
        duration_words(Duration::from_secs_f64(whole))
    );
    ticks(whole, height, &mut svg);
    let mut last = 0.0;
    for (index, row) in rows.iter().enumerate() {
        let top = AXIS + index * ROW;
        let (from, to) = row.span.map_or((last, last), |(from, to)| (percent(from), percent(to)));
        last = to;
        let width = (to - from).max(NARROWEST);
        let from = from.min(100.0 - width);
        // A label begins where its bar does, or ends where it does when it would not fit.
        let (x, anchor) = if from > 50.0 { (from + width, "end") } else { (from, "start") };
        let (name, says) = (escaped(row.name), escaped(&row.says));
        let _ = writeln!(
            svg,
            "<text x=\"{x:.2}%\" y=\"{}\" text-anchor=\"{anchor}\">{} <tspan class=\"name\">{name}</tspan> {says}</text>\
             <rect class=\"bar {}\" data-step=\"{name}\" x=\"{from:.2}%\" y=\"{}\" width=\"{width:.2}%\" height=\"10\" rx=\"3\">\
             <title>{name}: {says}</title></rect>",
            top + 14,
            row.mark,
            row.class,
            top + 20,
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn rows(walk: &Walk) -> Vec<Row<'_>> {
    let steps = walk.steps.iter().map(|step| Row {
        name: &step.id,
        says: if step.was_run() { duration_words(step.elapsed) } else { step.word().to_owned() },
        class: class_of(step.outcome),
        mark: mark_of(step.outcome),
        span: step.span(walk.last),
    });
    let teardowns = walk.teardowns.iter().map(|torn_down| Row {
        name: "teardown",
        says: duration_words(torn_down.elapsed),
        class: if torn_down.ok { "teardown" } else { "teardown failed" },
        mark: if torn_down.ok { "✓" } else { "✗" },
        span: Some((torn_down.ended.saturating_sub(torn_down.elapsed), torn_down.ended)),
    });
    steps.chain(teardowns).collect()
}

/// Lines at round times, at most five.
fn ticks(whole: f64, height: usize, svg: &mut String) {
    const ROUND: [f64; 12] = [0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];
    let every = ROUND.into_iter().find(|every| whole / every <= 5.0).unwrap_or(whole / 4.0);
    let mut time = 0.0;
    while time <= whole {
        let x = time / whole * 100.0;
        let anchor = match x {
            ..4.0 => "start",
            96.0.. => "end",
            _ => "middle",
        };
        let words = if every >= 60.0 { format!("{:.0} min", time / 60.0) } else { format!("{time} s") };
        let _ = writeln!(
            svg,
            "<line class=\"tick\" x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"18\" y2=\"{height}\"/>\
             <text class=\"tick\" x=\"{x:.2}%\" y=\"12\" text-anchor=\"{anchor}\">{words}</text>"
        );
        time += every;
    }
}
