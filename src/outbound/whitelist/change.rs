//! What `ya-provider whitelist add` and `remove` do to a list.
//!
//! May import its parent. Invariant: a text stands once in a changed list, because its ID is made from the text alone
//! (`agent/provider/src/cli/whitelist.rs:209-226`). Yagna writes a changed list in any order; here its order is kept.

use super::{DomainPattern, MatchKind, Whitelist, WhitelistError};

/// A list after `whitelist add`.
#[derive(Clone, Debug, PartialEq)]
pub struct Added {
    /// The new list.
    pub whitelist: Whitelist,
    /// Printed under `Added patterns:`.
    pub added: Vec<DomainPattern>,
    /// Printed under `Dropped duplicated patterns:`: the entries as they were before, each replaced by the new one.
    pub dropped: Vec<DomainPattern>,
}

impl Whitelist {
    /// Adds patterns of one kind, lower-cased. A text that is there already counts as a duplicate, yet takes the new
    /// kind.
    ///
    /// # Errors
    /// If a regex does not compile.
    pub fn with_added<'a>(
        &self,
        texts: impl IntoIterator<Item = &'a str>,
        kind: MatchKind,
    ) -> Result<Added, WhitelistError> {
        let mut patterns = without_duplicates(self.patterns());
        let (mut added, mut dropped) = (Vec::new(), Vec::new());
        for text in texts {
            let pattern = DomainPattern { domain: text.to_lowercase(), kind };
            match patterns.iter_mut().find(|known| known.domain == pattern.domain) {
                Some(known) => dropped.push(std::mem::replace(known, pattern)),
                None => {
                    added.push(pattern.clone());
                    patterns.push(pattern);
                }
            }
        }
        Ok(Added { whitelist: Self::new(patterns)?, added, dropped })
    }

    /// Removes the patterns with these IDs; IDs that no pattern has are ignored.
    ///
    /// # Errors
    /// Never for a list that compiles already.
    pub fn without(&self, ids: &[&str]) -> Result<Self, WhitelistError> {
        let mut patterns = without_duplicates(self.patterns());
        patterns.retain(|pattern| !ids.contains(&pattern.id().as_str()));
        Self::new(patterns)
    }
}

/// Of entries with one text the last one stays, at the place of the first.
fn without_duplicates(patterns: &[DomainPattern]) -> Vec<DomainPattern> {
    let mut kept: Vec<DomainPattern> = Vec::new();
    for pattern in patterns {
        match kept.iter_mut().find(|known| known.domain == pattern.domain) {
            Some(known) => *known = pattern.clone(),
            None => kept.push(pattern.clone()),
        }
    }
    kept
}
