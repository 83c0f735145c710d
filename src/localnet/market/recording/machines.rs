//! The machines of a recorded market: invented ones that give the counts, or those of offers with policies dealt out.
//!
//! May import its parent and siblings. Invariant: the same input gives the same machines, names included.

use std::collections::HashMap;

use super::Asked;
use super::counts::Plan;
use super::limits::{About, Asks, Limits, Usage};
use super::offers::Offered;
use super::policy::{Policy, default_accepts};
use crate::localnet::market::provider::node_id;

/// A provider to be written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Machine {
    pub name: String,
    pub subnet: String,
    pub mem_gib: f64,
    pub storage_gib: f64,
    pub asks: Asks,
    pub policy: Policy,
    pub mid_agreement_payments: bool,
}

/// Sizes of invented machines where the demand asks for no more.
const THREADS: u32 = 4;
const MEM_GIB: f64 = 8.0;
const STORAGE_GIB: f64 = 50.0;

/// Machines that give the counts of a plan.
pub(super) fn invented(
    plan: &Plan,
    asked: &Asked,
    usage: Usage,
    notes: &mut Vec<String>,
) -> Result<Vec<Machine>, String> {
    let (fewest, most) = asked.cpu_threads;
    let threads = THREADS.clamp(fewest.max(1), most.max(1).max(fewest));
    let limits = Limits { of: plan.limits.clone(), usage };
    let mut machines = Vec::new();
    for (place, count) in plan.beyond.iter().enumerate().filter(|(_, count)| **count > 0) {
        let name = match plan.limits[place].about {
            About::Cost => "beyond-max-cost",
            About::Start => "beyond-max-start",
            About::CpuHour => "beyond-max-cpu-hour",
            About::EnvHour => "beyond-max-env-hour",
        };
        let asks = limits.beyond(place, (threads, most.max(threads))).ok_or_else(|| {
            format!(
                "no price is {name} and within the limits before it; is it the cluster file of the counts?"
            )
        })?;
        add(&mut machines, name, *count, asks, &Policy::Default, asked);
    }
    let within = limits.within(threads);
    if limits.exceeded(within).is_some() {
        return Err("no price is within the limits".into());
    }
    let default = default_accepts(asked);
    for (policy, count) in &plan.rejecting {
        add(&mut machines, policy.name(), *count, within, &in_force(policy, default), asked);
    }
    let accepting = in_force(&Policy::All, default);
    add(&mut machines, accepting.name(), plan.accepting, within, &accepting, asked);
    complain(plan, asked, notes);
    Ok(machines)
}

/// What a default installation does already needs no setting of its own.
fn in_force(policy: &Policy, default: Option<bool>) -> Policy {
    match (policy, default) {
        (Policy::All, Some(true)) | (Policy::NotWhitelisted, Some(false)) => Policy::Default,
        _ => policy.clone(),
    }
}

fn add(machines: &mut Vec<Machine>, name: &str, count: u64, asks: Asks, policy: &Policy, asked: &Asked) {
    // Several reasons may share a name.
    let before = format!("{name}-");
    let taken = machines.iter().filter(|machine| machine.name.starts_with(&before)).count();
    for number in (taken + 1..).take(usize::try_from(count).unwrap_or(usize::MAX)) {
        machines.push(Machine {
            name: format!("{name}-{number}"),
            subnet: asked.subnet.clone(),
            mem_gib: asked.mem_gib.max(MEM_GIB),
            storage_gib: asked.storage_gib.max(STORAGE_GIB),
            asks,
            policy: policy.clone(),
            mid_agreement_payments: true,
        });
    }
}

/// Says it where counts and cluster file cannot belong together.
fn complain(plan: &Plan, asked: &Asked, notes: &mut Vec<String>) {
    let nothing = asked.urls.as_ref().is_some_and(Vec::is_empty);
    if nothing && plan.rejecting.iter().any(|(policy, _)| policy.is_outbound()) {
        notes.push(
            "The cluster file asks for no outbound access, yet the counts have rejections of it: it is not the file of \
             the counts, and such providers accept here."
                .into(),
        );
    }
}

/// The machines of offers, as installed; a name that several have gets a number.
pub(super) fn of(offers: Vec<Offered>) -> Vec<Machine> {
    let mut machines: Vec<Machine> = Vec::new();
    let mut taken: HashMap<String, usize> = HashMap::new();
    for Offered { name, subnet, mem_gib, storage_gib, asks, mid_agreement_payments, .. } in offers {
        let mut unique = name.clone();
        while taken.contains_key(&unique) {
            let number = taken.entry(name.clone()).or_insert(1);
            *number += 1;
            unique = format!("{name}-{number}");
        }
        taken.insert(unique.clone(), 1);
        let policy = Policy::Default;
        machines.push(Machine {
            name: unique,
            subnet,
            mem_gib,
            storage_gib,
            asks,
            policy,
            mid_agreement_payments,
        });
    }
    machines
}

/// Deals the policies of a plan out to machines that the demand would have asked.
pub(super) fn give_policies(
    machines: &mut [Machine],
    plan: &Plan,
    limits: &Limits,
    asked: &Asked,
    notes: &mut Vec<String>,
) {
    let (fewest, most) = asked.cpu_threads;
    let mut candidates: Vec<&mut Machine> = machines
        .iter_mut()
        .filter(|machine| {
            machine.subnet == asked.subnet
                && (fewest..=most).contains(&machine.asks.threads)
                && machine.mem_gib >= asked.mem_gib
                && machine.storage_gib >= asked.storage_gib
                && limits.exceeded(machine.asks).is_none()
        })
        .collect();
    // Any order would do that does not favour the offers which came first.
    candidates.sort_by_key(|machine| node_id(&machine.name));
    let default = default_accepts(asked);
    let accepting = in_force(&Policy::All, default);
    let wanted: Vec<Policy> = plan
        .rejecting
        .iter()
        .flat_map(|(policy, count)| {
            std::iter::repeat_n(in_force(policy, default), usize::try_from(*count).unwrap_or(usize::MAX))
        })
        .collect();
    let (asked_for, found) = (wanted.len() as u64 + plan.accepting, candidates.len() as u64);
    notes.push(
        "Policies come from the counts of network-stats; which provider has which is made up, except that only those \
         within the limits were asked."
            .into(),
    );
    if asked_for != found {
        notes.push(format!(
            "network-stats has {asked_for} answers, and {found} offers are within its limits: the counts will differ."
        ));
    }
    let mut candidates = candidates.into_iter();
    wanted.into_iter().zip(candidates.by_ref()).for_each(|(policy, machine)| machine.policy = policy);
    if asked.urls.is_some() {
        candidates.for_each(|machine| machine.policy = accepting.clone());
    }
    notes.extend(plan.left_out.iter().cloned());
    complain(plan, asked, notes);
}
