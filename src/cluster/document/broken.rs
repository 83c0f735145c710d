//! The finding about a text that is no YAML.
//!
//! May import `diagnostic` and its siblings. Invariant: the place is one that exists in the text.

use serde::de::IgnoredAny;

use crate::cluster::pyyaml::{Place, Problem, has_odd_breaks};
use crate::diagnostic::Diagnostic;

/// Asks the reader whose grammar is libyaml's, and so PyYAML's.
pub(super) fn syntax(text: &str) -> Result<(), Box<Diagnostic>> {
    match serde_yaml::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(()),
        // A file without any value has none to ignore; what it lacks is said by others.
        Err(error) if error.location().is_none() && text.lines().all(is_blank) => Ok(()),
        Err(error) => Err(Box::new(broken(text, &error))),
    }
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

/// What is YAML, but not for Python.
pub(super) fn unreadable(problem: &Problem) -> Diagnostic {
    let place = problem.place;
    Diagnostic::error("broken-yaml", format!("Ray cannot read this: {}", problem.message))
        .at(place.line, place.column, place.length)
        .help("`ray up` ends here with a traceback of Python's YAML reader")
}

fn broken(text: &str, error: &serde_yaml::Error) -> Diagnostic {
    // The place is shown by the finding itself, so it is cut off the message.
    let whole = error.to_string();
    let message = whole.split(" at line ").next().unwrap_or(&whole);
    let lines = text.lines().count().max(1);
    let reported = error.location().map(|place| {
        if has_odd_breaks(text) {
            let place = Place::behind(text.get(..place.index()).unwrap_or(text));
            return (place.line, place.column);
        }
        (place.line(), place.column().max(1))
    });
    // What is never closed is noticed behind the last line; the place where it was opened says more.
    let opened = || {
        whole.rsplit_once(" at line ").and_then(|(_, place)| place.split_once(" column ")).and_then(numbers)
    };
    let (line, column) = reported
        .filter(|(line, _)| *line <= lines)
        .or_else(|| opened().filter(|(line, _)| *line <= lines))
        .unwrap_or((lines, text.lines().last().map_or(1, |line| line.chars().count().max(1))));
    let source = text.lines().nth(line - 1).unwrap_or_default();
    let help = if source.trim_start_matches(' ').starts_with('\t') {
        "YAML does not allow tabs for indentation; use spaces"
    } else {
        "look at this line and the one above: indentation, a missing colon, quote or bracket"
    };
    Diagnostic::error("broken-yaml", format!("this is not YAML: {message}")).at(line, column, 1).help(help)
}

fn numbers((line, column): (&str, &str)) -> Option<(usize, usize)> {
    Some((line.parse().ok()?, column.parse().ok()?))
}
