//! The forms in which a whitelist is kept: yagna's JSON, the installer's lists, and our own provider files.
//!
//! May import its parent. Invariant: reading what was printed gives the same patterns in the same order.

use std::fmt;

use serde::Deserialize as DeriveDeserialize;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{DomainPattern, MatchKind, Whitelist, WhitelistError};

/// `domain_whitelist.json`. Yagna ignores other keys, here and in each pattern, so they are ignored here too.
#[derive(DeriveDeserialize)]
struct JsonFile {
    patterns: Vec<JsonPattern>,
}

#[derive(DeriveDeserialize)]
struct JsonPattern {
    domain: String,
    #[serde(rename = "match", default)]
    kind: MatchKind,
}

/// The lines of a list: trimmed, but blank lines and comments are patterns like any other
/// (`golem_cli/src/manifest.rs:79-97`).
fn lines(text: &str, kind: MatchKind) -> impl Iterator<Item = DomainPattern> {
    text.lines().map(move |line| DomainPattern { domain: line.trim().to_owned(), kind })
}

/// The patterns of both lists, strict ones first.
pub(super) fn lists(strict: &str, regex: &str) -> Vec<DomainPattern> {
    lines(strict, MatchKind::Strict).chain(lines(regex, MatchKind::Regex)).collect()
}

impl Whitelist {
    /// Reads `domain_whitelist.json`: `{"patterns": [{"domain": "ipfs.io", "match": "strict"}]}`
    /// (`matching/domain.rs:40-93`).
    ///
    /// # Errors
    /// If it is not that shape, or a regex does not compile.
    pub fn from_json(text: &str) -> Result<Self, WhitelistError> {
        let file: JsonFile = serde_json::from_str(text)?;
        let of = |pattern: JsonPattern| DomainPattern { domain: pattern.domain, kind: pattern.kind };
        Self::new(file.patterns.into_iter().map(of).collect())
    }

    /// Reads the lines of a `strict.lst` and a `regex.lst`; one of them may be empty.
    ///
    /// # Errors
    /// If a regex does not compile.
    pub fn from_lists(strict: &str, regex: &str) -> Result<Self, WhitelistError> {
        Self::new(lists(strict, regex))
    }

    /// Reads either form, as the file's name says: `*.json`, or a list whose stem is the kind of its lines.
    ///
    /// # Errors
    /// If the name says neither, or the text is not that form.
    pub fn from_file(name: &str, text: &str) -> Result<Self, WhitelistError> {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        match (stem, extension) {
            (_, "json") => Self::from_json(text),
            ("strict", _) => Self::from_lists(text, ""),
            ("regex", _) => Self::from_lists("", text),
            _ => Err(WhitelistError::UnknownKind(name.to_owned())),
        }
    }

    /// `domain_whitelist.json` as yagna writes it.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(&serde_json::json!({ "patterns": self.patterns() }))
            .expect("strings always become JSON")
    }

    /// The lines of a `strict.lst` or `regex.lst`.
    pub fn to_list(&self, kind: MatchKind) -> String {
        let of_kind = self.patterns().iter().filter(|pattern| pattern.kind == kind);
        of_kind.map(|pattern| format!("{}\n", pattern.domain)).collect()
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
