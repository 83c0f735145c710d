//! The provider's whitelist of domain patterns, and how it matches a host.
//!
//! May import nothing of the house. Invariant: [`Whitelist::matches`] agrees with yagna's
//! `utils/manifest-utils/src/matching/domain.rs` for every host, also where that surprises.

mod change;
mod file;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::OnceLock;

use regex::{RegexSet, RegexSetBuilder};
use serde::{Deserialize, Serialize};

pub use change::Added;

/// The day on which the embedded lists were the newest ones.
pub const SNAPSHOT_DATE: &str = "2025-10-27";
/// The commit of `golemfactory/ya-installer-resources` that the embedded lists come from.
pub const SNAPSHOT_COMMIT: &str = "d018134";

const SNAPSHOT_STRICT: &str = include_str!("snapshot/strict.lst");
const SNAPSHOT_REGEX: &str = include_str!("snapshot/regex.lst");

/// How a pattern is compared with a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MatchKind {
    /// The host must equal the pattern; a subdomain does not. The default of `domain_whitelist.json`.
    #[default]
    Strict,
    /// The pattern must be found anywhere in the host.
    Regex,
}

impl MatchKind {
    /// The word of `ya-provider whitelist list`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Regex => "regex",
        }
    }
}

/// One entry of the whitelist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainPattern {
    /// The pattern's text as the provider wrote it.
    pub domain: String,
    /// How it is compared.
    #[serde(rename = "match", default)]
    pub kind: MatchKind,
}

impl DomainPattern {
    /// The ID that `ya-provider whitelist list` shows and `remove` takes: the first eight hexadecimal digits of the
    /// MD5 of the text. The kind is not part of it (`manifest-utils/src/util.rs`, `str_to_short_hash`).
    pub fn id(&self) -> String {
        format!("{:x}", md5::compute(&self.domain)).chars().take(8).collect()
    }
}

/// A whitelist that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WhitelistError {
    /// `domain_whitelist.json` is not what yagna writes.
    #[error("invalid whitelist: {0}")]
    Json(#[from] serde_json::Error),
    /// A regex pattern does not compile; yagna then refuses the whole list.
    #[error("invalid regex pattern in the whitelist: {0}")]
    Regex(#[from] regex::Error),
    /// A list's file name does not say what its lines are.
    #[error("the name of the list `{0}` does not say what kind of patterns it holds")]
    UnknownKind(String),
}

/// A list of domain patterns.
#[derive(Clone, Debug)]
pub struct Whitelist {
    patterns: Vec<DomainPattern>,
    /// Each strict pattern in lower case, with its first place in `patterns`.
    strict: HashMap<String, usize>,
    /// The places of the regexes in `patterns`.
    regex_places: Vec<usize>,
    /// Compiled when the first host is no strict match: compiling is most of the time that a single question takes.
    regexes: OnceLock<RegexSet>,
}

impl Whitelist {
    /// Takes patterns as yagna does (`matching/domain.rs`, `TryFrom<&DomainPatterns>`): both kinds are lower-cased, so
    /// that in a regex `\S` becomes `\s`; regexes are compiled in verbose mode, where blanks are dropped and `#` begins
    /// a comment, so an empty pattern or one that is only a comment matches every host.
    ///
    /// # Errors
    /// One pattern that does not compile makes the whole list unusable.
    pub fn new(patterns: Vec<DomainPattern>) -> Result<Self, WhitelistError> {
        let list = Self::uncompiled(patterns);
        let regexes = list.compiled()?;
        Ok(Self { regexes: OnceLock::from(regexes), ..list })
    }

    fn uncompiled(patterns: Vec<DomainPattern>) -> Self {
        let mut strict = HashMap::new();
        let mut regex_places = Vec::new();
        for (place, pattern) in patterns.iter().enumerate() {
            match pattern.kind {
                MatchKind::Strict => drop(strict.entry(pattern.domain.to_lowercase()).or_insert(place)),
                MatchKind::Regex => regex_places.push(place),
            }
        }
        Self { patterns, strict, regex_places, regexes: OnceLock::new() }
    }

    fn compiled(&self) -> Result<RegexSet, regex::Error> {
        RegexSetBuilder::new(
            self.regex_places.iter().map(|&place| self.patterns[place].domain.to_lowercase()),
        )
        .case_insensitive(true)
        .ignore_whitespace(true)
        .build()
    }

    /// What a provider installed on [`SNAPSHOT_DATE`] or later has, unless its owner changed it.
    pub fn snapshot() -> Self {
        Self::uncompiled(file::lists(SNAPSHOT_STRICT, SNAPSHOT_REGEX))
    }

    /// All patterns, in the order of the file.
    pub fn patterns(&self) -> &[DomainPattern] {
        &self.patterns
    }

    /// The first pattern that lets this host through; strict ones are asked before regexes, as in yagna. The host is
    /// what `Url::host_str` gives: an address is compared as text, IPv6 in its brackets, and a dot at the end counts.
    pub fn matches(&self, host: &str) -> Option<&DomainPattern> {
        let strict = if host.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
            self.strict.get(host)
        } else {
            self.strict.get(&host.to_lowercase())
        };
        let place = strict.copied().or_else(|| {
            let regexes = self
                .regexes
                .get_or_init(|| self.compiled().expect("`new` compiled them, and a test the embedded ones"));
            regexes.matches(host).iter().next().map(|number| self.regex_places[number])
        })?;
        Some(&self.patterns[place])
    }
}

impl PartialEq for Whitelist {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}
