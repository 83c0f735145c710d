//! The built-in catalogue of known failures: data in `catalogue.yaml`, read once.
//!
//! Invariant, held by tests: every symptom is found in one of its entry's samples, no sample is taken by an entry before
//! its own, and nothing that a passing walk says is a symptom.

use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use crate::event::Hint;
use crate::evidence::Cause;

const CATALOGUE: &str = include_str!("catalogue.yaml");

static BUILT_IN: LazyLock<Vec<KnownFailure>> =
    LazyLock::new(|| read(CATALOGUE).expect("a test reads the built-in catalogue"));

/// A failure that newcomers are known to meet.
#[derive(Clone, Debug)]
pub struct KnownFailure {
    /// What has happened, in a few words.
    pub title: String,
    /// The programs whose steps it concerns; none means all.
    pub programs: Vec<String>,
    /// The steps that it concerns; none means all.
    pub steps: Vec<String>,
    /// Steps that show its symptoms on purpose.
    pub not_in: Vec<String>,
    /// How it shows; each is looked for in the output.
    pub symptoms: Vec<Regex>,
    /// What was seen.
    pub samples: Vec<Sample>,
    /// What the reader is told; its `id` names the entry.
    pub hint: Hint,
}

/// Lines that were seen when the failure happened.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Where: program, version, circumstance.
    pub from: String,
    /// The program that its step ran, where that is needed to tell it from others.
    #[serde(default)]
    pub program: Option<String>,
    /// The lines.
    pub text: String,
}

/// What is known of the place where something failed; what is not known excludes nothing.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The step's id.
    pub step: Option<String>,
    /// The programs that it runs.
    pub programs: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    title: String,
    cause: Cause,
    #[serde(default)]
    programs: Vec<String>,
    #[serde(default)]
    steps: Vec<String>,
    #[serde(default)]
    not_in: Vec<String>,
    symptoms: Vec<String>,
    samples: Vec<Sample>,
    nudge: String,
    why: String,
    explanation: String,
    command: String,
}

/// Every known failure, in the order in which they are looked for.
pub fn known_failures() -> &'static [KnownFailure] {
    &BUILT_IN
}

/// The first known failure that shows in the text.
pub fn known_failure(text: &str, place: &Place) -> Option<&'static KnownFailure> {
    BUILT_IN.iter().find(|known| known.concerns(place) && known.shows_in(text))
}

impl KnownFailure {
    /// Whether one of its symptoms is in the text.
    pub fn shows_in(&self, text: &str) -> bool {
        self.symptoms.iter().any(|symptom| symptom.is_match(text))
    }

    fn concerns(&self, place: &Place) -> bool {
        let step = place.step.as_ref().is_none_or(|step| {
            (self.steps.is_empty() || self.steps.contains(step)) && !self.not_in.contains(step)
        });
        let programs = place.programs.as_ref().is_none_or(|programs| {
            self.programs.is_empty() || programs.iter().any(|program| self.programs.contains(program))
        });
        step && programs
    }
}

fn read(yaml: &str) -> Result<Vec<KnownFailure>, String> {
    let entries: Vec<Entry> = serde_yaml::from_str(yaml).map_err(|error| error.to_string())?;
    entries.into_iter().map(known).collect()
}

fn known(entry: Entry) -> Result<KnownFailure, String> {
    let Entry {
        id,
        title,
        cause,
        programs,
        steps,
        not_in,
        symptoms,
        samples,
        nudge,
        why,
        explanation,
        command,
    } = entry;
    let symptoms = symptoms.iter().map(|symptom| Regex::new(symptom)).collect::<Result<Vec<_>, _>>();
    let symptoms = symptoms.map_err(|error| format!("{id}: {error}"))?;
    Ok(KnownFailure {
        title,
        programs,
        steps,
        not_in,
        symptoms,
        samples,
        hint: Hint { id, cause, nudge, why, explanation, command },
    })
}

#[cfg(test)]
mod tests;
