//! Properties as yagna's market reads them: from their JSON text, by a grammar of its own.
//!
//! May import nothing of the house. Invariant: what that grammar does not know, such as `null` or a text with an escape
//! that it has no letter for, is no property at all.

use serde_json::Value;

/// A property's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// A text, with its escapes as JSON writes them: a quotation mark is two characters.
    Text(String),
    /// A number.
    Number(f64),
    /// A truth value.
    Truth(bool),
    /// A list.
    List(Vec<Reading>),
}

/// The characters after a backslash that the market knows.
const ESCAPES: [char; 5] = ['"', 'n', 't', '0', '\\'];

impl Reading {
    /// The value, or nothing if the market leaves the property out.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => escaped(text).map(Self::Text),
            Value::Number(number) => number.as_f64().map(Self::Number),
            Value::Bool(truth) => Some(Self::Truth(*truth)),
            Value::Array(items) => items.iter().map(Self::of).collect::<Option<_>>().map(Self::List),
            Value::Null | Value::Object(_) => None,
        }
    }
}

/// What stands between the quotation marks of the JSON text. Spaces at its beginning are lost.
fn escaped(text: &str) -> Option<String> {
    let json = Value::String(text.to_owned()).to_string();
    let inner = json.get(1..json.len() - 1)?.trim_start_matches([' ', '\t', '\r', '\n']);
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        if character == '\\' && !characters.next().is_some_and(|escape| ESCAPES.contains(&escape)) {
            return None;
        }
    }
    Some(inner.to_owned())
}
