//! Compares what steps print with what their files expect, while a walk goes on.
//!
//! May import `event`, `evidence` and `tutorial`. Invariant: a difference is told and never judged; only a step that passed
//! is compared, since the output of one that did not says nothing about the file.

use crate::event::{Event, Sink};
use crate::evidence::Outcome;
use crate::tutorial::Tutorial;
use crate::tutorial::expected::Deviation;

/// Hears the walk on its way to another sink.
pub struct DriftWatch<'a> {
    inner: &'a mut dyn Sink,
    tutorial: &'a Tutorial,
    is_updating: bool,
    outputs: Vec<(String, String)>,
}

impl<'a> DriftWatch<'a> {
    /// Before `inner`. With `is_updating` differences are not told, because the files are written anew afterwards.
    pub fn new(inner: &'a mut dyn Sink, tutorial: &'a Tutorial, is_updating: bool) -> Self {
        Self { inner, tutorial, is_updating, outputs: Vec::new() }
    }

    /// What each step printed that passed and has an expected output, by its id.
    pub fn into_outputs(self) -> Vec<(String, String)> {
        self.outputs
    }

    fn passed(&mut self, id: &str, output: &str) {
        let Some(step) = self.tutorial.step(id).filter(|step| !step.expected.is_empty()) else { return };
        let deviations = step.expected.iter().map(|expected| expected.deviation(output));
        let deviations: Vec<Deviation> = deviations.filter(|deviation| !deviation.is_none()).collect();
        if !self.is_updating && !deviations.is_empty() {
            let note = note(&step.file, &deviations);
            self.inner.event(&Event::Narrated(note));
        }
        self.outputs.push((id.to_owned(), output.to_owned()));
    }
}

impl Sink for DriftWatch<'_> {
    fn event(&mut self, event: &Event) {
        self.inner.event(event);
        if let Event::StepFinished { id, outcome: Outcome::Passed, evidence: Some(evidence), .. } = event {
            self.passed(id, &evidence.output);
        }
    }
}

/// One sentence, with the first line that differs.
fn note(file: &str, deviations: &[Deviation]) -> String {
    let missing = deviations.iter().flat_map(|deviation| &deviation.missing);
    let unexpected = deviations.iter().flat_map(|deviation| &deviation.unexpected);
    let count = missing.clone().count() + unexpected.clone().count();
    let first = match (missing.clone().next(), unexpected.clone().next()) {
        (Some(line), _) => format!("it does not say “{}”", line.trim()),
        (None, Some(line)) => format!("it says “{}” as well", line.trim()),
        (None, None) => String::new(),
    };
    let more = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
    format!(
        "note: the step passed, but its output is not the one that `{file}` shows: {first}{more}. \
         Its author can renew it: `golem-outbound run --update`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Exit;
    use crate::tutorial::Values;
    use crate::tutorial::proof::nothing;
    use std::time::Duration;

    #[derive(Default)]
    struct Heard(Vec<String>);

    impl Sink for Heard {
        fn event(&mut self, event: &Event) {
            if let Event::Narrated(text) = event {
                self.0.push(text.clone());
            }
        }
    }

    fn walked(outcome: Outcome, output: &str, is_updating: bool) -> (Vec<String>, Vec<(String, String)>) {
        let text = "---\nid: a\ntitle: T\nrun:\n  - [x]\nchecks:\n  - exit_code: 0\n---\n\n```output\none\ntwo\n```\n";
        let tutorial = Tutorial::load(&[("01-a.md".into(), text.into())], &Values::new()).unwrap();
        let mut heard = Heard::default();
        let mut watch = DriftWatch::new(&mut heard, &tutorial, is_updating);
        let evidence = crate::evidence::Evidence { exit: Exit::Code(0), output: output.into(), ..nothing() };
        watch.event(&Event::StepFinished {
            id: "a".into(),
            outcome,
            reason: String::new(),
            elapsed: Duration::ZERO,
            evidence: Some(Box::new(evidence)),
        });
        let outputs = watch.into_outputs();
        (heard.0, outputs)
    }

    #[test]
    fn a_difference_is_a_note() {
        let (notes, outputs) = walked(Outcome::Passed, "one\nthree\n", false);
        assert_eq!(notes.len(), 1);
        assert!(notes[0].contains("`01-a.md` shows: it does not say “two”, and 1 more"), "{notes:?}");
        assert_eq!(outputs, [("a".to_owned(), "one\nthree\n".to_owned())]);
        assert_eq!(walked(Outcome::Passed, "two\none\n", false).0, Vec::<String>::new());
    }

    #[test]
    fn a_step_that_did_not_pass_is_not_compared_and_an_update_tells_later() {
        assert_eq!(walked(Outcome::Failed, "three\n", false), (vec![], vec![]));
        let (notes, outputs) = walked(Outcome::Passed, "three\n", true);
        assert_eq!((notes.len(), outputs.len()), (0, 1));
    }
}
