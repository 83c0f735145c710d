//! The price limits that network-stats names, and prices that are within or beyond them.
//!
//! May import nothing of the house. Invariant: prices are compared as ray-on-golem's plugins compare them
//! (`helpers/manager_stack.py`; golem-core's `RejectIfCostsExceeds` lets an equal price pass).

/// What a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// The expected cost of one thread.
    Cost,
    /// The start.
    Start,
    /// An hour of a busy thread.
    CpuHour,
    /// An hour of a node's life.
    EnvHour,
}

/// A limit of the cluster file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limit {
    pub about: About,
    /// GLM.
    pub most: f64,
}

/// How a thread is expected to be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Usage {
    pub load: f64,
    pub hours: f64,
}

impl Default for Usage {
    /// What ray-on-golem's own cluster file has.
    fn default() -> Self {
        Self { load: 0.8, hours: 0.5 }
    }
}

/// Limits in the order in which they are applied.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Limits {
    pub of: Vec<Limit>,
    pub usage: Usage,
}

/// What a machine asks for, in GLM.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Asks {
    pub threads: u32,
    pub start: f64,
    pub cpu_hour: f64,
    pub env_hour: f64,
}

impl Limit {
    /// Reads ``Passed Reject if start price exceeds `max_start_price` = 0.5``.
    pub fn of(tag: &str) -> Option<Self> {
        let (_, rest) = tag.split_once("exceeds `")?;
        let (name, most) = rest.split_once("` = ")?;
        let about = match name {
            "max_cost" => About::Cost,
            "max_start_price" => About::Start,
            "max_cpu_hour_price" => About::CpuHour,
            "max_env_per_hour_price" => About::EnvHour,
            _ => return None,
        };
        let most: f64 = most.parse().ok()?;
        (most.is_finite() && (0.0..1e9).contains(&most)).then_some(Self { about, most })
    }
}

impl Limits {
    /// The first limit that a machine exceeds.
    pub fn exceeded(&self, asks: Asks) -> Option<usize> {
        let Usage { load, hours } = self.usage;
        self.of.iter().position(|limit| {
            let price = match limit.about {
                About::Cost => {
                    (asks.start + asks.env_hour * hours) / f64::from(asks.threads.max(1))
                        + asks.cpu_hour * load * hours
                }
                About::Start => asks.start,
                About::CpuHour => asks.cpu_hour,
                About::EnvHour => asks.env_hour,
            };
            price > limit.most
        })
    }

    /// Prices within all limits: modest ones, halved until they are.
    pub fn within(&self, threads: u32) -> Asks {
        let mut asks = Asks { threads, start: 0.0, cpu_hour: 0.02, env_hour: 0.02 };
        for _ in 0..60 {
            if self.exceeded(asks).is_none() {
                return asks;
            }
            asks = Asks { cpu_hour: asks.cpu_hour / 2.0, env_hour: asks.env_hour / 2.0, ..asks };
        }
        Asks { threads, ..Asks::default() }
    }

    /// Prices, and perhaps more threads, that exceed this limit and none before it; none if there are no such.
    pub fn beyond(&self, place: usize, threads: (u32, u32)) -> Option<Asks> {
        let limit = self.of.get(place)?;
        let (fewest, most) = threads;
        let counts = [fewest, 8, 16, 64, 256, 4096, 65_536].map(|count| count.clamp(fewest, most));
        counts.into_iter().find_map(|threads| {
            // A clear excess if the limits before allow it, else a hair's breadth.
            [1.5, 1.05, 1.0 + 1e-6].into_iter().find_map(|factor| {
                let price = round(limit.most * factor + (factor - 1.0) / 50.0);
                let nothing = Asks { threads, ..Asks::default() };
                let asks = match limit.about {
                    About::Cost => Asks { start: round(price * f64::from(threads.max(1))), ..nothing },
                    About::Start => Asks { start: price, ..nothing },
                    About::CpuHour => Asks { cpu_hour: price, ..nothing },
                    About::EnvHour => Asks { env_hour: price, ..nothing },
                };
                (self.exceeded(asks) == Some(place)).then_some(asks)
            })
        })
    }
}

/// Twelve digits are enough of a price, and keep sums of floats from showing.
pub(super) fn round(price: f64) -> f64 {
    format!("{price:.11e}").parse().unwrap_or(price)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_its_limit() {
        let tag = "Passed Reject if cpu hour price exceeds `max_cpu_hour_price` = 0.5";
        assert_eq!(Limit::of(tag), Some(Limit { about: About::CpuHour, most: 0.5 }));
        for tag in
            ["Initial", "Passed Reject if x exceeds `max_cost` = nan", "Passed x exceeds `max_moon` = 1"]
        {
            assert_eq!(Limit::of(tag), None, "{tag}");
        }
    }

    #[test]
    fn a_dear_start_passes_a_low_limit_of_costs_on_many_threads() {
        let limits = Limits {
            of: vec![Limit { about: About::Cost, most: 0.01 }, Limit { about: About::Start, most: 0.5 }],
            usage: Usage::default(),
        };
        let asks = limits.beyond(1, (4, u32::MAX)).unwrap();
        assert!(asks.threads > 4 && asks.start > 0.5, "{asks:?}");
        assert_eq!(limits.exceeded(asks), Some(1));
        assert_eq!(limits.beyond(1, (4, 8)), None, "eight threads cannot carry it");
    }
}
