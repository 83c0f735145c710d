//! What Python makes of the characters of a scalar.
//!
//! May import nothing of the house. Invariant: the types are those of YAML 1.1 (<https://yaml.org/type/>) as PyYAML 6
//! implements them (`yaml/resolver.py`, `yaml/constructor.py`); what it turns into an exception is an `Err`.

use std::sync::LazyLock;

use regex::Regex;
use serde_yaml::value::{Tag, TaggedValue};
use serde_yaml::{Number, Value};

/// The tag of dates, which serde's values do not have.
pub(in crate::cluster) const DATE: &str = "timestamp";

/// A way to write a number that does not look like the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cluster) enum Oddity {
    /// `0755`: a leading zero means base eight.
    Octal,
    /// `1:30`: digits of base sixty.
    Sexagesimal,
}

/// A whole number: binary, octal, decimal, hexadecimal or of base sixty.
static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[-+]?(?:0b[01_]+|0x[[:xdigit:]_]+|0[0-7_]*|[1-9][0-9_]*(?::[0-5]?[0-9])*)$")
        .expect("it compiles")
});

/// A number with a point. An exponent needs its sign, and there is none without a point.
static FRACTION: LazyLock<Regex> = LazyLock::new(|| {
    let forms = [
        r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?",
        r"\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?",
        r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*",
        r"[-+]?\.(?:inf|Inf|INF)",
        r"\.(?:nan|NaN|NAN)",
    ];
    Regex::new(&format!("^(?:{})$", forms.join("|"))).expect("it compiles")
});

static DAY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^([0-9]{4})-([0-9]{2})-([0-9]{2})$").expect("it compiles"));

/// A day and a time, with or without a zone.
static MOMENT: LazyLock<Regex> = LazyLock::new(|| {
    let form = r"^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+]([0-9]{1,2})(?::([0-9]{2}))?))?$";
    Regex::new(form).expect("it compiles")
});

/// What a scalar without quotes and without a tag is.
pub(super) fn plain(text: &str) -> Result<(Value, Option<Oddity>), String> {
    if let "" | "~" | "null" | "Null" | "NULL" = text {
        return Ok((Value::Null, None));
    }
    if let Some(flag) = flag(text) {
        return Ok((Value::Bool(flag), None));
    }
    // Every number and every date has a digit or a point near its beginning.
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
        return match text {
            "=" => Err("Python's YAML cannot read a lone `=`; put it into quotes".into()),
            _ => Ok((Value::String(text.to_owned()), None)),
        };
    }
    if FRACTION.is_match(text) {
        return fraction(text);
    }
    if WHOLE.is_match(text) {
        return whole(text);
    }
    if DAY.is_match(text) || MOMENT.is_match(text) {
        return date(text).map(|value| (value, None));
    }
    Ok((Value::String(text.to_owned()), None))
}

/// What a scalar with one of YAML's own tags is.
pub(super) fn tagged(tag: &str, text: &str) -> Result<Value, String> {
    let wrong = || format!("`{text}` is not what its tag `!!{tag}` says");
    match tag {
        "str" => Ok(Value::String(text.to_owned())),
        "null" => Ok(Value::Null),
        "bool" => flag(&text.to_lowercase()).map(Value::Bool).ok_or_else(wrong),
        "int" => whole(text).map(|(value, _)| value).map_err(|_| wrong()),
        "float" => fraction(text).map(|(value, _)| value).map_err(|_| wrong()),
        "timestamp" => date(text),
        _ => Err(format!("Ray has no use for values with the tag `!!{tag}`")),
    }
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn whole(text: &str) -> Result<(Value, Option<Oddity>), String> {
    let digits = text.replace('_', "");
    let (negative, digits) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits.strip_prefix('+').unwrap_or(&digits)),
    };
    let refused = || format!("Python's YAML cannot read `{text}` as a number; put it into quotes");
    let in_base = |digits: &str, base| i128::from_str_radix(digits, base).map_err(|_| refused());
    let (number, oddity) = if digits == "0" {
        (0, None)
    } else if let Some(binary) = digits.strip_prefix("0b") {
        (in_base(binary, 2)?, None)
    } else if let Some(hexadecimal) = digits.strip_prefix("0x") {
        (in_base(hexadecimal, 16)?, None)
    } else if digits.starts_with('0') {
        (in_base(digits, 8)?, Some(Oddity::Octal))
    } else if digits.contains(':') {
        let add = |sum: i128, part: &str| sum.checked_mul(60)?.checked_add(part.parse().ok()?);
        (digits.split(':').try_fold(0, add).ok_or_else(refused)?, Some(Oddity::Sexagesimal))
    } else {
        match digits.parse() {
            Ok(number) => (number, None),
            // Python's whole numbers have no end.
            Err(_) => {
                return digits
                    .parse()
                    .map(|large: f64| (number_of(large, negative), None))
                    .map_err(|_| refused());
            }
        }
    };
    let number = if negative { -number } else { number };
    let value = i64::try_from(number)
        .map(Number::from)
        .or_else(|_| u64::try_from(number).map(Number::from))
        .unwrap_or_else(|_| Number::from(number as f64));
    Ok((Value::Number(value), oddity))
}

fn fraction(text: &str) -> Result<(Value, Option<Oddity>), String> {
    let digits = text.replace('_', "").to_lowercase();
    let (negative, digits) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits.strip_prefix('+').unwrap_or(&digits)),
    };
    let refused = || format!("Python's YAML cannot read `{text}` as a number; put it into quotes");
    let read = |digits: &str| digits.parse::<f64>().map_err(|_| refused());
    let (number, oddity) = match digits {
        ".inf" => (f64::INFINITY, None),
        ".nan" => (f64::NAN, None),
        _ if digits.contains(':') => {
            let add = |sum: Result<f64, String>, part| Ok(sum? * 60.0 + read(part)?);
            (digits.split(':').fold(Ok(0.0), add)?, Some(Oddity::Sexagesimal))
        }
        _ => (read(digits)?, None),
    };
    Ok((number_of(number, negative), oddity))
}

fn number_of(number: f64, negative: bool) -> Value {
    Value::Number(Number::from(if negative { -number } else { number }))
}

/// A date, which must be one of the calendar.
fn date(text: &str) -> Result<Value, String> {
    let refused =
        || format!("`{text}` looks like a date, but there is no such day or time; put it into quotes");
    let parts = DAY.captures(text).or_else(|| MOMENT.captures(text)).ok_or_else(refused)?;
    let part =
        |index: usize| parts.get(index).map_or(0, |part| part.as_str().parse::<u32>().unwrap_or(u32::MAX));
    let (year, month, day) = (part(1), part(2), part(3));
    let month_of_year = u8::try_from(month).ok().and_then(|month| time::Month::try_from(month).ok());
    let days = month_of_year.map_or(0, |month| month.length(i32::try_from(year).unwrap_or(i32::MAX)));
    let exists = year >= 1 && (1..=u32::from(days)).contains(&day);
    // A zone is less than a day away.
    if !exists || part(4) > 23 || part(5) > 59 || part(6) > 59 || part(7) > 23 || part(8) > 59 {
        return Err(refused());
    }
    Ok(Value::Tagged(Box::new(TaggedValue { tag: Tag::new(DATE), value: Value::String(text.to_owned()) })))
}
