//! What was observed while a step ran, and what checks make of it.
//!
//! May import `error` and `diagnostic`. Invariant: evidence is only recorded, never judged here; the folding of
//! verdicts into an outcome lets no failure and no uncertainty turn into a pass.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Severity;

/// How a child process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// It returned this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// We ended it because its time was over.
    TimedOut,
    /// We ended it because the user or a signal asked for it.
    Interrupted,
}

/// One download as the script reported it. Order does not matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// What was asked for.
    pub url: String,
    /// Whether the content arrived and was verified.
    pub ok: bool,
    /// Why not, in the script's words.
    #[serde(default)]
    pub error: Option<String>,
    /// Bytes of the body.
    #[serde(default)]
    pub bytes: u64,
    /// How the body was verified: `cid`, `sha256`, or nothing.
    #[serde(default)]
    pub verified: Option<String>,
    /// How many tries it took.
    #[serde(default)]
    pub attempts: u32,
    /// The address of the node that fetched it, as Ray knows it.
    #[serde(default)]
    pub node: String,
}

/// A finding as a command of the step printed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedFinding {
    /// Its code; `docs/findings/` has a page about each.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// The file, as it was named.
    pub file: String,
    /// One-based line, if it has a place.
    pub line: Option<usize>,
    /// One-based column in characters, if it has a place.
    pub column: Option<usize>,
    /// What to do.
    pub help: Option<String>,
}

/// What providers with the whitelist in question say to a URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostVerdict {
    /// The URL or origin.
    pub url: String,
    /// Whether its host passes.
    pub accepted: bool,
}

/// The counts that `ray-on-golem network-stats` printed, in its order, and the reasons of rejections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funnel {
    /// `("Initial", 21)` and so on.
    pub counts: Vec<(String, u64)>,
    /// `("Outbound rejected because: …", 4)` and so on.
    pub rejections: Vec<(String, u64)>,
}

impl Funnel {
    /// As `ray-on-golem network-stats` prints it, without its headings.
    pub fn lines(&self) -> Vec<String> {
        let all = self.counts.iter().chain(&self.rejections);
        all.map(|(what, count)| format!("{what}: {count}")).collect()
    }
}

/// All that was observed while a step ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// How its command ended.
    pub exit: Exit,
    /// Both streams in the order of arrival, ANSI codes stripped.
    pub output: String,
    /// What the runner itself saw and the output does not say: a command that stalled, the market, a wait in vain.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Wall-clock time.
    #[serde(with = "seconds")]
    pub elapsed: Duration,
    /// Downloads that the output reports.
    pub ledger: Vec<LedgerRow>,
    /// Findings that the output reports.
    #[serde(default)]
    pub findings: Vec<ReportedFinding>,
    /// Verdicts on URLs that the output reports.
    #[serde(default)]
    pub verdicts: Vec<HostVerdict>,
    /// VPN addresses of the cluster's nodes that are up; `None` where the network cannot tell.
    pub nodes: Option<Vec<String>>,
    /// Ports of the walk that are still taken after the step, with the process that holds each; `None` where the network
    /// cannot tell.
    pub busy_ports: Option<Vec<(u16, String)>>,
    /// Processes of the walk that are still alive after the step; `None` where the network cannot tell.
    pub processes: Option<Vec<String>>,
}

impl Evidence {
    /// All that a symptom can be found in: the output, then the notes, a line each.
    pub fn text(&self) -> String {
        let output = self.output.trim_end();
        [output].into_iter().chain(self.notes.iter().map(String::as_str)).collect::<Vec<_>>().join("\n")
    }
}

/// Whose doing a failure is. A failure of the network is never laid at the learner's door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// Something typed or left out by the reader.
    You,
    /// The project's files.
    Project,
    /// This machine.
    Machine,
    /// The connection to the Internet.
    Network,
    /// The providers' whitelist.
    Whitelist,
    /// A provider.
    Provider,
    /// ray-on-golem, Ray, yagna, or a public service.
    Upstream,
}

/// What one check says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail {
        /// What should have been seen.
        expected: String,
        /// What was seen.
        found: String,
    },
    /// It cannot be told.
    Inconclusive {
        /// Why not.
        reason: String,
    },
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Every check passed.
    Passed,
    /// At least one check failed.
    Failed,
    /// No check failed, but at least one could not tell, or there was none.
    Inconclusive,
    /// The reader skipped it, or the network has no use for it.
    Skipped,
    /// A step before it did not pass.
    NotReached,
}

impl Outcome {
    /// Folds verdicts: one failure fails, one uncertainty is uncertain, and no verdict at all is never a pass.
    pub fn of<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Self {
        let mut outcome = None;
        for verdict in verdicts {
            outcome = Some(match (outcome, verdict) {
                (_, Verdict::Fail { .. }) | (Some(Self::Failed), _) => Self::Failed,
                (_, Verdict::Inconclusive { .. }) | (Some(Self::Inconclusive), _) => Self::Inconclusive,
                (_, Verdict::Pass) => Self::Passed,
            });
        }
        outcome.unwrap_or(Self::Inconclusive)
    }

    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Inconclusive => "could not tell",
            Self::Skipped => "skipped",
            Self::NotReached => "not reached",
        }
    }
}

/// Durations in files: a number of seconds, exact to the nanosecond for a hundred days.
pub mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de};

    /// For serde's `with`.
    ///
    /// # Errors
    /// The format's own.
    pub fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(time.as_secs_f64())
    }

    /// For serde's `with`.
    ///
    /// # Errors
    /// What is there is no duration.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail() -> Verdict {
        Verdict::Fail { expected: "a".into(), found: "b".into() }
    }

    fn unsure() -> Verdict {
        Verdict::Inconclusive { reason: "c".into() }
    }

    #[test]
    fn verdicts_fold_to_the_worst() {
        assert_eq!(Outcome::of(&[Verdict::Pass, Verdict::Pass]), Outcome::Passed);
        assert_eq!(Outcome::of(&[Verdict::Pass, unsure()]), Outcome::Inconclusive);
        assert_eq!(Outcome::of(&[unsure(), fail(), Verdict::Pass]), Outcome::Failed);
    }

    #[test]
    fn no_verdict_is_never_green() {
        assert_eq!(Outcome::of(&[]), Outcome::Inconclusive);
    }
}
