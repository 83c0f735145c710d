//! Comparing a property with the text of a filter.
//!
//! May import nothing of the house. Invariant: a text that is not of the property's type makes a comparison false; a
//! property that is not of the type which the filter names makes it undefined.

use std::cmp::Ordering;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::reading::Reading;
use super::{Kind, Operator};

/// A pattern with more characters matches nothing. With the next limit, it bounds what one comparison costs; the real
/// market has only the regular expressions' own limit of 10 MiB.
const LONGEST_PATTERN: usize = 1024;

/// Nor does a pattern that takes more bytes once it is compiled, as one with nested repetitions does.
const LARGEST_PATTERN: usize = 256 * 1024;

/// Whether it holds, or nothing if that is undefined.
pub fn compare(actual: &Reading, kind: Option<Kind>, operator: Operator, value: &str) -> Option<bool> {
    let Some(kind) = kind else { return Some(compare_as_it_is(actual, operator, value)) };
    let Reading::Text(text) = actual else { return None };
    let ordering = match kind {
        Kind::Decimal => Decimal::read(text).map(|actual| Decimal::read(value).map(|v| actual.cmp(&v))),
        Kind::Version => version(text).map(|actual| version(value).map(|v| actual.cmp_precedence(&v))),
        Kind::Time => moment(text).map(|actual| moment(value).map(|v| actual.cmp(&v))),
    };
    ordering.map(|ordering| ordering.is_some_and(|ordering| operator.holds(ordering)))
}

fn compare_as_it_is(actual: &Reading, operator: Operator, value: &str) -> bool {
    match actual {
        Reading::Text(text) if operator == Operator::Equal => equal_texts(value, text),
        Reading::Text(text) => operator.holds(text.as_str().cmp(value)),
        Reading::Number(number) => {
            let ordering = value.parse::<f64>().ok().and_then(|wanted| number.partial_cmp(&wanted));
            ordering.is_some_and(|ordering| operator.holds(ordering))
        }
        Reading::Truth(truth) => operator == Operator::Equal && value.parse() == Ok(*truth),
        Reading::List(items) => operator == Operator::Equal && list_equals(items, value),
    }
}

/// A list equals another one of the same length whose every item it has; anything else asks for an item.
fn list_equals(items: &[Reading], value: &str) -> bool {
    let has = |wanted: &str| items.iter().any(|item| compare_as_it_is(item, Operator::Equal, wanted));
    match list(value) {
        Some(wanted) => wanted.len() == items.len() && wanted.into_iter().all(has),
        None => has(value),
    }
}

/// `[a,b]`, without lists or empty items inside. Spaces before an item do not count, those after it do.
fn list(value: &str) -> Option<Vec<&str>> {
    let inner = value.strip_prefix('[')?.strip_suffix(']')?;
    if inner.is_empty() {
        return Some(Vec::new());
    }
    let items = inner.split(',').map(|item| item.trim_start_matches([' ', '\t', '\r', '\n']));
    let item = |item: &str| !item.is_empty() && !item.contains(['[', ']']);
    let items: Vec<&str> = items.collect();
    items.iter().all(|text| item(text)).then_some(items)
}

/// With a `*` the text is a regular expression in which `*` stands for `.*`, and everything else for what it stands for
/// in regular expressions.
fn equal_texts(pattern: &str, text: &str) -> bool {
    if !pattern.contains('*') {
        return pattern == text;
    }
    if pattern.len() > LONGEST_PATTERN {
        return false;
    }
    regex::RegexBuilder::new(&format!("^{}$", pattern.replace('*', ".*")))
        .size_limit(LARGEST_PATTERN)
        .build()
        .is_ok_and(|pattern| pattern.is_match(text))
}

fn version(text: &str) -> Option<semver::Version> {
    semver::Version::parse(text.trim()).ok()
}

/// Date and time may have a space between them.
fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(&text.replacen(' ', "T", 1), &Rfc3339).ok()
}

/// A decimal number of any length.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    /// Without zeros at either end; none of them is zero itself.
    digits: Vec<u8>,
    /// The power of ten of the first digit.
    magnitude: i64,
}

impl Decimal {
    fn read(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let negative = mantissa.starts_with('-');
        let unsigned = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = format!("{whole}{fraction}").into_bytes();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        let last = digits.iter().rposition(|digit| *digit != b'0').map_or(zeros, |last| last + 1);
        let places = i64::try_from(whole.len()).ok()? - i64::try_from(zeros).ok()?;
        let digits = digits[zeros..last].to_vec();
        let magnitude = if digits.is_empty() { 0 } else { exponent.checked_add(places)? };
        Some(Self { negative: negative && !digits.is_empty(), digits, magnitude })
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| if number.negative { -1 } else { i8::from(!number.digits.is_empty()) };
        let size = self.magnitude.cmp(&other.magnitude).then_with(|| self.digits.cmp(&other.digits));
        sign(self).cmp(&sign(other)).then(if self.negative { size.reverse() } else { size })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_compared_exactly() {
        let order = |a: &str, b: &str| Decimal::read(a).unwrap().cmp(&Decimal::read(b).unwrap());
        assert_eq!(order("1.10", "1.1"), Ordering::Equal);
        assert_eq!(
            order("0.10000000000000000001", "0.1"),
            Ordering::Greater,
            "floats cannot tell these apart"
        );
        assert_eq!(order("-2", "-10"), Ordering::Greater);
        assert_eq!(order("-0", "0.000"), Ordering::Equal);
        assert_eq!(order("12e-1", "1.2"), Ordering::Equal);
        assert_eq!(order("9", "10"), Ordering::Less);
        assert_eq!(Decimal::read("1,5"), None);
        assert_eq!(Decimal::read(""), None);
    }

    #[test]
    fn lists_are_read_one_level_deep() {
        assert_eq!(list("[a, b ]"), Some(vec!["a", "b "]));
        assert_eq!(list("[]"), Some(vec![]));
        assert_eq!(list("[a,[b]]"), None);
        assert_eq!(list("[a,]"), None);
        assert_eq!(list("a,b"), None);
    }
}
