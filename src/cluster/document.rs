//! A cluster file as values with places: what Ray is given, and where it is written.
//!
//! May import `diagnostic` and its siblings. Invariant: values and places come from the same reading; what stands behind
//! an alias or a merge key has the place where it is written.

mod broken;

use serde_yaml::Value;
use serde_yaml::value::TaggedValue;

use super::pyyaml::{self, DATE, Entry, Loaded, Node, Place};
use crate::diagnostic::Diagnostic;

/// A parsed cluster file.
pub(super) struct Document {
    loaded: Loaded,
}

/// One value of a document.
#[derive(Clone)]
pub(super) struct Cursor<'d> {
    pub(super) value: &'d Value,
    node: &'d Node,
    /// The place of its key; of an item of a list its own.
    key_place: Place,
}

impl Document {
    /// Parses a text whose top must be a mapping.
    pub(super) fn parse(text: &str) -> Result<Self, Box<Diagnostic>> {
        broken::syntax(text)?;
        let loaded = pyyaml::load(text).map_err(|problem| Box::new(broken::unreadable(&problem)))?;
        let value = &loaded.root.value;
        if !value.is_mapping() {
            let found = kind(value);
            return Err(Box::new(
                Diagnostic::error("not-a-cluster-file", format!("expected keys with values, found {found}"))
                    .at(1, 1, 1)
                    .help("a cluster file begins with a line such as `cluster_name: golem-cluster`"),
            ));
        }
        Ok(Self { loaded })
    }

    /// The top of the document.
    pub(super) fn root(&self) -> Cursor<'_> {
        let node = &*self.loaded.root;
        Cursor { value: &node.value, node, key_place: Place { line: 1, column: 1, length: 1 } }
    }

    /// The value at the end of these keys, if it is there.
    pub(super) fn at(&self, keys: &[&str]) -> Option<Cursor<'_>> {
        keys.iter().try_fold(self.root(), |cursor, key| cursor.get(key))
    }

    /// Findings about keys that stand twice in one mapping; the last one counts.
    pub(super) fn duplicates(&self) -> impl Iterator<Item = Diagnostic> {
        self.loaded.twice.iter().map(|(key, place)| {
            let message =
                format!("`{key}` stands here for the second time, and what was written first is lost");
            at(Diagnostic::warning("duplicate-key", message), *place)
                .help("keep one of the two, and move the other's entries under it")
        })
    }
}

impl<'d> Cursor<'d> {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let entry = self.node.entries.iter().find(|entry| entry.key.as_str() == Some(key))?;
        Some(Self::of_entry(entry))
    }

    /// Keys that are texts, and their values, in the order of the file.
    pub(super) fn entries(&self) -> Vec<(&'d str, Self)> {
        let entries = self.node.entries.iter();
        entries.filter_map(|entry| Some((entry.key.as_str()?, Self::of_entry(entry)))).collect()
    }

    /// Keys that are no texts to Python, with their values.
    pub(super) fn odd_keys(&self) -> impl Iterator<Item = (&'d Value, Self)> {
        let entries = self.node.entries.iter().filter(|entry| !entry.key.is_string());
        entries.map(|entry| (&entry.key, Self::of_entry(entry)))
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Vec<Self> {
        let items = self.node.items.iter();
        items.map(|node| Self { value: &node.value, node, key_place: node.place }).collect()
    }

    fn of_entry(entry: &'d Entry) -> Self {
        Self { value: &entry.value.value, node: &entry.value, key_place: entry.key_place }
    }

    /// The node with all that is known about how it is written.
    pub(super) fn node(&self) -> &'d Node {
        self.node
    }

    /// The value as a sentence names it: as it is written, and what Python takes it for where that is something else.
    pub(super) fn described(&self) -> String {
        match (self.value, &self.node.plain) {
            (Value::Bool(flag), Some(plain)) if *plain != flag.to_string() => {
                format!("`{plain}`, which Python's YAML reads as {flag}")
            }
            (Value::Number(_), Some(plain)) => format!("the number `{plain}`"),
            (Value::String(text), Some(_)) if text.starts_with(|c: char| c.is_ascii_digit()) => {
                format!("the text `{text}`, which is no number to Python's YAML")
            }
            (Value::String(text), _) if text.chars().count() <= 40 && !text.contains('\n') => {
                format!("the text `{text}`")
            }
            (other, _) => kind(other).to_owned(),
        }
    }

    /// A finding that points at the value; at the key, if the value is a mapping or a list.
    pub(super) fn mark(&self, finding: Diagnostic) -> Diagnostic {
        match self.value {
            Value::Mapping(_) | Value::Sequence(_) | Value::Null => self.mark_key(finding),
            _ => at(finding, self.node.place),
        }
    }

    /// A finding that points at the key.
    pub(super) fn mark_key(&self, finding: Diagnostic) -> Diagnostic {
        at(finding, self.key_place)
    }
}

fn at(finding: Diagnostic, place: Place) -> Diagnostic {
    finding.at(place.line, place.column, place.length)
}

/// The word for a value's kind.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "keys with values",
        Value::Tagged(tagged) if is_date(tagged) => "a date",
        Value::Tagged(_) => "a tagged value",
    }
}

fn is_date(tagged: &TaggedValue) -> bool {
    tagged.tag == DATE
}
