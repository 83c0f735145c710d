//! What changed between two whitelists.
//!
//! May import `outbound`. Invariant: an empty difference means that both lists let the same hosts through; order and
//! repetitions do not count.

use crate::outbound::whitelist::{DomainPattern, Whitelist};

/// What changed between two lists, pattern by pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Patterns that only the new list has.
    pub added: Vec<DomainPattern>,
    /// Patterns that only the old list has.
    pub removed: Vec<DomainPattern>,
    /// Patterns as the new list has them, of which the old one had the text with the other type.
    pub retyped: Vec<DomainPattern>,
}

impl Difference {
    /// From one list to another.
    pub fn between(old: &Whitelist, new: &Whitelist) -> Self {
        let (came, gone) = (only_in(new, old), only_in(old, new));
        let among = |list: &[DomainPattern], pattern: &DomainPattern| {
            list.iter().any(|other| other.domain == pattern.domain)
        };
        let (retyped, added): (Vec<_>, Vec<_>) = came.into_iter().partition(|pattern| among(&gone, pattern));
        let removed = gone.into_iter().filter(|pattern| !among(&retyped, pattern)).collect();
        Self { added, removed, retyped }
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.retyped.is_empty()
    }
}

/// The patterns of one list that the other does not have, each once.
fn only_in(list: &Whitelist, other: &Whitelist) -> Vec<DomainPattern> {
    let mut only: Vec<DomainPattern> = Vec::new();
    for pattern in list.patterns() {
        if !other.patterns().contains(pattern) && !only.contains(pattern) {
            only.push(pattern.clone());
        }
    }
    only
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_what_came_what_went_and_what_is_read_in_another_way() {
        let list = |strict: &str, regex: &str| Whitelist::from_lists(strict, regex).unwrap();
        let difference = Difference::between(&list("a\nb\nc", "d\na"), &list("a\nd\ne\ne", "c"));
        let texts = |patterns: &[DomainPattern]| {
            let words = patterns.iter().map(|pattern| format!("{} {}", pattern.kind.word(), pattern.domain));
            words.collect::<Vec<_>>()
        };
        assert_eq!(texts(&difference.added), ["strict e"]);
        assert_eq!(texts(&difference.removed), ["strict b", "regex a"]);
        assert_eq!(texts(&difference.retyped), ["strict d", "regex c"]);
        assert!(Difference::between(&list("a\nb", ""), &list("b\na\na", "")).is_empty());
    }
}
