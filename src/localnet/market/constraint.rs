//! The market's constraint language: LDAP-like filters over the other side's properties.
//!
//! May import nothing of the house. Invariant: as in yagna (`core/market/resolver`), a comparison with a missing property is
//! undefined, neither true nor false, so `(!(a=1))` does not match when `a` is missing; presence is never undefined, so
//! `(!(a=*))` does.

mod comparison;
mod parse;
mod reading;

use std::fmt;

use super::properties::Properties;
pub use parse::{ConstraintError, parse};
use reading::Reading;

/// A parsed filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    /// `(&…)`: all of them; `()` is an empty one and always true.
    All(Vec<Constraint>),
    /// `(|…)`: any of them.
    Any(Vec<Constraint>),
    /// `(!…)`.
    Not(Box<Constraint>),
    /// `(name=*)`: the property exists.
    Present(Reference),
    /// `(name<5)`.
    Compare {
        /// What is compared.
        property: Reference,
        /// How.
        operator: Operator,
        /// The text to compare with; its type is the property's. Spaces count.
        value: String,
    },
}

/// What a filter says about a property's name: `name`, `name$v`, `name[aspect]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The property's flat name.
    pub property: String,
    /// An aspect of it. No property that came over yagna's API has any.
    pub aspect: Option<String>,
    /// What the property's text is to be read as.
    pub kind: Option<Kind>,
}

impl From<&str> for Reference {
    fn from(property: &str) -> Self {
        Self { property: property.to_owned(), aspect: None, kind: None }
    }
}

/// A type that only texts can have, named in the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `$d`: a decimal number, compared exactly.
    Decimal,
    /// `$v`: a semantic version.
    Version,
    /// `$t`: a time as in RFC 3339.
    Time,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`; on a list: contains, or equals a list `[a,b]`.
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

impl Operator {
    fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        }
    }

    fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterEqual => ordering.is_ge(),
        }
    }
}

impl Constraint {
    /// Whether the properties satisfy it; undefined counts as no.
    pub fn matches(&self, properties: &Properties) -> bool {
        self.resolve(properties) == Some(true)
    }

    /// True, false, or undefined (`None`).
    fn resolve(&self, properties: &Properties) -> Option<bool> {
        match self {
            Self::All(inner) => fold(inner, properties, false),
            Self::Any(inner) => fold(inner, properties, true),
            Self::Not(inner) => inner.resolve(properties).map(|truth| !truth),
            Self::Present(reference) => {
                Some(reference.aspect.is_none() && read(properties, reference).is_some())
            }
            Self::Compare { property, operator, value } => {
                let actual = read(properties, property).filter(|_| property.aspect.is_none())?;
                comparison::compare(&actual, property.kind, *operator, value)
            }
        }
    }
}

/// The property as the market reads it; one that it cannot read does not exist.
fn read(properties: &Properties, reference: &Reference) -> Option<Reading> {
    properties.get(&reference.property).and_then(Reading::of)
}

/// `decisive` ends the fold: false for a conjunction, true for a disjunction.
fn fold(inner: &[Constraint], properties: &Properties, decisive: bool) -> Option<bool> {
    let mut result = Some(!decisive);
    for constraint in inner {
        match constraint.resolve(properties) {
            Some(truth) if truth == decisive => return Some(decisive),
            Some(_) => {}
            None => result = None,
        }
    }
    result
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut group = |symbol: &str, inner: &[Self]| {
            write!(f, "({symbol}")?;
            inner.iter().try_for_each(|constraint| write!(f, "{constraint}"))?;
            write!(f, ")")
        };
        match self {
            Self::All(inner) => group("&", inner),
            Self::Any(inner) => group("|", inner),
            Self::Not(inner) => group("!", std::slice::from_ref(inner)),
            Self::Present(property) => write!(f, "({property}=*)"),
            Self::Compare { property, operator, value } => {
                write!(f, "({property}{}{value})", operator.symbol())
            }
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.property)?;
        if let Some(aspect) = &self.aspect {
            write!(f, "[{aspect}]")?;
        }
        match self.kind {
            None => Ok(()),
            Some(Kind::Decimal) => f.write_str("$d"),
            Some(Kind::Version) => f.write_str("$v"),
            Some(Kind::Time) => f.write_str("$t"),
        }
    }
}

#[cfg(test)]
mod tests;
