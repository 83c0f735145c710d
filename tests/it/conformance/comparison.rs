//! How two answers are compared: status, content type, shape and values, with the normalisations named here.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::client::Answer;

/// One thing in which the answers differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The request or command.
    pub step: String,
    /// `status`, `content-type`, or where in the body.
    pub place: String,
    /// The real one's.
    pub real: String,
    /// The localnet's.
    pub ours: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} :: {}\n    real {}\n    ours {}", self.step, self.place, self.real, self.ours)
    }
}

/// Texts that are made anew each time, and what stands for them. The first that fits wins.
static MADE_ANEW: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let hex = |pattern: &str| pattern.replace('H', "[0-9a-f]");
    [
        (hex(r"0xH{40}\b"), "<node>"),
        (hex(r"\bH{32}-H{64}\b"), "<demand>"),
        (hex(r#"random_id: "H{32}", hash: "H{64}""#), "<demand>"),
        (hex(r"\b[RP]-H{64}\b"), "<proposal>"),
        (hex(r"\bH{64}\b"), "<agreement>"),
        (hex(r"\bH{8}-H{4}-H{4}-H{4}-H{12}\b"), "<uuid>"),
        (hex(r"\bH{32}\b"), "<id>"),
        (r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?".to_owned(), "<time>"),
    ]
    .map(|(pattern, name)| (Regex::new(&pattern).expect("a pattern"), name))
    .into()
});

/// Values that depend on how long something took or what it cost: only their type is compared.
const MEASURED: [&str; 5] = ["amount", "totalAmountDue", "currentUsage", "usageCounterVector", "timestamp"];

/// The text with everything that is made anew replaced.
pub fn normalised(text: &str) -> String {
    MADE_ANEW
        .iter()
        .fold(text.to_owned(), |text, (pattern, name)| pattern.replace_all(&text, *name).into_owned())
}

/// All differences of two answers. With another status, the rest is another thing anyway.
pub fn compare_answers(step: &str, real: &Answer, ours: &Answer) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |place: &str, real: String, ours: String| {
        found.push(Difference { step: step.to_owned(), place: place.to_owned(), real, ours });
    };
    if real.status != ours.status {
        let shown = |answer: &Answer| format!("{} {}", answer.status, answer.body);
        differ("status", shown(real), shown(ours));
        return found;
    }
    if real.content_type != ours.content_type {
        differ("content-type", format!("{:?}", real.content_type), format!("{:?}", ours.content_type));
    }
    match (real.json(), ours.json()) {
        (Some(real), Some(ours)) => compare_values("body", &real, &ours, &mut differ),
        _ if normalised(&real.body) != normalised(&ours.body) => {
            differ("body", real.body.clone(), ours.body.clone());
        }
        _ => {}
    }
    found
}

/// Differences of two values, in the order of the real one's.
pub fn compare_values(
    place: &str,
    real: &Value,
    ours: &Value,
    differ: &mut impl FnMut(&str, String, String),
) {
    let name = place.rsplit('/').next().unwrap_or_default();
    match (real, ours) {
        (Value::Object(real), Value::Object(ours)) => {
            for (name, value) in real {
                let place = format!("{place}/{name}");
                match ours.get(name) {
                    Some(ours) => compare_values(&place, value, ours, differ),
                    None => differ(&place, value.to_string(), "(missing)".to_owned()),
                }
            }
            for (name, value) in ours.iter().filter(|(name, _)| !real.contains_key(*name)) {
                differ(&format!("{place}/{name}"), "(missing)".to_owned(), value.to_string());
            }
        }
        (Value::Array(real), Value::Array(ours)) if real.len() == ours.len() && !MEASURED.contains(&name) => {
            for (index, (real, ours)) in real.iter().zip(ours).enumerate() {
                compare_values(&format!("{place}/{index}"), real, ours, differ);
            }
        }
        (Value::String(real), Value::String(ours)) if normalised(real) == normalised(ours) => {}
        _ if real == ours => {}
        _ if MEASURED.contains(&name) && std::mem::discriminant(real) == std::mem::discriminant(ours) => {}
        _ => differ(place, real.to_string(), ours.to_string()),
    }
}

#[test]
fn what_is_made_anew_is_no_difference_and_what_is_not_is_one() {
    let answer = |status, body: &str| Answer { status, content_type: None, body: body.to_owned() };
    let compare = |real: &Answer, ours: &Answer| {
        let found = compare_answers("x", real, ours);
        found.into_iter().map(|difference| difference.place).collect::<Vec<_>>()
    };
    let id = |digit: &str| format!(r#"{{"id":"{}","at":"2026-01-0{digit}T00:00:00.5Z"}}"#, digit.repeat(32));
    assert!(compare(&answer(200, &id("1")), &answer(200, &id("2"))).is_empty());
    assert_eq!(compare(&answer(200, "1"), &answer(201, "1")), ["status"]);
    assert_eq!(
        compare(&answer(200, r#"{"a":[{"b":1}]}"#), &answer(200, r#"{"a":[{"b":"1"}]}"#)),
        ["body/a/0/b"]
    );
    assert_eq!(compare(&answer(200, r#"{"a":1}"#), &answer(200, r#"{"c":1}"#)), ["body/a", "body/c"]);
    assert!(compare(&answer(200, r#"{"amount":"1"}"#), &answer(200, r#"{"amount":"2"}"#)).is_empty());
    assert_eq!(compare(&answer(200, r#"{"amount":"1"}"#), &answer(200, r#"{"amount":2}"#)), ["body/amount"]);
    assert_eq!(compare(&answer(404, ""), &answer(404, "Not found")), ["body"]);
}
