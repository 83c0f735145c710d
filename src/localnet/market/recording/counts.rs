//! The counts of network-stats as a plan: so many fail at this limit, so many reject for this reason, so many accept.
//!
//! May import its parent and siblings. Invariant: a plan holds no more proposals than were counted.

use super::MOST;
use super::limits::Limit;
use super::policy::Policy;

/// What `ray-on-golem network-stats` printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tag and count, in its order.
    pub stages: Vec<(String, u64)>,
    /// Reason and count.
    pub reasons: Vec<(String, u64)>,
}

/// Who is to be in the market.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// The limits in the order in which they are applied.
    pub limits: Vec<Limit>,
    /// So many pass the limits before this one and fail here.
    pub beyond: Vec<u64>,
    /// So many pass all limits and do this.
    pub rejecting: Vec<(Policy, u64)>,
    /// So many accept.
    pub accepting: u64,
    /// What was counted and cannot be had again, as sentences.
    pub left_out: Vec<String>,
}

const INITIAL: &str = "Initial";
const NOT_BLACKLISTED: &str = "Not blacklisted";
const ASKED: &str = "Negotiation initialized";
const ACCEPTED: &str = "Negotiated successfully";

impl Counts {
    /// As network-stats prints them, without its headings.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.stages.iter().chain(&self.reasons).map(|(what, count)| format!("{what}: {count}"))
    }

    fn of(&self, tag: &str) -> Result<u64, String> {
        let found = self.stages.iter().find(|(found, _)| found == tag);
        found.map(|(_, count)| *count).ok_or_else(|| format!("the counts have no line `{tag}`"))
    }

    pub(super) fn plan(&self) -> Result<Plan, String> {
        for pair in self.stages.windows(2) {
            if pair[1].1 > pair[0].1 {
                let [(before, more), (after, less)] = [&pair[0], &pair[1]];
                return Err(format!("the counts grow, from `{before}: {more}` to `{after}: {less}`"));
            }
        }
        if self.of(INITIAL)? > MOST {
            return Err(format!("more than {MOST} proposals were counted"));
        }
        let mut plan = Plan { accepting: self.of(ACCEPTED)?, ..Plan::default() };
        let mut before = self.of(NOT_BLACKLISTED)?;
        plan.leave_out(
            self.of(INITIAL)? - before,
            "of providers on your own blacklist, which is no part of a market",
        );
        for (tag, count) in &self.stages {
            if [INITIAL, NOT_BLACKLISTED, ASKED, ACCEPTED].contains(&tag.as_str()) {
                continue;
            }
            match Limit::of(tag) {
                Some(limit) => {
                    plan.limits.push(limit);
                    plan.beyond.push(before - count);
                }
                None => plan.leave_out(
                    before - count,
                    &format!("that did not come as far as `{tag}`, a stage unknown here"),
                ),
            }
            before = *count;
        }
        let asked = self.of(ASKED)?;
        plan.leave_out(before - asked, "that passed every limit and were not asked before the end");
        let mut rest = asked - plan.accepting;
        for (reason, count) in &self.reasons {
            if *count > rest {
                return Err(format!(
                    "more rejections than negotiations were counted, at `{reason}: {count}`"
                ));
            }
            rest -= count;
            match Policy::of_reason(reason) {
                Ok(policy) => plan.rejecting.push((policy, *count)),
                Err(why) => plan.leave_out(*count, &format!("with `{reason}`, which is {why}")),
            }
        }
        plan.leave_out(rest, "that were still negotiated at the end");
        Ok(plan)
    }
}

impl Plan {
    fn leave_out(&mut self, count: u64, what: &str) {
        if count > 0 {
            self.left_out
                .push(format!("Left out: {count} {what}; the counts above it are that much lower here."));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(stages: &[(&str, u64)], reasons: &[(&str, u64)]) -> Counts {
        let owned = |list: &[(&str, u64)]| list.iter().map(|(tag, n)| ((*tag).to_owned(), *n)).collect();
        Counts { stages: owned(stages), reasons: owned(reasons) }
    }

    #[test]
    fn counts_that_contradict_each_other_are_refused() {
        let all = |initial, asked, accepted| {
            [("Initial", initial), ("Not blacklisted", initial), (ASKED, asked), (ACCEPTED, accepted)]
        };
        let error = |stages: &[_], reasons: &[_]| counts(stages, reasons).plan().unwrap_err();
        assert_eq!(
            error(&all(3, 4, 0), &[]),
            "the counts grow, from `Not blacklisted: 3` to `Negotiation initialized: 4`"
        );
        assert_eq!(
            error(&all(3, 3, 2), &[("outbound is disabled", 2)]),
            "more rejections than negotiations were counted, at `outbound is disabled: 2`"
        );
        assert_eq!(error(&[("Initial", 1)], &[]), "the counts have no line `Negotiated successfully`");
        assert_eq!(error(&all(20_001, 0, 0), &[]), "more than 20000 proposals were counted");
    }

    #[test]
    fn what_cannot_be_had_again_is_left_out_and_said() {
        let stages =
            [("Initial", 9), ("Not blacklisted", 8), ("Passed the moon", 7), (ASKED, 6), (ACCEPTED, 1)];
        let reasons = [("outbound is disabled", 2), ("No common payment platform!", 1)];
        let plan = counts(&stages, &reasons).plan().unwrap();
        assert_eq!((plan.accepting, plan.rejecting.len(), plan.left_out.len()), (1, 1, 5), "{plan:?}");
    }
}
