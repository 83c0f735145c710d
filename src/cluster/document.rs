//! A YAML text as values with places: what is written, and where.
//!
//! May import `diagnostic`. Invariant: values come from the typed reader (aliases and merge keys resolved), places from
//! the lossless one; where a value has no place of its own, its nearest ancestor's is given.

use std::collections::HashSet;
use std::str::FromStr;

use serde_yaml::Value;
use yaml_edit::{TextPosition, YamlNode, byte_offset_to_line_column};

use crate::diagnostic::{Diagnostic, Span};

/// A parsed cluster file.
pub(super) struct Document<'t> {
    text: &'t str,
    value: Value,
    tree: Option<yaml_edit::Document>,
}

/// One value of a document, with the way that leads to it.
#[derive(Clone)]
pub(super) struct Cursor<'d> {
    document: &'d Document<'d>,
    pub(super) value: &'d Value,
    steps: Vec<Step<'d>>,
}

#[derive(Clone, Copy)]
enum Step<'d> {
    Key(&'d str),
    Index(usize),
}

impl<'t> Document<'t> {
    /// Parses a text whose top must be a mapping.
    pub(super) fn parse(text: &'t str) -> Result<Self, Box<Diagnostic>> {
        let mut value: Value = serde_yaml::from_str(text).map_err(|error| Box::new(broken(text, &error)))?;
        if let Err(error) = value.apply_merge() {
            return Err(Box::new(broken(text, &error)));
        }
        if !value.is_mapping() {
            let found = kind(&value);
            return Err(Box::new(
                Diagnostic::error("not-a-cluster-file", format!("expected keys with values, found {found}"))
                    .at(1, 1, 1)
                    .help("a cluster file begins with a line such as `cluster_name: golem-cluster`"),
            ));
        }
        Ok(Self { text, value, tree: yaml_edit::Document::from_str(text).ok() })
    }

    /// The top of the document.
    pub(super) fn root(&self) -> Cursor<'_> {
        Cursor { document: self, value: &self.value, steps: Vec::new() }
    }

    /// The value at the end of these keys, if it is there.
    pub(super) fn at<'d>(&'d self, keys: &[&'d str]) -> Option<Cursor<'d>> {
        keys.iter().try_fold(self.root(), |cursor, key| cursor.get(key))
    }

    fn span(&self, range: TextPosition) -> Span {
        let (start, end) = (range.start as usize, (range.end as usize).min(self.text.len()));
        let place = byte_offset_to_line_column(self.text, start);
        let first_line = self.text.get(start..end).unwrap_or_default().lines().next().unwrap_or_default();
        Span { line: place.line, column: place.column, length: first_line.trim_end().chars().count().max(1) }
    }
}

impl<'d> Cursor<'d> {
    /// The value of a key.
    pub(super) fn get(&self, key: &'d str) -> Option<Self> {
        Some(self.step(self.value.get(key)?, Step::Key(key)))
    }

    /// Keys that are texts, and their values, in the order of the file.
    pub(super) fn entries(&self) -> Vec<(&'d str, Self)> {
        let entries = self.value.as_mapping().into_iter().flatten();
        entries
            .filter_map(|(key, value)| Some((key.as_str()?, self.step(value, Step::Key(key.as_str()?)))))
            .collect()
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Vec<Self> {
        let items = self.value.as_sequence().into_iter().flatten();
        items.enumerate().map(|(index, value)| self.step(value, Step::Index(index))).collect()
    }

    fn step(&self, value: &'d Value, step: Step<'d>) -> Self {
        let mut steps = self.steps.clone();
        steps.push(step);
        Self { document: self.document, value, steps }
    }

    /// A finding that points at the value; at the key, if the value is a mapping or a list.
    pub(super) fn mark(&self, finding: Diagnostic) -> Diagnostic {
        match self.value {
            Value::Mapping(_) | Value::Sequence(_) | Value::Null => self.mark_key(finding),
            _ => self.place(finding, false),
        }
    }

    /// A finding that points at the key.
    pub(super) fn mark_key(&self, finding: Diagnostic) -> Diagnostic {
        self.place(finding, true)
    }

    fn place(&self, mut finding: Diagnostic, at_key: bool) -> Diagnostic {
        finding.span = Some(
            self.range(at_key)
                .map_or(Span { line: 1, column: 1, length: 1 }, |range| self.document.span(range)),
        );
        finding
    }

    /// The range of the deepest part of the way that the tree has.
    fn range(&self, at_key: bool) -> Option<TextPosition> {
        let mut node: YamlNode = YamlNode::Mapping(self.document.tree.as_ref()?.as_mapping()?);
        let mut range = None;
        for (depth, step) in self.steps.iter().enumerate() {
            let last = depth + 1 == self.steps.len();
            let next = match *step {
                Step::Key(key) => {
                    let entry = node.as_mapping().and_then(|mapping| mapping.find_entry_by_key(key));
                    let Some(entry) = entry else { return range };
                    range = entry.key_node().map(|key| key.byte_range()).or(range);
                    entry.value_node()
                }
                Step::Index(index) => node.get_item(index),
            };
            let Some(next) = next else { return range };
            if (last && !at_key) || matches!(step, Step::Index(_)) {
                range = Some(next.byte_range());
            }
            node = next;
        }
        range
    }
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
        Value::Tagged(_) => "a tagged value",
    }
}

fn broken(text: &str, error: &serde_yaml::Error) -> Diagnostic {
    // The place is shown by the finding itself, so it is cut off the message.
    let whole = error.to_string();
    let message = whole.split(" at line ").next().unwrap_or(&whole);
    let twice = message.contains("duplicate entry");
    let repeated = yaml_edit::Document::from_str(text)
        .ok()
        .filter(|_| twice)
        .and_then(|tree| repeated_key(&YamlNode::Mapping(tree.as_mapping()?)))
        .map(|range| byte_offset_to_line_column(text, range.start as usize))
        .map(|place| (place.line, place.column));
    let lines = text.lines().count().max(1);
    let reported = error.location().map(|place| (place.line(), place.column().max(1)));
    // What is never closed is noticed behind the last line; the place where it was opened says more.
    let opened = || {
        whole.rsplit_once(" at line ").and_then(|(_, place)| place.split_once(" column ")).and_then(numbers)
    };
    let (line, column) = repeated
        .or_else(|| reported.filter(|(line, _)| *line <= lines))
        .or_else(opened)
        .unwrap_or((lines, text.lines().last().map_or(1, |line| line.chars().count().max(1))));
    let source = text.lines().nth(line - 1).unwrap_or_default();
    let help = if source.trim_start_matches(' ').starts_with('\t') {
        "YAML does not allow tabs for indentation; use spaces"
    } else if twice {
        "keep one of the two; Python's YAML would silently take the last one"
    } else {
        "look at this line and the one above: indentation, a missing colon, quote or bracket"
    };
    Diagnostic::error("broken-yaml", format!("this is not YAML: {message}")).at(line, column, 1).help(help)
}

fn numbers((line, column): (&str, &str)) -> Option<(usize, usize)> {
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// The second of two equal keys in one mapping, wherever it stands.
fn repeated_key(node: &YamlNode) -> Option<TextPosition> {
    let mut seen = HashSet::new();
    for entry in node.as_mapping().into_iter().flat_map(|mapping| mapping.entries()) {
        let key = entry.key_node()?;
        if !seen.insert(key.as_scalar()?.as_string()) {
            return Some(key.byte_range());
        }
        if let Some(found) = entry.value_node().and_then(|value| repeated_key(&value)) {
            return Some(found);
        }
    }
    node.as_sequence().into_iter().flat_map(|list| list.values()).find_map(|item| repeated_key(&item))
}
