//! What earlier walks have done, and which steps are due again, and why.
//!
//! May import its siblings, `evidence` and `error`. Pure: what is remembered and what the project looks like now come in, where each
//! step stands goes out. Invariant: a step that is done passed with exactly what it depends on now; a step that is due can
//! build on each step that it needs: that one is done and lasts, or is due itself and comes before it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::step::Step;
use crate::error::Result;

/// The name under which a step depends on the Python environment, in `inputs` and among its fingerprints.
pub const ENVIRONMENT: &str = "venv";

/// The name under which a step depends on where the localnet's downloads come from.
pub const CONTENT: &str = "the localnet's content (`--content`)";

/// The name under which a step depends on the localnet's providers and faults.
pub const MARKET: &str = "the localnet's market (`--providers`)";

/// The program whose commands need no Python environment, and stay outside of the localnet.
const OWN: &str = "golem-outbound";

/// What a step depends on: a name for people, and the SHA-256 of what it names (the version, for ourselves).
pub type Inputs = BTreeMap<String, String>;

/// What is remembered of the steps of one network, by their ids.
pub type Progress = BTreeMap<String, Remembered>;

/// How the last run of a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Last {
    /// Not at all, as far as is known.
    Begun,
    /// It passed.
    Passed,
    /// It was true already, and was not run.
    AlreadyTrue,
    /// It failed.
    Failed,
    /// It could not be told.
    Inconclusive,
}

/// What is remembered of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// How its last run ended.
    pub last: Last,
    /// When, for people.
    pub at: String,
    /// What it depended on.
    pub inputs: Inputs,
}

/// What steps can depend on, as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Our own version.
    pub version: String,
    /// What the Python environment was made from; `none` without one.
    pub environment: String,
    /// Fingerprints of the project's files by their paths in it. One that is not there is not in here.
    pub files: BTreeMap<String, String>,
    /// What the localnet is made of, as [`CONTENT`] and [`MARKET`]; empty on other networks. None if nobody has looked: then
    /// no step is due for it.
    pub localnet: Option<Inputs>,
}

/// Where a step stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Done, and nothing has changed; when.
    Done(String),
    /// To be run.
    Due(Due),
    /// The network has no use for it.
    NotOn(String),
}

impl Standing {
    /// Whether it is to be run.
    pub fn is_due(&self) -> bool {
        matches!(self, Self::Due(_))
    }
}

/// Why a step is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// It never ran here.
    New,
    /// It was begun, and nothing is known of its end.
    Unfinished,
    /// It did not pass last time.
    Failed,
    /// It could not be told last time.
    Inconclusive,
    /// These have changed since it passed.
    Changed(Vec<String>),
    /// It needs this step, which is due.
    Needs(String),
    /// What it had started has ended with its walk, and this step needs it.
    Ended(String),
    /// It takes down what this step, which is due, starts.
    Undoes(String),
}

impl Due {
    /// For people.
    pub fn words(&self) -> String {
        match self {
            Self::New => "not done yet".into(),
            Self::Unfinished => "it was begun and did not come to its end".into(),
            Self::Failed => "it failed last time".into(),
            Self::Inconclusive => "last time it could not be told whether it passes".into(),
            Self::Changed(names) if names.len() == 1 => format!("{} has changed since", names[0]),
            Self::Changed(names) => format!("{} have changed since", listed(names)),
            Self::Needs(id) => format!("needs {id}, which is due"),
            Self::Ended(id) => format!("what it starts ended with the walk, and {id} needs it"),
            Self::Undoes(id) => format!("takes down what {id} starts, which is due"),
        }
    }
}

/// The SHA-256 of a text, hexadecimal.
pub fn fingerprint(content: impl AsRef<[u8]>) -> String {
    Sha256::digest(content.as_ref()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a step depends on, as it is now: its file, its command with all placeholders filled, our version, the files
/// that it names (all, if it names none), and, if it runs a program of others, the Python environment and the localnet.
pub fn inputs_of(step: &Step, now: &Surroundings) -> Inputs {
    let command = format!("{:?} {:?} {:?}", step.run, step.checks, step.teardown);
    let mut inputs = Inputs::from([
        (step.file.clone(), step.fingerprint.clone()),
        ("its command".to_owned(), fingerprint(command)),
        (OWN.to_owned(), now.version.clone()),
    ]);
    for (name, content) in &now.files {
        let named = |input: &String| match input.strip_prefix('*') {
            Some(end) => name.ends_with(end),
            None => name == input || name.starts_with(&format!("{input}/")),
        };
        if step.inputs.as_ref().is_none_or(|inputs| inputs.iter().any(named)) {
            inputs.insert(name.clone(), content.clone());
        }
    }
    if depends_on_environment(step) {
        inputs.insert(ENVIRONMENT.to_owned(), now.environment.clone());
    }
    if runs_others(step) {
        inputs.extend(now.localnet.clone().unwrap_or_default());
    }
    inputs
}

fn depends_on_environment(step: &Step) -> bool {
    step.inputs.iter().flatten().any(|input| input == ENVIRONMENT) || runs_others(step)
}

/// Whether it runs another program than ours. On the localnet such a program runs inside.
fn runs_others(step: &Step) -> bool {
    step.run.iter().any(|argv| argv.first().is_some_and(|program| program != OWN))
}

/// Where each step stands on a network. Needs stand before the steps that need them.
pub fn standings(steps: &[Step], network: &str, progress: &Progress, now: &Surroundings) -> Vec<Standing> {
    let mut found: Vec<Standing> = Vec::with_capacity(steps.len());
    for step in steps {
        let standing = match own_reason(step, progress.get(&step.id), now) {
            _ if !step.is_for(network) => Standing::NotOn(network.to_owned()),
            Some(due) => Standing::Due(due),
            None => match step.needs.iter().find(|need| is_due(steps, &found, need)) {
                Some(need) => Standing::Due(Due::Needs(need.clone())),
                None => Standing::Done(progress[&step.id].at.clone()),
            },
        };
        found.push(standing);
    }
    // What lives only as long as a walk is started again for those who need it, and taken down again; either may
    // bring in more of the other.
    while revive(steps, &mut found) || take_down(steps, &mut found) {}
    found
}

/// Why a step is due by itself.
fn own_reason(step: &Step, remembered: Option<&Remembered>, now: &Surroundings) -> Option<Due> {
    let Some(remembered) = remembered else { return Some(Due::New) };
    match remembered.last {
        Last::Begun => return Some(Due::Unfinished),
        Last::Failed => return Some(Due::Failed),
        Last::Inconclusive => return Some(Due::Inconclusive),
        Last::Passed | Last::AlreadyTrue => {}
    }
    let inputs = inputs_of(step, now);
    let names: BTreeSet<&String> = inputs.keys().chain(remembered.inputs.keys()).collect();
    let changed: Vec<String> = names
        .into_iter()
        .filter(|name| now.localnet.is_some() || ![CONTENT, MARKET].contains(&name.as_str()))
        .filter(|name| inputs.get(*name) != remembered.inputs.get(*name))
        .map(|name| if name == ENVIRONMENT { "the Python environment".to_owned() } else { name.clone() })
        .collect();
    // The command differs by a file that differs, as a rule; alone it says that a value behind a placeholder does.
    let telling: Vec<String> = changed.iter().filter(|name| *name != "its command").cloned().collect();
    match (changed.is_empty(), telling.is_empty()) {
        (true, _) => None,
        (false, true) => Some(Due::Changed(changed)),
        (false, false) => Some(Due::Changed(telling)),
    }
}

fn is_due(steps: &[Step], standings: &[Standing], id: &str) -> bool {
    position(steps, id).is_some_and(|at| standings.get(at).is_some_and(Standing::is_due))
}

fn position(steps: &[Step], id: &str) -> Option<usize> {
    steps.iter().position(|step| step.id == id)
}

fn revive(steps: &[Step], standings: &mut [Standing]) -> bool {
    let mut changed = false;
    for index in 0..steps.len() {
        if !standings[index].is_due() {
            continue;
        }
        for need in steps[index].needs.iter().filter_map(|need| position(steps, need)) {
            if matches!(standings[need], Standing::Done(_)) && steps[need].lives_as_long_as_the_walk() {
                standings[need] = Standing::Due(Due::Ended(steps[index].id.clone()));
                changed = true;
            }
        }
    }
    changed
}

fn take_down(steps: &[Step], standings: &mut [Standing]) -> bool {
    let mut changed = false;
    for index in 0..steps.len() {
        let undone = steps[index].undoes.iter().find(|id| is_due(steps, standings, id));
        if let (Standing::Done(_), Some(id)) = (&standings[index], undone) {
            standings[index] = Standing::Due(Due::Undoes(id.clone()));
            changed = true;
        }
    }
    changed
}

/// A step and all that need it, directly or not: what is forgotten with it.
///
/// # Errors
/// There is no such step; the nearest id is the hint.
pub fn with_those_who_need_it(steps: &[Step], id: &str) -> Result<Vec<String>> {
    let first = super::plan::find(steps, id)?;
    let mut forgotten = vec![steps[first].id.clone()];
    for step in &steps[first + 1..] {
        if step.needs.iter().any(|need| forgotten.contains(need)) {
            forgotten.push(step.id.clone());
        }
    }
    Ok(forgotten)
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests;
