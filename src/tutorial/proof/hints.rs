//! Hints whose symptom nobody has seen.
//!
//! May import `diagnostic` and the front matter's places. Invariant: a sample that its author declares counts as much as an
//! output that was recorded; without either, a hint is a guess.

use crate::diagnostic::Diagnostic;
use crate::tutorial::front_matter::place_in_file;
use crate::tutorial::{Step, Symptom};

/// What is wrong with the hints of a step, one by one.
pub(super) fn findings(step: &Step, text: &str, recorded: Option<&str>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (index, hint) in step.hints.iter().enumerate() {
        let place = |finding| place_in_file(text, hint.symptom.as_str(), finding);
        let unmatched = hint.samples.iter().find(|sample| !hint.symptom.is_match(sample));
        if let Some(sample) = unmatched {
            let message = format!("the symptom `{}` does not match its sample `{sample}`", hint.symptom);
            let finding = Diagnostic::error("hint-sample-unmatched", message)
                .help("mend the regular expression, or declare what is really printed");
            found.push(place(finding));
        } else if hint.samples.is_empty() && !recorded.is_some_and(|output| hint.symptom.is_match(output)) {
            let message = format!("nothing that was seen or declared matches the symptom `{}`", hint.symptom);
            let finding = Diagnostic::error("hint-without-sample", message)
                .help("declare a line that the command prints then: `samples: ['…']` beside the symptom");
            found.push(place(finding));
        } else if let Some(first) = shadow(&step.hints[..index], hint) {
            let message = format!(
                "no sample of `{}` gets to its hint, because `{}` matches first",
                hint.symptom, first.symptom
            );
            let finding = Diagnostic::warning("hint-shadowed", message)
                .help("put the more particular symptom first; only the first that matches is shown");
            found.push(place(finding));
        }
    }
    found
}

/// The hint that takes every sample of this one before its turn.
fn shadow<'a>(before: &'a [Symptom], hint: &Symptom) -> Option<&'a Symptom> {
    let first_match = |sample: &String| before.iter().find(|other| other.symptom.is_match(sample));
    let taken: Option<Vec<&Symptom>> = hint.samples.iter().map(first_match).collect();
    taken?.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tutorial::{Tutorial, Values};

    fn found(hints: &str, recorded: Option<&str>) -> Vec<(&'static str, Option<usize>)> {
        let text =
            format!("---\nid: a\ntitle: T\nrun:\n  - [x]\nchecks:\n  - exit_code: 0\nhints:\n{hints}---\n");
        let tutorial = Tutorial::load(&[("01-a.md".into(), text.clone())], &Values::new()).unwrap();
        let found = findings(&tutorial.steps()[0], &text, recorded);
        found.iter().map(|finding| (finding.code, finding.span.map(|span| span.line))).collect()
    }

    fn hint(symptom: &str, samples: &str) -> String {
        format!("  - {{symptom: '{symptom}', cause: you, why: w, command: c, samples: [{samples}]}}\n")
    }

    #[test]
    fn a_symptom_needs_a_sample_or_a_recorded_output() {
        assert_eq!(found(&hint("HTTP 429", ""), None), [("hint-without-sample", Some(9))]);
        assert_eq!(found(&hint("HTTP 429", ""), Some("fine")), [("hint-without-sample", Some(9))]);
        assert_eq!(found(&hint("HTTP 429", ""), Some("HTTP 429")), []);
        assert_eq!(found(&hint("HTTP 429", "\"HTTP 429\""), None), []);
    }

    #[test]
    fn every_sample_has_to_match() {
        let two = hint("HTTP 429", "\"HTTP 429\", \"HTTP 504\"");
        assert_eq!(found(&two, Some("HTTP 429")), [("hint-sample-unmatched", Some(9))]);
    }

    #[test]
    fn a_hint_that_another_one_always_takes_is_told() {
        let both = [hint("HTTP", "\"HTTP 500\""), hint("HTTP 429", "\"HTTP 429\"")].concat();
        assert_eq!(found(&both, None), [("hint-shadowed", Some(10))]);
    }
}
