//! The provider's whitelist of domain patterns, and how it matches a host.
//!
//! May import nothing of the house. Invariant: [`Whitelist::matches`] agrees with yagna's
//! `utils/manifest-utils/src/matching/domain.rs` for every host, also where that surprises.

use std::fmt;

use regex::{RegexSet, RegexSetBuilder};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize as DeriveDeserialize, Serialize};

/// The day on which the embedded lists were the newest ones.
pub const SNAPSHOT_DATE: &str = "2025-10-27";
/// The commit of `golemfactory/ya-installer-resources` that the embedded lists come from.
pub const SNAPSHOT_COMMIT: &str = "d018134";

const SNAPSHOT_STRICT: &str = include_str!("snapshot/strict.lst");
const SNAPSHOT_REGEX: &str = include_str!("snapshot/regex.lst");

/// How a pattern is compared with a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, DeriveDeserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, DeriveDeserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainPattern {
    /// The pattern's text as the provider wrote it.
    pub domain: String,
    /// How it is compared.
    #[serde(rename = "match", default)]
    pub kind: MatchKind,
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
}

/// A list of domain patterns, compiled.
#[derive(Clone, Debug)]
pub struct Whitelist {
    patterns: Vec<DomainPattern>,
    regexes: RegexSet,
    /// For each of `regexes` its place in `patterns`.
    regex_places: Vec<usize>,
}

impl Whitelist {
    /// Compiles patterns as yagna does (`matching/domain.rs`, `TryFrom<&DomainPatterns>`): regexes are lower-cased
    /// before they are compiled, so `\S` becomes `\s`, and blanks in them are dropped.
    ///
    /// # Errors
    /// One pattern that does not compile makes the whole list unusable.
    pub fn new(patterns: Vec<DomainPattern>) -> Result<Self, WhitelistError> {
        let regex_places: Vec<usize> =
            (0..patterns.len()).filter(|&place| patterns[place].kind == MatchKind::Regex).collect();
        let regexes =
            RegexSetBuilder::new(regex_places.iter().map(|&place| patterns[place].domain.to_lowercase()))
                .case_insensitive(true)
                .ignore_whitespace(true)
                .build()?;
        Ok(Self { patterns, regexes, regex_places })
    }

    /// Reads `domain_whitelist.json`: `{"patterns": [{"domain": "ipfs.io", "match": "strict"}]}`.
    ///
    /// # Errors
    /// If it is not that shape, or a regex does not compile.
    pub fn from_json(text: &str) -> Result<Self, WhitelistError> {
        /// The file's shape. Yagna ignores other keys, so they are ignored here.
        #[derive(DeriveDeserialize)]
        struct File {
            patterns: Vec<DomainPattern>,
        }
        let file: File = serde_json::from_str(text)?;
        Self::new(file.patterns)
    }

    /// Reads the lines of a `strict.lst` and a `regex.lst`. Lines are trimmed, but blank lines and comments are
    /// patterns like any other (`golem_cli/src/manifest.rs:79-97`).
    ///
    /// # Errors
    /// If a regex does not compile.
    pub fn from_lists(strict: &str, regex: &str) -> Result<Self, WhitelistError> {
        let of = |text: &str, kind| -> Vec<DomainPattern> {
            text.lines().map(|line| DomainPattern { domain: line.trim().to_owned(), kind }).collect()
        };
        let mut patterns = of(strict, MatchKind::Strict);
        patterns.extend(of(regex, MatchKind::Regex));
        Self::new(patterns)
    }

    /// What a provider installed on [`SNAPSHOT_DATE`] or later has, unless its owner changed it.
    pub fn snapshot() -> Self {
        Self::from_lists(SNAPSHOT_STRICT, SNAPSHOT_REGEX).expect("a test compiles the embedded lists")
    }

    /// All patterns, in the order of the file.
    pub fn patterns(&self) -> &[DomainPattern] {
        &self.patterns
    }

    /// The first pattern that lets this host through; strict ones are asked before regexes, as in yagna.
    pub fn matches(&self, host: &str) -> Option<&DomainPattern> {
        let lower = host.to_lowercase();
        self.patterns
            .iter()
            .find(|pattern| pattern.kind == MatchKind::Strict && pattern.domain.to_lowercase() == lower)
            .or_else(|| {
                let found = self.regexes.matches(host);
                found.iter().next().map(|number| &self.patterns[self.regex_places[number]])
            })
    }
}

impl PartialEq for Whitelist {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

/// In a provider file: the word `default` (the snapshot), a list of patterns, or yagna's `{patterns: […]}`.
impl<'de> Deserialize<'de> for Whitelist {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WhitelistVisitor)
    }
}

struct WhitelistVisitor;

impl<'de> Visitor<'de> for WhitelistVisitor {
    type Value = Whitelist;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`default` or a list of patterns such as `{domain: ipfs.io, match: strict}`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Whitelist, E> {
        match text {
            "default" => Ok(Whitelist::snapshot()),
            other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Whitelist, A::Error> {
        let mut patterns = Vec::new();
        while let Some(pattern) = list.next_element()? {
            patterns.push(pattern);
        }
        Whitelist::new(patterns).map_err(de::Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Whitelist, A::Error> {
        let mut patterns = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "patterns" => patterns = Some(map.next_value()?),
                other => return Err(de::Error::unknown_field(other, &["patterns"])),
            }
        }
        let patterns = patterns.ok_or_else(|| de::Error::missing_field("patterns"))?;
        Whitelist::new(patterns).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn regex(pattern: &str) -> Whitelist {
        Whitelist::from_lists("", pattern).unwrap()
    }

    fn passes(whitelist: &Whitelist, hosts: &[&str]) -> Vec<bool> {
        hosts.iter().map(|host| whitelist.matches(host).is_some()).collect()
    }

    #[test]
    fn the_snapshot_compiles_and_has_all_entries() {
        let kinds = |kind| Whitelist::snapshot().patterns().iter().filter(|p| p.kind == kind).count();
        assert_eq!((kinds(MatchKind::Strict), kinds(MatchKind::Regex)), (24, 4));
    }

    #[test]
    fn strict_patterns_cover_no_subdomain_and_no_trailing_dot() {
        let hosts = ["ipfs.io", "IPFS.io", "www.ipfs.io", "gateway.ipfs.io", "ipfs.io.", "3.122.207.83"];
        assert_eq!(passes(&Whitelist::snapshot(), &hosts), [true, true, false, false, false, true]);
        let dropbox = ["dl.dropboxusercontent.com", "uc1.dl.dropboxusercontent.com", "www.dropbox.com"];
        assert_eq!(passes(&Whitelist::snapshot(), &dropbox), [true, false, false]);
    }

    #[test]
    fn the_golem_domain_is_a_regex() {
        let hosts =
            ["pypi.dev.golem.network", "a.b.dev.golem.network", "dev.golem.network", "x.dev.golem.network."];
        assert_eq!(passes(&Whitelist::snapshot(), &hosts), [true, true, false, false]);
    }

    #[test]
    fn regexes_are_unanchored_verbose_and_lower_cased() {
        assert!(regex("ipfs.io").matches("xipfs-io.evil.com").is_some());
        assert!(regex("ip fs # the gateway").matches("ipfs.io").is_some());
        assert!(regex(r"^\D+$").matches("42").is_some(), r"\D becomes \d");
        assert!(regex("# only a comment").matches("anything.example").is_some());
    }

    #[test]
    fn a_broken_regex_spoils_the_list() {
        assert!(matches!(Whitelist::from_lists("ipfs.io", "("), Err(WhitelistError::Regex(_))));
    }

    #[test]
    fn json_defaults_to_strict() {
        let list = Whitelist::from_json(r#"{"patterns":[{"domain":"a.io"},{"domain":"b","match":"regex"}]}"#);
        let kinds: Vec<_> = list.unwrap().patterns().iter().map(|pattern| pattern.kind).collect();
        assert_eq!(kinds, [MatchKind::Strict, MatchKind::Regex]);
    }

    #[test]
    fn a_provider_file_names_the_default_or_lists_patterns() {
        let read = |text: &str| serde_yaml::from_str::<Whitelist>(text);
        assert_eq!(read("default").unwrap(), Whitelist::snapshot());
        assert_eq!(read("[{domain: a.io, match: regex}]").unwrap(), regex("a.io"));
        assert_eq!(read("[]").unwrap().patterns(), []);
        assert!(read("defualt").unwrap_err().to_string().contains("`default` or a list of patterns"));
        assert!(
            read("[{domain: a.io, kind: regex}]").unwrap_err().to_string().contains("unknown field `kind`")
        );
    }

    proptest! {
        #[test]
        fn a_strict_list_is_set_membership_whatever_the_case(
            listed in prop::collection::vec("[a-zA-Z]{1,3}(\\.[a-z]{1,2}){0,2}", 0..6),
            host in "[a-zA-Z]{1,3}(\\.[a-z]{1,2}){0,2}",
        ) {
            let list = Whitelist::from_lists(&listed.join("\n"), "").unwrap();
            let expected = listed.iter().any(|pattern| pattern.eq_ignore_ascii_case(&host));
            prop_assert_eq!(list.matches(&host).is_some(), expected);
        }

        #[test]
        fn an_escaped_regex_is_substring_search(needle in "[a-z]{1,3}", host in "[a-zA-Z.]{1,12}") {
            let list = regex(&regex::escape(&needle));
            prop_assert_eq!(list.matches(&host).is_some(), host.to_lowercase().contains(&needle));
        }

        #[test]
        fn a_match_names_a_pattern_of_the_list(host in "[a-z0-9.-]{0,24}") {
            let list = Whitelist::snapshot();
            if let Some(pattern) = list.matches(&host) {
                prop_assert!(list.patterns().contains(pattern));
            }
        }
    }
}
