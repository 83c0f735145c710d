//! A template's placeholders: question, default, and what is a valid value.
//!
//! May import `share_links` and `error`. Invariant: the template's `cargo-generate.toml` is the only place that defines them, so that
//! `cargo generate` asks the same questions and refuses the same values.

use std::collections::BTreeMap;

use regex::Regex;

use super::share_links::rewritten;
use crate::error::{Error, Result};

/// One value that a project is made from.
#[derive(Debug)]
pub struct Placeholder {
    /// The name in `--define name=value`.
    pub name: String,
    /// The question for people.
    pub prompt: String,
    /// The value that is taken when nobody is asked.
    pub default: String,
    /// The only values there are; empty if `pattern` decides.
    pub choices: Vec<String>,
    pattern: Option<Regex>,
}

/// One as it is defined; see cargo-generate's guide, of which this is a part.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    prompt: String,
    default: String,
    #[serde(default)]
    choices: Vec<String>,
    regex: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// The order of the questions, from what a learner will want to change to what hardly matters.
const ORDER: [&str; 9] = [
    "download_urls",
    "dropbox",
    "extra_outbound_urls",
    "pip_packages",
    "workers",
    "budget",
    "payment_network",
    "image_tag",
    "cluster_name",
];

impl Placeholder {
    /// All that are defined, in the order of the questions: those of the embedded template first, then by name.
    ///
    /// The error is what is wrong with one of them.
    pub fn all(definitions: BTreeMap<String, Definition>) -> std::result::Result<Vec<Self>, String> {
        let mut found = definitions
            .into_iter()
            .map(|(name, definition)| Self::new(name, definition))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let place = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
        found.sort_by_key(|placeholder| place(&placeholder.name));
        Ok(found)
    }

    fn new(name: String, definition: Definition) -> std::result::Result<Self, String> {
        let Definition { prompt, default, choices, regex, kind } = definition;
        if let Some(kind) = kind.filter(|kind| kind != "string") {
            return Err(format!("the type of `{name}` is `{kind}`, and values are strings here"));
        }
        let pattern = regex
            .map(|pattern| Regex::new(&pattern))
            .transpose()
            .map_err(|cause| format!("the pattern of `{name}` is none: {cause}"))?;
        let placeholder = Self { name, prompt, default, choices, pattern };
        match placeholder.check(&placeholder.default) {
            Ok(_) => Ok(placeholder),
            Err(_) => Err(format!("the default of `{}` is not valid", placeholder.name)),
        }
    }

    /// The value that is taken for the given one, share links rewritten; the error says what would do.
    pub fn check(&self, value: &str) -> Result<String> {
        let (taken, _) = rewritten(&self.name, value)?;
        let valid = if self.choices.is_empty() {
            self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(&taken))
        } else {
            self.choices.contains(&taken)
        };
        if valid {
            return Ok(taken);
        }
        Err(Error::usage(format!("`{}` is not a value for `{}`", value.escape_debug(), self.name))
            .hint(self.explanation(value))
            .hint(format!("for example `--define {}=\"{}\"`", self.name, self.example())))
    }

    /// The question for people, with the values to choose from.
    pub fn question(&self) -> String {
        match self.choices.is_empty() {
            true => self.prompt.clone(),
            false => format!("{}: {}", self.prompt, self.choices.join(", ")),
        }
    }

    /// What a valid value looks like, and what is wrong with this one where that can be told.
    fn explanation(&self, value: &str) -> String {
        let text = match self.name.as_str() {
            "dropbox" => {
                "`sample`, `none`, or the https link of a file at www.dropbox.com or dl.dropboxusercontent.com"
            }
            "download_urls" if value.contains("http://") => {
                "providers' whitelists name hosts, and the tutorial downloads over https alone: write `https://…`"
            }
            "download_urls" => {
                "`tutorial`, or https URLs separated by single spaces; other characters must be percent-encoded"
            }
            "extra_outbound_urls" => "`none`, or URLs with their scheme, separated by single spaces",
            "pip_packages" => "`none`, or names like `numpy` and `pandas==2.2.3`, separated by single spaces",
            "workers" => "a whole number from 0 to 99",
            "budget" => "an amount of GLM above 0 and below a million, for example `2.5`",
            "image_tag" => "`user/repository:tag`, as https://registry.golem.network shows it",
            "cluster_name" => "letters, digits, `-` and `_`, at most 63 of them, and no `-` or `_` first",
            _ => return self.rule(),
        };
        text.to_owned()
    }

    /// What is known of a value without knowing what it means.
    fn rule(&self) -> String {
        match &self.pattern {
            Some(pattern) if self.choices.is_empty() => format!("a text that matches `{pattern}`"),
            _ => format!("one of {}", self.choices.join(", ")),
        }
    }

    fn example(&self) -> &str {
        match self.name.as_str() {
            "download_urls" => "https://ipfs.io/ipfs/bafkqaaa",
            "dropbox" => "https://www.dropbox.com/scl/fi/ID/NAME?rlkey=KEY",
            "extra_outbound_urls" => "https://api.github.com",
            "pip_packages" => "numpy",
            _ => &self.default,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaffold::placeholders;

    fn check(name: &str, value: &str, valid: bool) {
        let placeholder = placeholders().iter().find(|placeholder| placeholder.name == name).unwrap();
        assert_eq!(placeholder.check(value).is_ok(), valid, "{name}={value:?}");
    }

    #[test]
    fn each_has_its_place_a_valid_default_and_a_valid_example() {
        let names: Vec<_> = placeholders().iter().map(|placeholder| placeholder.name.as_str()).collect();
        assert_eq!(names, ORDER);
        for placeholder in placeholders() {
            placeholder.check(&placeholder.default).unwrap();
            placeholder.check(placeholder.example()).unwrap();
            assert!(placeholder.check("").is_err(), "{} may not be blank", placeholder.name);
            assert!(placeholder.check("a\nb").is_err(), "{} may not hold a new line", placeholder.name);
            assert!(placeholder.check("{{ x }}").is_err(), "{} may not hold a placeholder", placeholder.name);
        }
    }

    #[test]
    fn urls_are_whole_and_of_https() {
        check("download_urls", "https://a.io/x https://b.io:8443/y?z=1", true);
        check("download_urls", "https://a.io", true);
        check("download_urls", "http://a.io/x", false);
        check("download_urls", "a.io/x", false);
        check("download_urls", "https://a.io/x,https://b.io/y\"", false);
        check("download_urls", "https://user:pw@a.io/", false);
        check("download_urls", "https://A.io/", false);
        check("download_urls", "https://a.io/caf\u{e9}", false);
        check("download_urls", "ipfs://bafkqaaa/x", true);
        check("download_urls", "ipns://docs.ipfs.tech", false);
        check("download_urls", "https://www.dropbox.com/s/abc/x.txt?dl=0", true);
        check("download_urls", "https://www.dropbox.com/home", false);
        check("extra_outbound_urls", "http://a.io wss://b.io", true);
        check("extra_outbound_urls", "ipfs.io", false);
    }

    #[test]
    fn a_dropbox_link_names_a_file_with_its_key() {
        check("dropbox", "https://www.dropbox.com/s/abc/x.txt?dl=0", true);
        check("dropbox", "https://www.dropbox.com/scl/fi/abc/x.txt?rlkey=k&st=s&dl=0", true);
        check("dropbox", "https://www.dropbox.com/scl/fi/abc/x.txt?dl=0", false);
        check("dropbox", "https://www.dropbox.com/scl/fo/abc/x?rlkey=k", false);
        check("dropbox", "https://www.dropbox.com/sh/abc/x", false);
        check("dropbox", "https://example.com/s/abc/x.txt", false);
    }

    #[test]
    fn numbers_are_in_range() {
        check("budget", "0.5", true);
        for budget in ["0", "0.0", "-1", "1e3", "five", "nan"] {
            check("budget", budget, false);
        }
        check("workers", "0", true);
        check("workers", "100", false);
        check("workers", "-1", false);
        check("pip_packages", "numpy pandas[excel]==2.2.3", true);
        check("pip_packages", "numpy; rm -rf /", false);
    }
}
