//! Amounts of GLM: whole attos, so that no sum is ever off by a rounding.
//!
//! May import nothing of the house. Invariant: an amount is never negative and never a float.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};

/// Attos in one GLM.
const ATTO: u128 = 1_000_000_000_000_000_000;

/// An amount of GLM, or of tGLM on a testnet, in attos (10⁻¹⁸).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Glm(pub u128);

impl Glm {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of whole GLM.
    pub const fn whole(amount: u64) -> Self {
        Self(amount as u128 * ATTO)
    }

    /// The sum; an overflow would need more GLM than exist.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// As a float, for properties of offers, where yagna uses floats.
    pub fn to_f64(self) -> f64 {
        // Parsing the decimal text gives the nearest float; dividing would round twice.
        self.to_string().parse().unwrap_or(f64::INFINITY)
    }
}

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an amount of GLM")]
pub struct NotAnAmount(String);

impl FromStr for Glm {
    type Err = NotAnAmount;

    /// Reads `12.5`, and `1.25E-8` as Python's decimals write small amounts; digits below one atto are cut off.
    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        let wrong = || NotAnAmount(text.to_owned());
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().map_err(|_| wrong())?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        // The value is `digits` attos times ten to this power.
        let power = i64::from(exponent) + 18 - i64::try_from(fraction.len()).map_err(|_| wrong())?;
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Ok(Self::ZERO);
        }
        let kept = match usize::try_from(-power) {
            Ok(cut) => digits[..digits.len().saturating_sub(cut)].to_owned(),
            Err(_) if power > 40 => return Err(wrong()),
            Err(_) => digits.chars().chain(std::iter::repeat_n('0', power.unsigned_abs() as usize)).collect(),
        };
        if kept.is_empty() {
            return Ok(Self::ZERO);
        }
        kept.parse().map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for Glm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / ATTO, self.0 % ATTO);
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{fraction:018}").trim_end_matches('0'))
    }
}

impl<'de> Deserialize<'de> for Glm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A float's shortest decimal text is what the author of the file wrote.
        let amount = f64::deserialize(deserializer)?;
        amount.to_string().parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_read_as_they_are_written() {
        assert_eq!("5".parse::<Glm>().unwrap(), Glm::whole(5));
        assert_eq!("0.000134457918000000".parse::<Glm>().unwrap().to_string(), "0.000134457918");
        assert_eq!("1.5".parse::<Glm>().unwrap().to_f64(), 1.5);
        assert_eq!("0.0000000000000000019".parse::<Glm>().unwrap(), Glm(1), "cut off below one atto");
        assert_eq!("0E-18".parse::<Glm>().unwrap(), Glm::ZERO, "golem-core accepts nothing in these words");
        assert_eq!("1.25E-8".parse::<Glm>().unwrap().to_string(), "0.0000000125");
        assert_eq!("2e+1".parse::<Glm>().unwrap(), Glm::whole(20));
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in ["", ".", "-1", "1e99", "E-18", "NaN", "1,5", "1.2.3"] {
            assert!(text.parse::<Glm>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn an_amount_survives_its_text(attos in 0u128..u128::from(u64::MAX) * 1000) {
            prop_assert_eq!(Glm(attos).to_string().parse::<Glm>().unwrap(), Glm(attos));
        }
    }
}
