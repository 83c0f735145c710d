//! Whether a tutorial can be relied on: what is wrong with steps that load.
//!
//! May import `diagnostic`, `evidence` and its siblings. Invariant: what is asked of the disk comes in through
//! [`Surroundings`]; an address of the Internet is judged by its form and never asked.

mod effects;
mod evidence;
mod hints;
mod links;

use std::collections::BTreeMap;

pub use evidence::{Proved, is_torn_down, nothing};

use super::front_matter::place_in_file;
use super::{Step, Tutorial};
use crate::diagnostic::Diagnostic;

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A Markdown file, with its text.
    Page(String),
    /// Any other file, or a folder.
    Thing,
}

/// What the proof has to know beside the step files.
pub struct Surroundings<'a> {
    /// What a path, relative to the folder of the step files, leads to.
    pub target: &'a dyn Fn(&str) -> Option<Target>,
    /// What the steps printed in the last walk, by their ids.
    pub recorded: &'a BTreeMap<String, String>,
}

/// A finding and the step file that it is about.
pub type Finding = (String, Diagnostic);

/// All that is wrong with a tutorial whose files load, in the order of the files.
pub fn findings(tutorial: &Tutorial, files: &[(String, String)], there: &Surroundings<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for step in tutorial.steps() {
        let text = files.iter().find(|(name, _)| *name == step.file).map_or("", |(_, text)| text);
        let mut of_step = links::findings(step, text, there.target);
        of_step.extend(hints::findings(step, text, there.recorded.get(&step.id).map(String::as_str)));
        of_step.extend(effects::findings(step, text));
        of_step.extend(always_passes(step, text));
        found.extend(of_step.into_iter().map(|finding| (step.file.clone(), finding)));
    }
    found.sort_by_key(|(file, finding)| {
        (file.clone(), finding.span.map_or((usize::MAX, 0), |at| (at.line, at.column)))
    });
    found
}

/// A step all of whose checks pass when nothing has run proves nothing.
fn always_passes(step: &Step, text: &str) -> Option<Diagnostic> {
    let passes = |check: &super::Check| check.judge(&nothing()) == crate::evidence::Verdict::Pass;
    if !step.checks.iter().all(passes) {
        return None;
    }
    let words: Vec<String> = step.checks.iter().map(super::Check::words).collect();
    let message =
        format!("every check of step `{}` passes before anything has run: {}", step.id, words.join("; "));
    let finding = Diagnostic::error("check-always-passes", message)
        .help("add a check of what the step does, such as `exit_code: 0` or a text that it prints");
    Some(place_in_file(text, "checks:", finding))
}
