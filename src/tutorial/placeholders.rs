//! Placeholders such as `{{ cluster_name }}` in step files, filled strictly: an undefined one is a finding.
//!
//! Only this file touches minijinja. Invariant: a value never changes the structure of the front matter, because
//! placeholders are filled in strings that YAML has already delimited.

use std::collections::BTreeMap;

use minijinja::{Environment, UndefinedBehavior};

use super::suggestion::nearest;
use crate::diagnostic::Diagnostic;

/// What a placeholder stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One text.
    Text(String),
    /// Several texts; where an argument vector or a list of URLs holds only this placeholder, each becomes an item.
    List(Vec<String>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<String>> for Value {
    fn from(list: Vec<String>) -> Self {
        Self::List(list)
    }
}

/// All placeholders of a project, by name.
pub type Values = BTreeMap<String, Value>;

/// Fills the placeholders of one text.
///
/// # Errors
/// The first placeholder that is undefined or malformed, at its place in this text.
pub fn fill(text: &str, values: &Values) -> Result<String, Diagnostic> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_debug(true);
    environment
        .template_from_named_str("step", text)
        .and_then(|template| template.render(context(values)))
        .map_err(|error| finding(text, values, &error))
}

/// The list that a text is nothing but the placeholder of.
pub fn list<'v>(text: &str, values: &'v Values) -> Option<&'v [String]> {
    let name = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    match values.get(name)? {
        Value::List(list) => Some(list),
        Value::Text(_) => None,
    }
}

fn context(values: &Values) -> minijinja::Value {
    minijinja::Value::from_pairs(values.iter().map(|(name, value)| {
        let value = match value {
            Value::Text(text) => minijinja::Value::from(text.as_str()),
            Value::List(list) => minijinja::Value::from(list.clone()),
        };
        (name.as_str(), value)
    }))
}

fn finding(text: &str, values: &Values, error: &minijinja::Error) -> Diagnostic {
    let range = error.range().unwrap_or(0..0);
    let expression = text.get(range.clone()).unwrap_or_default().trim();
    let finding = if error.kind() == minijinja::ErrorKind::UndefinedError {
        let name = expression.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let help = match nearest(name, values.keys().map(String::as_str)) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!(
                "the project has values for: {}",
                values.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
            ),
        };
        Diagnostic::error("placeholder-without-value", format!("`{expression}` has no value")).help(help)
    } else {
        let detail = error.detail().map_or_else(|| error.kind().to_string(), ToOwned::to_owned);
        Diagnostic::error("placeholder-malformed", format!("the placeholder cannot be read: {detail}"))
            .help("a placeholder looks like `{{ cluster_name }}`")
    };
    let before = text.get(..range.start).unwrap_or_default();
    let line = error.line().unwrap_or_else(|| before.lines().count().max(1));
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    finding.at(line, column, expression.lines().next().unwrap_or_default().chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        Values::from([
            ("cluster_name".into(), "golem-cluster".into()),
            ("urls".into(), vec!["https://a.io/".to_owned(), "https://b.io/".to_owned()].into()),
        ])
    }

    #[test]
    fn texts_and_lists_are_filled() {
        let text = "# {{ cluster_name }}\n{% for url in urls %}- {{ url }}\n{% endfor %}";
        assert_eq!(fill(text, &values()), Ok("# golem-cluster\n- https://a.io/\n- https://b.io/\n".into()));
    }

    #[test]
    fn an_undefined_placeholder_is_a_finding_with_place_and_suggestion() {
        let text = "one\nü {{ cluster_nam }}\n";
        let finding = fill(text, &values()).unwrap_err();
        insta::assert_snapshot!(finding.render("01-a.md", text), @r"
        error[placeholder-without-value]: `cluster_nam` has no value
          --> 01-a.md:2:6
          |
        2 | ü {{ cluster_nam }}
          |      ^^^^^^^^^^^
        help: did you mean `cluster_name`?
        ");
    }

    #[test]
    fn an_unfinished_placeholder_is_a_finding() {
        let text = "one\n{{ cluster_name }\n";
        let finding = fill(text, &values()).unwrap_err();
        insta::assert_snapshot!(finding.render("01-a.md", text), @r"
        error[placeholder-malformed]: the placeholder cannot be read: unexpected `}`, expected end of variable block
          --> 01-a.md:2:17
          |
        2 | {{ cluster_name }
          |                 ^
        help: a placeholder looks like `{{ cluster_name }}`
        ");
    }
}
