//! A market as it was seen, made into a file of providers: from the counts of `ray-on-golem network-stats`, from offers,
//! or from both.
//!
//! May import `outbound` and its siblings. Invariant: the same demand that saw the counts sees them again; what cannot be
//! known or cannot be had again is said in the file, never passed over.

mod counts;
mod limits;
mod machines;
mod offers;
mod policy;
#[cfg(test)]
mod tests;
mod text;

use url::Url;

pub use counts::Counts;
pub use offers::{Seen, read_offers};

use limits::{Limits, Usage};
use machines::Machine;

/// More providers than this are no market but a mistake.
const MOST: u64 = 20_000;

/// The demand that saw the market, as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The subnet.
    pub subnet: String,
    /// Threads that a machine may have: at least, at most.
    pub cpu_threads: (u32, u32),
    /// Memory at least, in GiB.
    pub mem_gib: f64,
    /// Storage at least, in GiB.
    pub storage_gib: f64,
    /// The load of a thread and the hours behind `max_cost`; absent for those of ray-on-golem's own cluster file.
    pub usage: Option<(f64, f64)>,
    /// What the nodes were to reach; absent if that is not known.
    pub urls: Option<Vec<Url>>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            subnet: "public".into(),
            cpu_threads: (0, u32::MAX),
            mem_gib: 0.0,
            storage_gib: 0.0,
            usage: None,
            urls: None,
        }
    }
}

/// A market that was seen.
#[derive(Clone, Debug)]
pub struct Recording {
    machines: Vec<Machine>,
    notes: Vec<String>,
}

impl Recording {
    /// Makes providers of what was seen; counts, offers or both.
    ///
    /// # Errors
    /// When the counts contradict each other, or nothing was seen.
    pub fn make(counts: Option<&Counts>, seen: Option<Seen>, asked: &Asked) -> Result<Self, String> {
        let usage = asked.usage.map_or_else(Usage::default, |(load, hours)| Usage { load, hours });
        match (counts, seen) {
            (None, None) => Err("it holds neither counts of network-stats nor offers".into()),
            (Some(counts), None) => {
                let plan = counts.plan()?;
                let mut notes = of_counts(counts, asked);
                let machines = machines::invented(&plan, asked, usage, &mut notes)?;
                notes.extend(plan.left_out);
                Ok(Self { machines, notes })
            }
            (None, Some(seen)) => {
                let mut notes = of_offers(&seen);
                notes.push(
                    "Offers tell no policy: every provider has the default rules and the default whitelist."
                        .into(),
                );
                Ok(Self { machines: machines::of(seen.offers), notes })
            }
            (Some(counts), Some(seen)) => {
                let plan = counts.plan()?;
                let mut notes = of_offers(&seen);
                let mut machines = machines::of(seen.offers);
                let limits = Limits { of: plan.limits.clone(), usage };
                machines::give_policies(&mut machines, &plan, &limits, asked, &mut notes);
                Ok(Self { machines, notes })
            }
        }
    }

    /// So many providers.
    pub fn providers(&self) -> usize {
        self.machines.len()
    }

    /// The file; `origin` says in a line when it was recorded, and from what.
    pub fn text(&self, origin: &str) -> String {
        text::file(&self.machines, &self.notes, origin)
    }
}

fn of_counts(counts: &Counts, asked: &Asked) -> Vec<String> {
    let mut notes: Vec<String> = counts.lines().map(|line| format!("  {line}")).collect();
    notes.insert(0, "network-stats counted:".into());
    notes.push(
        "Real are these counts and reasons. Made up are all names, sizes and prices, and which hosts are missing on \
         which whitelist. Counts are proposals; here each is a provider of its own."
            .into(),
    );
    if asked.urls.is_none() {
        notes.push(
            "Without the cluster file it is not known what was asked for: subnet `public`, and whoever accepts lets \
             everyone reach everything (everyone: all). --cluster FILE tells more."
                .into(),
        );
    }
    if asked.usage.is_none() {
        notes.push("Behind `max_cost` a load of 0.8 for half an hour is assumed.".into());
    }
    notes.push(
        "network-stats asks in one subnet: there is nobody in `ray-on-golem-heads`, so `ray up` looks there for 30 \
         seconds first."
            .into(),
    );
    notes
}

fn of_offers(seen: &Seen) -> Vec<String> {
    let mut notes = vec![
        "Real are names, sizes, prices, subnets and whether payments while an agreement runs are offered. Node ids are \
         derived from the names; all else of an offer is the localnet's."
            .into(),
    ];
    notes.extend(seen.left_out.iter().map(|(why, count)| format!("Left out: {count} that {why}.")));
    notes
}
