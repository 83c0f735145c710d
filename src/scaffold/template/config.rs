//! A template's `cargo-generate.toml`: its placeholders, what is copied as it is, its hooks.
//!
//! May import `placeholder` and `error`. Invariant: what it asks for and we do not do is refused, never left out, so that
//! `cargo generate` makes the same files of every template that is read here.

use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::scaffold::placeholder::{Definition, Placeholder};

/// The file.
pub const CONFIG_FILE: &str = "cargo-generate.toml";
/// The one hook that we know: what it does is done here as well, see `share_links`.
const HOOK: &str = "share-links.rhai";
const HOOK_TEXT: &str = include_str!("../../../template/share-links.rhai");

/// What stands in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    template: Section,
    hooks: Hooks,
    placeholders: std::collections::BTreeMap<String, Definition>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Section {
    /// For cargo-generate alone.
    #[serde(rename = "cargo_generate_version")]
    _version: Option<String>,
    /// We never make a repository.
    #[serde(rename = "vcs")]
    _vcs: Option<String>,
    exclude: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Hooks {
    pre: Vec<String>,
}

impl Config {
    /// Reads the one of a template's folder; a template without one has no placeholders of its own.
    ///
    /// # Errors
    /// It cannot be read, or asks for something that we do not do.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(CONFIG_FILE);
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = std::fs::read_to_string(&path).map_err(|cause| Error::io("read", &path, cause))?;
        let config = Self::parse(&text)?;
        for hook in &config.hooks.pre {
            let is_ours = std::fs::read_to_string(folder.join(hook)).is_ok_and(|text| text == HOOK_TEXT);
            if hook != HOOK || !is_ours {
                return Err(unusable(format!(
                    "it has the hook `{}`, and hooks are not run",
                    hook.escape_debug()
                )));
            }
        }
        Ok(config)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// It is no TOML, or asks for something that we do not do.
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|cause| unusable(cause.to_string().trim_end().to_owned()))
    }

    /// Patterns of files that are copied as they are, in the language of `.gitignore`.
    pub fn exclude(&self) -> &[String] {
        &self.template.exclude
    }

    /// Files that belong to the template and not to the project.
    pub fn hooks(&self) -> impl Iterator<Item = &Path> {
        self.hooks.pre.iter().map(Path::new)
    }

    /// Its placeholders, in the order of the questions.
    ///
    /// # Errors
    /// One of them has a pattern that is none, or a default that is not valid.
    pub fn placeholders(self) -> Result<Vec<Placeholder>> {
        Placeholder::all(self.placeholders).map_err(unusable)
    }
}

/// The file cannot be used, and why.
pub fn unusable(why: String) -> Error {
    Error::usage(format!("failed to read `{CONFIG_FILE}` of the template: {why}"))
        .hint("cargo-generate itself may do more: `cargo generate --path DIR --name NAME`")
}
