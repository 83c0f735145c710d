//! The values that a project is made from.
//!
//! May import `placeholder`, `template` and `error`. Invariant: there is a valid value for every placeholder of one template, and for
//! nothing else.

use std::sync::Arc;

use super::placeholder::Placeholder;
use super::template::Template;
use crate::error::{Error, Result};

/// A valid value for every placeholder of a template.
#[derive(Clone, Debug)]
pub struct Answers {
    template: Arc<Template>,
    /// In the order of the placeholders.
    values: Vec<String>,
}

impl Default for Answers {
    /// The defaults of the embedded template.
    fn default() -> Self {
        Self::of(Template::embedded())
    }
}

impl PartialEq for Answers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Answers {}

impl Answers {
    /// The defaults of a template.
    pub fn of(template: Arc<Template>) -> Self {
        let values = template.placeholders().iter().map(|known| known.default.clone()).collect();
        Self { template, values }
    }

    /// The template that they are answers to.
    pub fn template(&self) -> &Arc<Template> {
        &self.template
    }

    /// Sets one value, in place of the default or an earlier value; share links in it are rewritten.
    ///
    /// # Errors
    /// If there is no such placeholder or its value is not valid.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let at = self.find(name)?;
        self.values[at] = self.template.placeholders()[at].check(value)?;
        Ok(())
    }

    /// Sets a value from `name=value`, as on the command line; returns the name and the value as given.
    ///
    /// # Errors
    /// As [`Answers::set`], and if there is no `=`.
    pub fn define<'a>(&mut self, definition: &'a str) -> Result<(&'a str, &'a str)> {
        let Some((name, value)) = definition.split_once('=') else {
            return Err(Error::usage(format!("`--define {}` has no `=`", definition.escape_debug()))
                .hint("write `--define name=value`, for example `--define workers=2`"));
        };
        let (name, value) = (name.trim(), value.trim());
        self.set(name, value)?;
        Ok((name, value))
    }

    /// The value of a placeholder; empty only for a name that is none.
    pub fn get(&self, name: &str) -> &str {
        self.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// All values, in the order of the questions.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.template.placeholders().iter().map(|placeholder| placeholder.name.as_str());
        names.zip(self.values.iter().map(String::as_str))
    }

    fn find(&self, name: &str) -> Result<usize> {
        let placeholders = self.template.placeholders();
        placeholders.iter().position(|known| known.name == name).ok_or_else(|| unknown(name, placeholders))
    }
}

fn unknown(name: &str, placeholders: &[Placeholder]) -> Error {
    let names: Vec<_> = placeholders.iter().map(|known| known.name.as_str()).collect();
    let error = Error::usage(format!("the template has no value `{}`", name.escape_debug()));
    let near =
        names.iter().max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
    let error = match near.filter(|near| strsim::jaro_winkler(name, near) > 0.8) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    };
    if names.is_empty() { error } else { error.hint(format!("the values are {}", names.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_takes_the_default_s_place() {
        let mut answers = Answers::default();
        assert_eq!(answers.get("workers"), "1");
        assert_eq!(answers.define("workers = 3").unwrap(), ("workers", "3"));
        assert_eq!(answers.get("workers"), "3");
    }

    #[test]
    fn an_unknown_name_or_no_value_is_refused() {
        let mut answers = Answers::default();
        let error = answers.define("worker=3").unwrap_err();
        assert_eq!(error.message(), "the template has no value `worker`");
        assert_eq!(error.hints()[0], "did you mean `workers`?");
        assert_eq!(answers.define("colour=red").unwrap_err().hints().len(), 1, "nothing comes near");
        assert_eq!(answers.define("workers").unwrap_err().message(), "`--define workers` has no `=`");
        assert_eq!(answers, Answers::default());
    }
}
