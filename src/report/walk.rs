//! What a walk was, folded from its events: the one model that every document is made from.
//!
//! May import `evidence` and `event`. Pure. Invariant: any beginning of a walk's events is a walk that did not end, and
//! only one that ended, ran something and found nothing wrong stands well.

use std::collections::BTreeMap;
use std::time::Duration;

use super::excerpt::Excerpt;
use crate::event::{About, Ending, Event, Hint, Recorded, Version};
use crate::evidence::{Evidence, LedgerRow, Outcome, Verdict};

/// A walk, as far as it went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Walk {
    /// The project's name.
    pub project: String,
    /// The network's name.
    pub network: String,
    /// Whether the network is emulated.
    pub simulated: bool,
    /// Where downloads came from, if not simply from the Internet.
    pub content: Option<String>,
    /// When it began, the cluster file, the manifest.
    pub about: About,
    /// Versions of what took part, the last ones known.
    pub versions: Vec<Version>,
    /// Every step of the plan, in the plan's order.
    pub steps: Vec<StepReport>,
    /// What was taken down at the end.
    pub teardowns: Vec<TornDown>,
    /// How it ended; none if it did not.
    pub end: Option<End>,
    /// The time of the last event.
    pub last: Duration,
    current: Option<usize>,
}

/// What became of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepReport {
    /// Step id.
    pub id: String,
    /// Step title.
    pub title: String,
    /// Its file, relative to the project's folder.
    pub file: String,
    /// One-based line of its commands.
    pub line: usize,
    /// Its prose, Markdown; empty if it had no turn.
    pub prose: String,
    /// Its command as typed by a person; empty if it had no turn.
    pub command: String,
    /// When it had its turn; none if it had none.
    pub began: Option<Duration>,
    /// When it was over; none if it was not.
    pub ended: Option<Duration>,
    /// How long its commands ran.
    pub elapsed: Duration,
    /// What it came to; none if it was not over when the events end.
    pub outcome: Option<Outcome>,
    /// Why it was skipped or not reached, or what else is to be said.
    pub reason: String,
    /// Checks of its last try, in order.
    pub checks: Vec<(String, Verdict)>,
    /// Hints for its last try.
    pub hints: Vec<Hint>,
    /// Its live output, ANSI codes kept.
    pub output: Excerpt,
    /// What was observed in its last try.
    pub evidence: Option<Box<Evidence>>,
}

/// Something that was taken down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornDown {
    /// The command as typed by a person.
    pub command: String,
    /// Whether it ended well.
    pub ok: bool,
    /// When it was over.
    pub ended: Duration,
    /// How long it took.
    pub elapsed: Duration,
}

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// In which way.
    pub ending: Ending,
    /// With which exit code.
    pub exit_code: u8,
    /// After which time.
    pub elapsed: Duration,
}

/// What a whole walk came to. Only the first is green.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It ended, at least one step was run, and all that were run passed.
    Passed,
    /// A check failed, or a teardown.
    Failed,
    /// It could not be told.
    Inconclusive,
    /// The reader or a signal ended it.
    Interrupted,
    /// It has no end: it was killed, or goes on.
    Unfinished,
    /// No step was run.
    NothingRun,
}

impl Standing {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Inconclusive => "could not tell",
            Self::Interrupted => "interrupted",
            Self::Unfinished => "did not end",
            Self::NothingRun => "nothing was run",
        }
    }
}

impl Walk {
    /// The walk of these events.
    pub fn of(events: impl IntoIterator<Item = Recorded>) -> Self {
        let mut walk = Self::default();
        events.into_iter().for_each(|recorded| walk.take(&recorded.event, recorded.at));
        walk
    }

    /// Takes the next event.
    pub fn take(&mut self, event: &Event, at: Duration) {
        self.last = at;
        match event {
            Event::WalkStarted { .. } => self.begin(event),
            Event::Versions(versions) => self.versions.clone_from(versions),
            Event::StepStarted { id, title, file, line, prose, command, .. } => {
                // A step that the reader runs again counts once, as it came out last.
                *self.turn(id) = StepReport {
                    id: id.clone(),
                    title: title.clone(),
                    file: file.clone(),
                    line: *line,
                    prose: prose.clone(),
                    command: command.clone(),
                    began: Some(at),
                    ..StepReport::default()
                };
            }
            Event::TriedAgain => {
                if let Some(step) = self.current() {
                    step.checks.clear();
                    step.hints.clear();
                }
            }
            Event::Output(text) => {
                if let Some(step) = self.current() {
                    step.output.push(text);
                }
            }
            Event::Checked { check, verdict } => {
                if let Some(step) = self.current() {
                    step.checks.push((check.clone(), verdict.clone()));
                }
            }
            Event::Hinted(hint) => {
                if let Some(step) = self.current() {
                    step.hints.push(hint.clone());
                }
            }
            Event::StepFinished { id, outcome, reason, elapsed, evidence } => {
                let step = self.turn(id);
                (step.outcome, step.ended, step.elapsed) = (Some(*outcome), Some(at), *elapsed);
                step.reason.clone_from(reason);
                step.evidence.clone_from(evidence);
                self.current = None;
            }
            Event::TornDown { command, ok, elapsed } => {
                let torn_down = TornDown { command: command.clone(), ok: *ok, ended: at, elapsed: *elapsed };
                self.teardowns.push(torn_down);
            }
            Event::WalkFinished { elapsed, ending, exit_code } => {
                self.end = Some(End { ending: *ending, exit_code: *exit_code, elapsed: *elapsed });
            }
            Event::Narrated(_) | Event::Waited { .. } => {}
        }
    }

    fn begin(&mut self, event: &Event) {
        let Event::WalkStarted { project, network, simulated, content, steps, about } = event else { return };
        let planned = |step: &crate::event::PlannedStep| StepReport {
            id: step.id.clone(),
            title: step.title.clone(),
            file: step.file.clone(),
            line: step.line,
            ..StepReport::default()
        };
        *self = Self {
            project: project.clone(),
            network: network.clone(),
            simulated: *simulated,
            content: content.clone(),
            about: (**about).clone(),
            steps: steps.iter().map(planned).collect(),
            ..Self::default()
        };
    }

    /// The step that has its turn now; one that the plan does not name is added to it.
    fn turn(&mut self, id: &str) -> &mut StepReport {
        let at = self.steps.iter().position(|step| step.id == id).unwrap_or_else(|| {
            self.steps.push(StepReport { id: id.to_owned(), ..StepReport::default() });
            self.steps.len() - 1
        });
        self.current = Some(at);
        &mut self.steps[at]
    }

    fn current(&mut self) -> Option<&mut StepReport> {
        self.steps.get_mut(self.current?)
    }

    /// What it came to.
    pub fn standing(&self) -> Standing {
        let any = |outcome| self.steps.iter().any(|step| step.outcome == Some(outcome));
        let Some(end) = self.end else { return Standing::Unfinished };
        let is_failed = any(Outcome::Failed) || self.teardowns.iter().any(|torn_down| !torn_down.ok);
        match end.ending {
            Ending::Quit | Ending::Interrupted => Standing::Interrupted,
            Ending::Broken => Standing::Inconclusive,
            Ending::Complete if is_failed => Standing::Failed,
            Ending::Complete if !self.steps.iter().any(StepReport::was_run) => Standing::NothingRun,
            Ending::Complete if end.exit_code == 0 && any(Outcome::Passed) => Standing::Passed,
            Ending::Complete => Standing::Inconclusive,
        }
    }

    /// How long it took, or has lasted when its events end.
    pub fn elapsed(&self) -> Duration {
        self.end.map_or(self.last, |end| end.elapsed)
    }

    /// `localnet (simulated)`, or just the network.
    pub fn network_words(&self) -> String {
        network_words(&self.network, self.simulated)
    }

    /// How many steps came to what: `8 passed, 1 failed, 1 not reached`.
    pub fn counts(&self) -> String {
        let mut counts: BTreeMap<usize, (usize, &str)> = BTreeMap::new();
        for step in &self.steps {
            let without = if step.began.is_some() { 5 } else { Outcome::NotReached as usize };
            let rank = step.outcome.map_or(without, |outcome| outcome as usize);
            counts.entry(rank).or_insert((0, step.word())).0 += 1;
        }
        let words: Vec<String> = counts.values().map(|(count, word)| format!("{count} {word}")).collect();
        if words.is_empty() { "no step was run".to_owned() } else { words.join(", ") }
    }

    /// Every download with the id of its step and whether a refusal is what the step was to show.
    pub fn ledger(&self) -> impl Iterator<Item = (&StepReport, &LedgerRow)> {
        self.steps.iter().flat_map(|step| step.ledger().iter().map(move |row| (step, row)))
    }

    /// The counts of the market that `network-stats` showed last.
    pub fn funnel(&self) -> Vec<String> {
        let outputs = self.steps.iter().rev().filter_map(|step| step.evidence.as_ref());
        let mut tables = outputs.filter_map(|evidence| evidence.output.rsplit_once("Proposals count:"));
        let lines = tables.next().map(|(_, table)| table.lines()).into_iter().flatten();
        lines.map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
    }
}

impl StepReport {
    /// Whether its commands were run, at least in part.
    pub fn was_run(&self) -> bool {
        self.evidence.is_some()
    }

    /// The word for people; a step without an outcome is one at which the events end, or one behind it.
    pub fn word(&self) -> &'static str {
        match self.outcome {
            Some(outcome) => outcome.word(),
            None if self.began.is_some() => "not over",
            None => "not reached",
        }
    }

    /// Its downloads.
    pub fn ledger(&self) -> &[LedgerRow] {
        self.evidence.as_ref().map_or(&[], |evidence| &evidence.ledger)
    }

    /// Whether its failed downloads are as they should be: it passes with them only where its check asked for the refusal.
    pub fn asked_for_refusals(&self) -> bool {
        self.outcome == Some(Outcome::Passed)
    }

    /// When its commands ran, as far as is known: a prompt before them does not count.
    pub fn span(&self, now: Duration) -> Option<(Duration, Duration)> {
        let began = self.began?;
        let ended = self.ended.unwrap_or(now);
        let ran = if self.was_run() { ended.saturating_sub(self.elapsed) } else { began };
        Some((ran.max(began), ended))
    }
}

/// The network's name, with the word `simulated` where it belongs.
pub fn network_words(network: &str, simulated: bool) -> String {
    if simulated { format!("{network} (simulated)") } else { network.to_owned() }
}

/// `12.3 s`, `4 min 5 s`.
pub fn duration_words(time: Duration) -> String {
    let whole = time.as_secs_f64().round() as u64;
    match whole {
        0..120 => format!("{:.1} s", time.as_secs_f64()),
        _ => format!("{} min {} s", whole / 60, whole % 60),
    }
}
