//! A YAML text as Python's `yaml.safe_load` reads it, because that is how Ray reads a cluster file.
//!
//! May import nothing of the house. Invariant: values are PyYAML's (YAML 1.1: `yes` is true, `0755` is 493, of two equal
//! keys the last one counts), and each has the place where it is written, also behind an alias or a merge key.

mod compose;
mod scalar;
mod tag_and_comma;

use std::rc::Rc;

use serde_yaml::Value;

pub(super) use compose::{has_odd_breaks, load};
pub(super) use scalar::{DATE, Oddity};

/// Where something is written: one-based line and column, and characters on that line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) length: usize,
}

impl Place {
    /// Behind so many bytes of the text; lines end as editors end them.
    pub(super) fn behind(before: &str) -> Self {
        let last = before.rsplit('\n').next().unwrap_or_default();
        Self { line: before.matches('\n').count() + 1, column: last.chars().count() + 1, length: 1 }
    }
}

/// A value, where it is written, and what is in it.
#[derive(Debug)]
pub(super) struct Node {
    /// What Python makes of it. Dates are tagged [`DATE`].
    pub(super) value: Value,
    pub(super) place: Place,
    pub(super) entries: Vec<Entry>,
    pub(super) items: Vec<Rc<Self>>,
    /// The characters, if there are no quotes around them.
    pub(super) plain: Option<String>,
    /// Why a number is not the one that most readers see.
    pub(super) oddity: Option<Oddity>,
    /// The values in it, itself included, each as often as it is reached.
    size: usize,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Value,
    pub(super) key_place: Place,
    pub(super) value: Rc<Node>,
}

/// A text that was read.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) root: Rc<Node>,
    /// Keys that stand again in the same mapping, and where.
    pub(super) twice: Vec<(String, Place)>,
}

/// Why Python cannot read a text, and where it notices.
#[derive(Debug, PartialEq)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) place: Place,
}

#[cfg(test)]
mod tests;
