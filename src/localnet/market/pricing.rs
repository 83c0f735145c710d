//! The linear pricing model: what a provider asks for, and what an activity owes.
//!
//! May import nothing of the house. Invariant: what is owed is exact and rounded down, because the requestor recomputes
//! it from the same counters and refuses a note that exceeds its own figure.

use super::glm::Glm;

/// Fractions of a second that usage is counted in: a power of two, so that a counter's float is exact.
const TICKS_PER_SECOND: u64 = 1024;

/// What a provider asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearPricing {
    /// Once per activity.
    pub start: Glm,
    /// For a second of one busy thread.
    pub cpu_second: Glm,
    /// For a second of the activity's life.
    pub env_second: Glm,
}

/// The counters of an activity, in the order of `golem.com.usage.vector`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    duration: u64,
    cpu: u64,
}

impl Usage {
    /// Counters after `elapsed`. The nodes of the localnet share this machine's cores, so the CPU's counter is not
    /// measured: it says that one thread was busy for a tenth of the time.
    pub fn after(elapsed: std::time::Duration) -> Self {
        let duration = u64::try_from(elapsed.as_nanos() * u128::from(TICKS_PER_SECOND) / 1_000_000_000)
            .unwrap_or(u64::MAX);
        Self { duration, cpu: duration / 10 }
    }

    /// `usageCounterVector`: seconds of life, seconds of CPU.
    pub fn vector(self) -> [f64; 2] {
        [self.duration, self.cpu].map(|ticks| ticks as f64 / TICKS_PER_SECOND as f64)
    }
}

impl LinearPricing {
    /// From prices by the hour, as people state them; seconds are rounded down.
    pub fn per_hour(start: Glm, cpu: Glm, env: Glm) -> Self {
        Self { start, cpu_second: Glm(cpu.0 / 3600), env_second: Glm(env.0 / 3600) }
    }

    /// `golem.com.pricing.model.linear.coeffs`: environment and CPU by the second, then the start.
    pub fn coefficients(&self) -> [f64; 3] {
        [self.env_second.to_f64(), self.cpu_second.to_f64(), self.start.to_f64()]
    }

    /// What an activity owes, rounded down.
    pub fn amount(&self, usage: Usage) -> Glm {
        let env = self.env_second.0 * u128::from(usage.duration) / u128::from(TICKS_PER_SECOND);
        let cpu = self.cpu_second.0 * u128::from(usage.cpu) / u128::from(TICKS_PER_SECOND);
        self.start.plus(Glm(env)).plus(Glm(cpu))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn pricing() -> LinearPricing {
        LinearPricing::per_hour("0.1".parse().unwrap(), "0.05".parse().unwrap(), "0.02".parse().unwrap())
    }

    #[test]
    fn nothing_used_owes_the_start_alone() {
        assert_eq!(pricing().amount(Usage::default()).to_string(), "0.1");
    }

    #[test]
    fn an_hour_owes_the_hourly_prices_rounded_down() {
        let amount = pricing().amount(Usage::after(Duration::from_secs(3600)));
        assert!(amount <= "0.125".parse().unwrap(), "{amount}");
        assert!(amount >= "0.12499".parse().unwrap(), "{amount}");
    }

    proptest! {
        /// golem-core adds coefficient × counter from the floats of offer and note, and allows 100 attos.
        #[test]
        fn the_requestor_never_computes_less(millis in 0u64..400_000_000) {
            let usage = Usage::after(Duration::from_millis(millis));
            let [env, cpu, start] = pricing().coefficients();
            let [duration, cpu_seconds] = usage.vector();
            let computed = start + env * duration + cpu * cpu_seconds;
            let owed = pricing().amount(usage).to_f64();
            prop_assert!(owed <= computed * (1.0 + 1e-14) + 100e-18, "{} > {}", owed, computed);
        }
    }
}
