//! The market's constraint language: LDAP-like filters over the other side's properties.
//!
//! May import nothing of the house. Invariant: as in yagna (`core/market/resolver`), a property that is missing makes a
//! comparison undefined, neither true nor false, so `(!(a=1))` does not match when `a` is missing.

mod parse;

use std::fmt;

use serde_json::Value;

use super::properties::Properties;
pub use parse::{ConstraintError, parse};

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
    Present(String),
    /// `(name<5)`.
    Compare {
        /// The property's flat name.
        property: String,
        /// How.
        operator: Operator,
        /// The text to compare with; its type is the property's.
        value: String,
    },
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
            Self::Present(property) => properties.contains_key(property).then_some(true),
            Self::Compare { property, operator, value } => {
                properties.get(property).map(|actual| compare(actual, *operator, value))
            }
        }
    }
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

fn compare(actual: &Value, operator: Operator, value: &str) -> bool {
    match actual {
        Value::String(text) if operator == Operator::Equal => wildcard(value, text),
        Value::String(text) => operator.holds(text.as_str().cmp(value)),
        Value::Number(number) => number
            .as_f64()
            .zip(value.trim().parse::<f64>().ok())
            .and_then(|(actual, wanted)| actual.partial_cmp(&wanted))
            .is_some_and(|ordering| operator.holds(ordering)),
        Value::Bool(truth) => operator == Operator::Equal && value.trim() == truth.to_string(),
        Value::Array(items) => operator == Operator::Equal && list_equals(items, value),
        Value::Null | Value::Object(_) => false,
    }
}

fn list_equals(items: &[Value], value: &str) -> bool {
    let Some(list) = value.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return items.iter().any(|item| compare(item, Operator::Equal, value));
    };
    let wanted: Vec<&str> = list.split(',').map(str::trim).filter(|text| !text.is_empty()).collect();
    wanted.len() == items.len()
        && wanted.iter().all(|value| items.iter().any(|item| compare(item, Operator::Equal, value)))
}

/// `*` in a pattern stands for any text.
fn wildcard(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
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

#[cfg(test)]
mod tests;
