//! What a walk writes down of each step, for the next one.
//!
//! May import `error`, `tutorial`. Invariant: a step that was begun counts as done only after its end was written, so that a kill at
//! any moment leaves it due.

use std::collections::BTreeMap;
use std::path::PathBuf;

use time::OffsetDateTime;

use super::Project;
use super::state::State;
use super::surroundings::{environment, surroundings};
use crate::error::Result;
use crate::tutorial::progress::{
    ENVIRONMENT, Inputs, Last, Remembered, Standing, Surroundings, inputs_of, standings,
};
use crate::tutorial::{Step, Tutorial};

/// What is told of each step.
pub trait Memory {
    /// It is about to be run.
    ///
    /// # Errors
    /// It cannot be written down.
    fn begins(&mut self, step: &Step) -> Result<()>;

    /// It has ended.
    ///
    /// # Errors
    /// It cannot be written down.
    fn ended(&mut self, step: &Step, last: Last) -> Result<()>;
}

/// The memory of a project on one network, in its state file.
pub struct Journal<'a> {
    state: State,
    network: String,
    project: PathBuf,
    tutorial: &'a Tutorial,
    localnet: Option<Inputs>,
    begun: BTreeMap<String, Inputs>,
}

impl<'a> Journal<'a> {
    /// Opens what is known of the tutorial in the project. `localnet` is what the localnet is made of; none if nobody has
    /// looked.
    pub fn open(project: &Project, network: &str, tutorial: &'a Tutorial, localnet: Option<Inputs>) -> Self {
        let state = State::read(&project.folder, project.guest());
        let (network, project) = (network.to_owned(), project.folder.clone());
        Self { state, network, project, tutorial, localnet, begun: BTreeMap::new() }
    }

    /// Why the state file is not used, if so.
    pub fn ignored(&self) -> Option<&str> {
        self.state.ignored()
    }

    /// Where each step stands now.
    pub fn standings(&self) -> Vec<Standing> {
        let now = self.surroundings();
        standings(self.tutorial.steps(), &self.network, &self.state.progress(&self.network), &now)
    }

    fn surroundings(&self) -> Surroundings {
        surroundings(&self.project, self.tutorial, self.localnet.as_ref())
    }

    fn write(&mut self, step: &Step, last: Last, inputs: Inputs) -> Result<()> {
        self.state.remember(&self.network, &step.id, Remembered { last, at: now(), inputs })
    }
}

impl Memory for Journal<'_> {
    /// What is edited while a step runs has not been judged by it: the files count as they were before.
    fn begins(&mut self, step: &Step) -> Result<()> {
        let inputs = inputs_of(step, &self.surroundings());
        self.begun.insert(step.id.clone(), inputs.clone());
        self.write(step, Last::Begun, inputs)
    }

    /// The environment counts as it is afterwards, because a step may be there to make it.
    fn ended(&mut self, step: &Step, last: Last) -> Result<()> {
        let mut inputs = self.begun.remove(&step.id).unwrap_or_default();
        if let Some(before) = inputs.get_mut(ENVIRONMENT) {
            *before = environment(&self.project);
        }
        self.write(step, last, inputs)
    }
}

/// The time for people: `2026-01-02 03:04 UTC`.
fn now() -> String {
    let now = OffsetDateTime::now_utc();
    let (year, month, day) = (now.year(), u8::from(now.month()), now.day());
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", now.hour(), now.minute())
}
