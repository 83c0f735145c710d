//! The plan of a walk: which steps, in which order, and why.

use super::progress::{Due, Standing};
use super::step::Step;
use super::suggestion::nearest;
use crate::error::{Error, Result};

/// What the reader asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The whole tutorial.
    All,
    /// These steps and all that they need.
    Steps(Vec<String>),
    /// This step and all after it; what lies before is taken as done, except for what lives only as long as a walk.
    From(String),
}

/// Why a step is in the plan, or is not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is the tutorial's next.
    Next,
    /// The reader named it.
    Asked,
    /// A step that the reader asked for needs it.
    NeededBy(String),
    /// It is due, after all that was done before.
    Due(Due),
    /// It is done, and nothing that it depends on has changed; when.
    Done(String),
    /// The network has no use for it.
    NotOn(String),
}

impl Why {
    /// For people.
    pub fn words(&self) -> String {
        match self {
            Self::Next => "next".into(),
            Self::Asked => "asked for".into(),
            Self::NeededBy(id) => format!("needed by {id}"),
            Self::Due(due) => due.words(),
            Self::Done(at) => format!("done {at}, and nothing that it depends on has changed"),
            Self::NotOn(network) => format!("not on {network}"),
        }
    }
}

/// One step of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its index in the tutorial.
    pub index: usize,
    /// Why it is there.
    pub why: Why,
}

impl Planned {
    /// Whether it is to be run.
    pub fn is_due(&self) -> bool {
        !matches!(self.why, Why::NotOn(_) | Why::Done(_))
    }

    /// Whether steps that need it can build on what was done before.
    pub fn is_done(&self) -> bool {
        matches!(self.why, Why::Done(_))
    }
}

/// The plan for ordered steps.
///
/// # Errors
/// A step that does not exist, with the nearest id as hint.
pub fn plan(steps: &[Step], selection: &Selection, network: &str) -> Result<Vec<Planned>> {
    let mut why: Vec<Option<Why>> = vec![None; steps.len()];
    match selection {
        Selection::All => why.fill(Some(Why::Next)),
        Selection::Steps(ids) => {
            for id in ids {
                why[find(steps, id)?] = Some(Why::Asked);
            }
            add_needs(steps, &mut why, |_| true);
        }
        Selection::From(id) => {
            let first = find(steps, id)?;
            why[first..].fill(Some(Why::Next));
            add_needs(steps, &mut why, Step::lives_as_long_as_the_walk);
        }
    }
    Ok(why
        .into_iter()
        .enumerate()
        .filter_map(|(index, why)| Some((index, why?)))
        .map(|(index, why)| {
            let why = if steps[index].is_for(network) { why } else { Why::NotOn(network.to_owned()) };
            Planned { index, why }
        })
        .collect())
}

/// The plan that goes on where earlier walks ended: every step, those that are done as done.
pub fn plan_due(standings: &[Standing]) -> Vec<Planned> {
    let why = |standing: &Standing| match standing {
        Standing::Done(at) => Why::Done(at.clone()),
        Standing::Due(due) => Why::Due(due.clone()),
        Standing::NotOn(network) => Why::NotOn(network.clone()),
    };
    standings.iter().enumerate().map(|(index, standing)| Planned { index, why: why(standing) }).collect()
}

fn add_needs(steps: &[Step], why: &mut [Option<Why>], wanted: fn(&Step) -> bool) {
    // Needs stand before the steps that need them, so one pass from the end reaches all of them.
    for index in (0..steps.len()).rev() {
        if why[index].is_none() {
            continue;
        }
        for need in &steps[index].needs {
            if let Some(at) = steps.iter().position(|step| step.id == *need)
                && !matches!(why[at], Some(Why::Next | Why::Asked))
                && wanted(&steps[at])
            {
                why[at] = Some(Why::NeededBy(steps[index].id.clone()));
            }
        }
    }
}

pub(super) fn find(steps: &[Step], id: &str) -> Result<usize> {
    steps.iter().position(|step| step.id == id).ok_or_else(|| {
        let ids: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
        let error = Error::usage(format!("there is no step `{id}`"));
        match nearest(id, ids.iter().copied()) {
            Some(known) => error.hint(format!("did you mean `{known}`?")),
            None => error.hint(format!("the steps are: {}", ids.join(", "))),
        }
    })
}
