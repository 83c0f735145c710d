//! What happens by chance, the same in every run with the same seed.
//!
//! May import nothing of the house. Invariant: whether something happens depends on the seed, on what it is, and on how
//! often it was asked before; never on time or on another thread.

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A share from 0 (never) to 1 (always).
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Share(f64);

impl Share {
    /// Never.
    pub const NEVER: Self = Self(0.0);
}

impl Default for Share {
    /// Always: a fault that names no share happens.
    fn default() -> Self {
        Self(1.0)
    }
}

impl TryFrom<f64> for Share {
    type Error = String;

    fn try_from(share: f64) -> Result<Self, String> {
        let sound = (0.0..=1.0).contains(&share);
        sound.then_some(Self(share)).ok_or_else(|| format!("a share is from 0 to 1, not {share}"))
    }
}

/// The source of whatever happens by chance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chance(u64);

impl Chance {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Whether `what` happens the time after `before` times, if it happens in this share of all times.
    pub fn happens(self, what: &str, before: u64, share: Share) -> bool {
        let digest = Sha256::digest(format!("{} {what} {before}", self.0).as_bytes());
        let drawn = digest.iter().take(6).fold(0_u64, |drawn, byte| drawn << 8 | u64::from(*byte));
        // 48 bits are exact in a float, and less than their number is always less than 1.
        (drawn as f64) < share.0 * (1_u64 << 48) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(seed: u64, share: f64) -> usize {
        let share = Share::try_from(share).unwrap();
        (0..1000).filter(|before| Chance::new(seed).happens("dns", *before, share)).count()
    }

    #[test]
    fn never_and_always_are_exact_and_the_rest_is_about_right() {
        assert_eq!((count(1, 0.0), count(1, 1.0)), (0, 1000));
        for seed in 0..5 {
            assert!((250..350).contains(&count(seed, 0.3)), "{seed}");
        }
    }

    #[test]
    fn another_seed_is_another_course() {
        let course = |seed| {
            let share = Share::try_from(0.5).unwrap();
            (0..64).map(|before| Chance::new(seed).happens("x", before, share)).collect::<Vec<_>>()
        };
        assert_eq!(course(7), course(7));
        assert_ne!(course(7), course(8));
    }

    #[test]
    fn what_is_no_share_is_refused() {
        assert!(
            Share::try_from(1.1).is_err()
                && Share::try_from(-0.1).is_err()
                && Share::try_from(f64::NAN).is_err()
        );
    }
}
