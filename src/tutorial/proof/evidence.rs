//! What a check says before and after its step: the proof that it sees the step at all.
//!
//! May import `diagnostic`, `evidence` and its siblings. Invariant: a step is proved by a check that did not pass before and
//! passed after; one that could not tell before did not pass.

use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::evidence::{Evidence, Exit, Outcome, Verdict};
use crate::tutorial::front_matter::place_in_file;
use crate::tutorial::{Step, Tutorial};

/// What is observed when nothing has run: no output, no end of a command, no node, no process, every port free.
pub fn nothing() -> Evidence {
    Evidence {
        exit: Exit::Interrupted,
        output: String::new(),
        notes: Vec::new(),
        elapsed: Duration::ZERO,
        ledger: Vec::new(),
        findings: Vec::new(),
        verdicts: Vec::new(),
        nodes: Some(Vec::new()),
        busy_ports: Some(Vec::new()),
        processes: Some(Vec::new()),
    }
}

/// Whether what the step starts is undone at the end of the walk: by its own teardown, or by that of a step that it needs,
/// as the cluster's teardown ends what runs on the cluster.
pub fn is_torn_down(tutorial: &Tutorial, step: &Step) -> bool {
    let mut needed = step.needs.iter().filter_map(|id| tutorial.step(id));
    !step.teardown.is_empty() || needed.any(|needed| is_torn_down(tutorial, needed))
}

/// What was seen of one step in a walk.
#[derive(Clone, Debug, PartialEq)]
pub struct Proved {
    /// Its id.
    pub id: String,
    /// What could be observed right before its first command.
    pub before: Evidence,
    /// What could be observed after its last one.
    pub after: Evidence,
    /// What could be observed a while later, before the next step's first command or at the end: what was only ending is
    /// gone then. None if nobody looked.
    pub next: Option<Evidence>,
    /// What could be observed when every teardown had run, right before the network's end; none without such a moment.
    pub end: Option<Evidence>,
    /// What it came to.
    pub outcome: Outcome,
}

impl Proved {
    /// For each check: what it asks, and what it said before and after.
    pub fn checks(&self, step: &Step) -> Vec<(String, Verdict, Verdict)> {
        let both = |check: &crate::tutorial::Check| {
            (check.words(), check.judge(&self.before), check.judge(&self.after))
        };
        step.checks.iter().map(both).collect()
    }

    /// What the walk found wrong with a step of the tutorial.
    pub fn findings(&self, tutorial: &Tutorial, step: &Step, text: &str) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let checks = self.checks(step);
        if checks.iter().all(|(_, before, _)| *before == Verdict::Pass) {
            let words: Vec<&str> = checks.iter().map(|(words, ..)| words.as_str()).collect();
            let message =
                format!("every check of step `{}` passed before it ran: {}", step.id, words.join("; "));
            let finding = Diagnostic::error("checks-pass-before", message)
                .help("add a check of what the step changes; one that passes anyway proves nothing");
            found.push(place_in_file(text, "checks:", finding));
        }
        // What could not be told, because of a network for instance, is no defect of the tutorial.
        if self.outcome == Outcome::Failed {
            let failed: Vec<&str> = checks
                .iter()
                .filter(|(_, _, after)| *after != Verdict::Pass)
                .map(|(words, ..)| words.as_str())
                .collect();
            let message =
                format!("step `{}` was walked and {}: {}", step.id, self.outcome.word(), failed.join("; "));
            let finding = Diagnostic::error("step-does-not-pass", message)
                .help("read what the walk said above; mend the command or the check");
            found.push(place_in_file(text, "checks:", finding));
        }
        found.extend(self.left_behind(tutorial, step, text));
        found
    }

    /// What the step has started and is still there.
    pub fn still_there(&self, now: &Evidence) -> Vec<String> {
        let now = things(now);
        new(&self.before, &self.after).into_iter().filter(|one| now.contains(one)).collect()
    }

    fn left_behind(&self, tutorial: &Tutorial, step: &Step, text: &str) -> Option<Diagnostic> {
        if is_torn_down(tutorial, step) {
            let still = self.still_there(self.end.as_ref()?);
            let message = format!(
                "every teardown has run, and of what step `{}` has started there lived on: ",
                step.id
            );
            let help =
                "write commands that undo all that the step starts; the last one must be the strongest";
            let key = if step.teardown.is_empty() { "run:" } else { "teardown:" };
            return finding(text, "teardown-leaves-something", &message, &still, key, help);
        }
        let left = self.still_there(self.next.as_ref().unwrap_or(&self.after));
        let message = format!("step `{}` has no teardown, and after it there lived on: ", step.id);
        let help = "end it within the step, or write a `teardown:` that does";
        finding(text, "step-leaves-something", &message, &left, "run:", help)
    }
}

fn finding(
    text: &str,
    code: &'static str,
    message: &str,
    left: &[String],
    key: &str,
    help: &str,
) -> Option<Diagnostic> {
    if left.is_empty() {
        return None;
    }
    let finding = Diagnostic::error(code, format!("{message}{}", left.join("; "))).help(help);
    Some(place_in_file(text, key, finding))
}

/// What is there after and was not before.
fn new(before: &Evidence, after: &Evidence) -> Vec<String> {
    let before = things(before);
    things(after).into_iter().filter(|one| !before.contains(one)).collect()
}

/// Everything that can outlive a step, as far as the network sees it.
fn things(evidence: &Evidence) -> Vec<String> {
    let ports = evidence.busy_ports.iter().flatten();
    let nodes = evidence.nodes.iter().flatten().map(|node| format!("node {node}"));
    let processes = evidence.processes.iter().flatten().cloned();
    let ports = ports.map(|(port, holder)| format!("port {port}, held by {holder}"));
    processes.chain(ports).chain(nodes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tutorial::Values;

    fn codes(checks: &str, before: Evidence, after: Evidence, outcome: Outcome) -> Vec<&'static str> {
        let proved = Proved { id: "a".into(), before, after, next: None, end: None, outcome };
        findings(&format!("checks:\n{checks}"), &proved).iter().map(|finding| finding.code).collect()
    }

    fn findings(keys: &str, proved: &Proved) -> Vec<Diagnostic> {
        let text = format!("---\nid: a\ntitle: T\nrun:\n  - [x]\n{keys}---\n");
        let tutorial = Tutorial::load(&[("01-a.md".into(), text.clone())], &Values::new()).unwrap();
        proved.findings(&tutorial, &tutorial.steps()[0], &text)
    }

    fn done() -> Evidence {
        Evidence { exit: Exit::Code(0), output: "done\n".into(), ..nothing() }
    }

    #[test]
    fn a_step_is_proved_by_a_check_that_changes_its_mind() {
        assert!(codes("  - exit_code: 0\n", nothing(), done(), Outcome::Passed).is_empty());
        assert_eq!(codes("  - ports_free\n", nothing(), done(), Outcome::Passed), ["checks-pass-before"]);
        assert_eq!(
            codes("  - exit_code: 0\n", nothing(), nothing(), Outcome::Failed),
            ["step-does-not-pass"]
        );
    }

    #[test]
    fn what_lives_on_after_a_step_without_a_teardown_is_found() {
        let port = Some(vec![(6379, "`gcs_server` (process 7)".to_owned())]);
        let after = Evidence { processes: Some(vec!["sleep".into()]), busy_ports: port.clone(), ..done() };
        let found = codes("  - exit_code: 0\n", nothing(), after.clone(), Outcome::Passed);
        assert_eq!(found, ["step-leaves-something"]);
        let ending = Some(done());
        let proved = Proved {
            id: "a".into(),
            before: nothing(),
            after: after.clone(),
            next: ending,
            end: None,
            outcome: Outcome::Passed,
        };
        assert_eq!(findings("checks:\n  - exit_code: 0\n", &proved), [], "it was only ending");
        let before = Evidence { processes: Some(vec!["sleep".into()]), busy_ports: port, ..nothing() };
        assert!(codes("  - exit_code: 0\n", before, after, Outcome::Passed).is_empty());
    }
    #[test]
    fn a_teardown_is_proved_by_what_is_left_at_the_end_of_the_walk() {
        let up = Evidence {
            nodes: Some(vec!["192.168.0.3".into()]),
            processes: Some(vec!["raylet".into()]),
            ..done()
        };
        let told = |end: Evidence| {
            let end = Some(end);
            let proved = Proved {
                id: "a".into(),
                before: nothing(),
                after: up.clone(),
                next: None,
                end,
                outcome: Outcome::Passed,
            };
            let found = findings("teardown:\n  - [y]\nchecks:\n  - exit_code: 0\n", &proved);
            found.into_iter().map(|finding| (finding.code, finding.message)).collect::<Vec<_>>()
        };
        assert_eq!(told(nothing()), []);
        let still = told(Evidence { nodes: up.nodes.clone(), ..nothing() });
        assert_eq!(still.len(), 1);
        assert_eq!(still[0].0, "teardown-leaves-something");
        assert!(still[0].1.ends_with("lived on: node 192.168.0.3"), "{}", still[0].1);
    }

    #[test]
    fn what_runs_on_a_cluster_ends_with_the_cluster_s_teardown() {
        let step = |id: &str, more: &str| {
            (
                format!("{id}.md"),
                format!("---\nid: {id}\ntitle: T\nrun:\n  - [x]\n{more}checks:\n  - exit_code: 0\n---\n"),
            )
        };
        let files = [step("up", "teardown:\n  - [y]\n"), step("submit", "needs: [up]\n"), step("other", "")];
        let tutorial = Tutorial::load(&files, &Values::new()).unwrap();
        let torn_down = |id: &str| is_torn_down(&tutorial, tutorial.step(id).unwrap());
        assert!(torn_down("up") && torn_down("submit") && !torn_down("other"));
    }
}
