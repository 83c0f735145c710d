//! Findings about several step files together, and the order that their needs ask for.

use super::front_matter::place_in_file;
use super::step::Step;
use super::suggestion::nearest;
use crate::diagnostic::Diagnostic;

type Finding = (String, Diagnostic);

/// Ids that two files claim.
pub fn duplicates(steps: &[(Step, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, (step, text)) in steps.iter().enumerate() {
        if let Some((first, _)) = steps[..index].iter().find(|(other, _)| other.id == step.id) {
            let message = format!("the id `{}` is taken by `{}`", step.id, first.file);
            let finding =
                Diagnostic::error("step-id-duplicate", message).help("give the step an id of its own");
            findings.push((step.file.clone(), place_in_file(text, &step.id, finding)));
        }
    }
    findings
}

/// Needs, and steps to undo, that no file provides.
pub fn missing_needs(steps: &[(Step, &str)]) -> Vec<Finding> {
    let ids: Vec<&str> = steps.iter().map(|(step, _)| step.id.as_str()).collect();
    let mut findings = Vec::new();
    for (step, text) in steps {
        for need in step.needs.iter().chain(&step.undoes).filter(|need| !ids.contains(&need.as_str())) {
            let message = format!("step `{}` names `{need}`, which does not exist", step.id);
            let finding = Diagnostic::error("step-need-missing", message);
            let finding = match nearest(need, ids.iter().copied()) {
                Some(known) => finding.help(format!("did you mean `{known}`?")),
                None => finding.help(format!("the steps are: {}", ids.join(", "))),
            };
            findings.push((step.file.clone(), place_in_file(text, need, finding)));
        }
    }
    findings
}

/// Every step after all that it needs, else in the given order.
pub fn by_needs(steps: Vec<(Step, &str)>) -> Result<Vec<Step>, Box<Finding>> {
    let mut waiting = steps;
    let mut ordered: Vec<Step> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = waiting
            .iter()
            .position(|(step, _)| step.needs.iter().all(|need| ordered.iter().any(|done| done.id == *need)));
        match ready {
            Some(index) => ordered.push(waiting.remove(index).0),
            None => return Err(Box::new(cycle(&waiting))),
        }
    }
    Ok(ordered)
}

/// Follows needs among the steps that wait for each other until one comes up twice.
fn cycle(waiting: &[(Step, &str)]) -> Finding {
    let mut path: Vec<usize> = vec![0];
    loop {
        let current = &waiting[path[path.len() - 1]].0;
        let next = waiting.iter().position(|(step, _)| current.needs.contains(&step.id));
        // A step waits only because one of its needs waits, so there is always a next one.
        let next = next.unwrap_or(path[0]);
        if let Some(start) = path.iter().position(|index| *index == next) {
            let mut ids: Vec<&str> =
                path[start..].iter().map(|index| waiting[*index].0.id.as_str()).collect();
            ids.push(ids[0]);
            let (step, text) = &waiting[next];
            let finding = Diagnostic::error(
                "step-cycle",
                format!("steps need each other in a circle: {}", ids.join(" → ")),
            )
            .help("remove one of these needs");
            return (step.file.clone(), place_in_file(text, "needs:", finding));
        }
        path.push(next);
    }
}
