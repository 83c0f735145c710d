//! Telling a step that went well from one that did not, by what it printed: our steps' own checks beside similarity, exact
//! comparison, a regex and elision, over labelled outputs.
//!
//! The labels are in `cases.rs` and come of what each step has to show, not of any check. Every way of judging is given the
//! exit code that the step asks for, so that only the text is in question; ours is also given what the network tells.

mod cases;
mod rivals;

use std::path::Path;
use std::time::{Duration, Instant};

use golem_outbound::evidence::{Evidence, Exit, Outcome, Verdict};
use golem_outbound::runner::Project;
use golem_outbound::tutorial::{Check, Tutorial, parse_findings, parse_ledger, parse_verdicts};

use self::cases::{Case, cases};
use self::rivals::RIVALS;
use crate::ROOT;
use crate::clock::{ms, number};
use crate::peers::Peers;
use crate::table::{goal, table};

/// How often the label and the verdict agreed.
#[derive(Default)]
struct Score {
    right_passes: usize,
    wrong_passes: usize,
    right_failures: usize,
    wrong_failures: usize,
    elapsed: Duration,
}

impl Score {
    fn count(&mut self, is_good: bool, passes: bool) {
        *match (is_good, passes) {
            (true, true) => &mut self.right_passes,
            (false, true) => &mut self.wrong_passes,
            (false, false) => &mut self.right_failures,
            (true, false) => &mut self.wrong_failures,
        } += 1;
    }

    /// Of what it passed, how much was good.
    fn precision(&self) -> f64 {
        self.right_passes as f64 / (self.right_passes + self.wrong_passes) as f64
    }

    /// Of what was good, how much it passed.
    fn recall(&self) -> f64 {
        self.right_passes as f64 / (self.right_passes + self.wrong_failures) as f64
    }

    fn row(&self, name: &str, count: usize, ours: Duration) -> Vec<String> {
        let ratio = self.elapsed.as_secs_f64() / ours.as_secs_f64();
        vec![
            name.to_owned(),
            format!("{:.3}", self.precision()),
            format!("{:.3}", self.recall()),
            self.wrong_passes.to_string(),
            self.wrong_failures.to_string(),
            format!("{} ms", ms(self.elapsed / u32::try_from(count.max(1)).unwrap_or(1))),
            format!("{} ×", number(ratio)),
        ]
    }
}

/// The table.
pub fn section(_peers: &Peers, _runs: usize) -> String {
    let tutorial = tutorial();
    let cases = cases();
    let mut ours = Score::default();
    let mut missed = String::new();
    for case in &cases {
        let started = Instant::now();
        let (passes, why) = judge(checks(&tutorial, case.step), case);
        ours.elapsed += started.elapsed();
        if passes != case.is_good {
            missed += &format!("- {}: {} ({why})\n", case.step, case.why);
        }
        ours.count(case.is_good, passes);
    }
    let mut rows = vec![ours.row("the checks of the tutorial", cases.len(), ours.elapsed)];
    for rival in &RIVALS {
        let mut score = Score::default();
        for case in &cases {
            let asked = expected_code(checks(&tutorial, case.step));
            let started = Instant::now();
            let passes = case.exit == asked && (rival.holds)(case);
            score.elapsed += started.elapsed();
            score.count(case.is_good, passes);
        }
        rows.push(score.row(rival.name, cases.len(), ours.elapsed));
    }
    let good = cases.iter().filter(|case| case.is_good).count();
    let mut text = format!(
        "## Verification\n\n{} labelled outputs of six steps: {good} of steps that went well, {} of steps that did not.\n\n",
        cases.len(),
        cases.len() - good
    );
    let head = [
        "judged by",
        "precision",
        "recall",
        "bad ones passed",
        "good ones failed",
        "time per output",
        "ratio",
    ];
    text += &table(&head, &rows);
    let what = format!(
        "precision and recall 1.0 (they are {} and {})",
        number(ours.precision()),
        number(ours.recall())
    );
    text += &goal(&what, ours.wrong_passes + ours.wrong_failures == 0);
    if missed.is_empty() { text } else { format!("{text}Judged wrongly:\n\n{missed}\n") }
}

/// The steps as a project of the docs' example has them.
fn tutorial() -> Tutorial {
    let project =
        Project::load(&Path::new(ROOT).join("examples/docs-outbound")).expect("the example is a project");
    project.tutorial("localnet").expect("its tutorial can be read")
}

fn checks<'t>(tutorial: &'t Tutorial, step: &str) -> &'t [Check] {
    let step = tutorial.steps().iter().find(|known| known.id == step);
    &step.expect("a case is of a step of the tutorial").checks
}

fn expected_code(checks: &[Check]) -> i32 {
    let code = |check: &Check| if let Check::ExitCode(code) = check { Some(*code) } else { None };
    checks.iter().find_map(code).unwrap_or(0)
}

/// As the runner judges, and why not, if not.
fn judge(checks: &[Check], case: &Case) -> (bool, String) {
    let output = console::strip_ansi_codes(&case.output).into_owned();
    let evidence = Evidence {
        exit: Exit::Code(case.exit),
        ledger: parse_ledger(&output),
        findings: parse_findings(&output),
        verdicts: parse_verdicts(&output),
        output,
        notes: Vec::new(),
        elapsed: Duration::ZERO,
        nodes: Some(case.nodes.clone()),
        busy_ports: Some(case.busy_ports.clone()),
        processes: Some(case.processes.clone()),
    };
    let verdicts: Vec<Verdict> = checks.iter().map(|check| check.judge(&evidence)).collect();
    let words = |verdict: &Verdict| match verdict {
        Verdict::Pass => None,
        Verdict::Fail { expected, found } => Some(format!("expected {expected}, found {found}")),
        Verdict::Inconclusive { reason } => Some(format!("could not tell: {reason}")),
    };
    let why: Vec<String> = verdicts.iter().filter_map(words).collect();
    let why = if why.is_empty() { "every check passes".to_owned() } else { why.join("; ") };
    (Outcome::of(&verdicts) == Outcome::Passed, why)
}
