//! The values that a project is made from.
//!
//! May import `placeholder` and `error`. Invariant: there is a valid value for every placeholder, and for nothing else.

use super::placeholder::{Placeholder, placeholders};
use crate::error::{Error, Result};

/// A valid value for every placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers(Vec<(&'static str, String)>);

impl Default for Answers {
    fn default() -> Self {
        Self(placeholders().iter().map(|known| (known.name.as_str(), known.default.clone())).collect())
    }
}

impl Answers {
    /// Sets one value, in place of the default or an earlier value; share links in it are rewritten.
    ///
    /// # Errors
    /// If there is no such placeholder or its value is not valid.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let taken = find(name)?.check(value)?;
        if let Some((_, answer)) = self.0.iter_mut().find(|(known, _)| *known == name) {
            *answer = taken;
        }
        Ok(())
    }

    /// Sets a value from `name=value`, as on the command line; returns the name and the value as given.
    ///
    /// # Errors
    /// As [`Answers::set`], and if there is no `=`.
    pub fn define<'a>(&mut self, definition: &'a str) -> Result<(&'static str, &'a str)> {
        let Some((name, value)) = definition.split_once('=') else {
            return Err(Error::usage(format!("`--define {}` has no `=`", definition.escape_debug()))
                .hint("write `--define name=value`, for example `--define workers=2`"));
        };
        let (name, value) = (name.trim(), value.trim());
        self.set(name, value)?;
        Ok((find(name)?.name.as_str(), value))
    }

    /// The value of a placeholder; empty only for a name that is none.
    pub fn get(&self, name: &str) -> &str {
        self.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// All values, in the order of the questions.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

fn find(name: &str) -> Result<&'static Placeholder> {
    placeholders().iter().find(|known| known.name == name).ok_or_else(|| {
        let names: Vec<_> = placeholders().iter().map(|known| known.name.as_str()).collect();
        let error = Error::usage(format!("the template has no value `{}`", name.escape_debug()));
        let near = names
            .iter()
            .max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
        let error = match near.filter(|near| strsim::jaro_winkler(name, near) > 0.8) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        };
        error.hint(format!("the values are {}", names.join(", ")))
    })
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
