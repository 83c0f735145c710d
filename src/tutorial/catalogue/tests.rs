//! The catalogue against what was seen.

use std::collections::BTreeSet;

use super::*;

/// What the steps of a walk that passed have said, by step, recorded on the localnet.
const PASSING_WALK: &str = include_str!("passing-walk.yaml");

#[derive(Deserialize)]
struct Said {
    step: String,
    programs: Vec<String>,
    output: String,
}

fn place(sample: &Sample) -> Place {
    Place { step: None, programs: sample.program.clone().map(|program| vec![program]) }
}

#[test]
fn entries_are_complete_and_have_names_of_their_own() {
    let mut ids = BTreeSet::new();
    for known in read(CATALOGUE).unwrap() {
        let hint = &known.hint;
        assert!(hint.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", hint.id);
        assert!(ids.insert(hint.id.clone()), "{} stands twice", hint.id);
        assert!(!known.symptoms.is_empty() && !known.samples.is_empty(), "{}", hint.id);
        assert_eq!(hint.rungs().len(), 3, "{}", hint.id);
        assert!(hint.nudge.ends_with(['?', '.']) && hint.why.ends_with('.'), "{}", hint.id);
        assert!(hint.command.contains('`'), "{} names nothing to type", hint.id);
        assert!(known.samples.iter().all(|sample| !sample.from.is_empty()), "{}", hint.id);
    }
}

#[test]
fn every_symptom_is_found_in_a_sample_of_its_entry() {
    for known in known_failures() {
        for symptom in &known.symptoms {
            let seen = known.samples.iter().any(|sample| symptom.is_match(&sample.text));
            assert!(seen, "{}: no sample has `{symptom}`", known.hint.id);
        }
    }
}

#[test]
fn no_sample_is_taken_by_another_entry_first() {
    for known in known_failures() {
        for sample in &known.samples {
            let first = known_failure(&sample.text, &place(sample)).map(|first| first.hint.id.as_str());
            assert_eq!(first, Some(known.hint.id.as_str()), "{}", sample.text);
        }
    }
}

#[test]
fn nothing_that_a_passing_walk_says_is_a_symptom() {
    let said: Vec<Said> = serde_yaml::from_str(PASSING_WALK).unwrap();
    assert!(said.len() >= 10, "every step of the tutorial");
    for Said { step, programs, output } in said {
        assert!(!output.is_empty(), "{step}");
        let place = Place { step: Some(step.clone()), programs: Some(programs) };
        let found = known_failure(&output, &place).map(|known| &known.hint.id);
        assert_eq!(found, None, "{step}");
    }
}

#[test]
fn the_scope_of_an_entry_is_kept() {
    let text = "Temporary failure in name resolution";
    let id = |program: &str| {
        let place = Place { step: None, programs: Some(vec![program.to_owned()]) };
        known_failure(text, &place).map(|known| known.hint.id.as_str())
    };
    assert_eq!(id("ray"), Some("no-name-resolution"));
    assert_eq!(id("python3"), Some("this-machine-offline"));
    assert!(known_failure("all is well", &Place::default()).is_none());
}
