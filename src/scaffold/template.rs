//! A template: the one that is embedded in the program, or a folder of the user's own.
//!
//! May import `placeholder` and `error`. Invariant: only plain files of the template's own folder come into a project, and
//! nothing of a template is ever executed.

mod config;
mod folder;

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use self::config::{CONFIG_FILE, Config};
use super::placeholder::Placeholder;
use crate::error::{Error, Result};

/// `(path below template/, content)`, sorted by path; embedded by `build.rs`.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/template.rs"));
/// The embedded template's definitions, as cargo-generate reads them, too.
const CONFIG: &str = include_str!("../../template/cargo-generate.toml");
/// Files that are filled lose this ending, so that editors take a template's files for what they are.
const SUFFIX: &str = "liquid";

static EMBEDDED: LazyLock<Arc<Template>> =
    LazyLock::new(|| Arc::new(Template::ours().expect("the embedded template is read by a test")));

/// What projects are made from.
#[derive(Debug)]
pub struct Template {
    files: Vec<TemplateFile>,
    placeholders: Vec<Placeholder>,
    copied: Gitignore,
    folder: Option<PathBuf>,
}

/// A file of a template.
#[derive(Debug)]
pub struct TemplateFile {
    /// Below the template's folder, without the ending of files to be filled.
    pub path: PathBuf,
    /// Where its content is.
    pub content: Content,
    /// Whether it is a program.
    pub is_executable: bool,
}

/// Where the content of a file is.
#[derive(Debug)]
pub enum Content {
    /// In this program.
    Embedded(&'static [u8]),
    /// In this file.
    At(PathBuf),
}

impl Template {
    /// The one that is embedded.
    pub fn embedded() -> Arc<Self> {
        Arc::clone(&EMBEDDED)
    }

    /// The template in a folder.
    ///
    /// # Errors
    /// It cannot be read, it has something other than files and folders, or its `cargo-generate.toml` asks for what only
    /// cargo-generate does, such as a hook.
    pub fn read(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            let message =
                format!("failed to read the template `{}`: there is no such folder", folder.display());
            return Err(Error::usage(message).hint("name the folder that has its `cargo-generate.toml`"));
        }
        let found = folder::files(folder)?;
        let config = Config::read(folder)?;
        Self::new(found, config, Some(folder.to_owned()))
    }

    fn ours() -> Result<Self> {
        let file = |(path, content): &(&str, &'static [u8])| TemplateFile {
            path: PathBuf::from(path),
            content: Content::Embedded(content),
            is_executable: false,
        };
        Self::new(FILES.iter().map(file).collect(), Config::parse(CONFIG)?, None)
    }

    fn new(files: Vec<TemplateFile>, config: Config, folder: Option<PathBuf>) -> Result<Self> {
        let mut copied = GitignoreBuilder::new("");
        for pattern in config.exclude() {
            copied.add_line(None, pattern).map_err(|cause| config::unusable(cause.to_string()))?;
        }
        let copied = copied.build().map_err(|cause| config::unusable(cause.to_string()))?;
        let left_out =
            |path: &Path| path == Path::new(CONFIG_FILE) || config.hooks().any(|hook| path == hook);
        let files = files.into_iter().filter(|file| !left_out(&file.path)).map(without_suffix).collect();
        Ok(Self { files, placeholders: config.placeholders()?, copied, folder })
    }

    /// Its files, sorted by path.
    pub fn files(&self) -> &[TemplateFile] {
        &self.files
    }

    /// Its placeholders, in the order of the questions.
    pub fn placeholders(&self) -> &[Placeholder] {
        &self.placeholders
    }

    /// Whether a file comes into the project as it is, whatever stands in it.
    pub fn is_copied(&self, file: &TemplateFile) -> bool {
        self.copied.matched_path_or_any_parents(&file.path, false).is_ignore()
    }

    /// The user's folder that it was read from.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }
}

impl TemplateFile {
    /// What stands in it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self) -> Result<std::borrow::Cow<'static, [u8]>> {
        match &self.content {
            Content::Embedded(content) => Ok((*content).into()),
            Content::At(path) => {
                std::fs::read(path).map(Into::into).map_err(|cause| Error::io("read", path, cause))
            }
        }
    }
}

fn without_suffix(file: TemplateFile) -> TemplateFile {
    match file.path.extension() {
        Some(extension) if extension == SUFFIX => TemplateFile { path: file.path.with_extension(""), ..file },
        _ => file,
    }
}

/// The placeholders of the embedded template, in the order of the questions.
pub fn placeholders() -> &'static [Placeholder] {
    EMBEDDED.placeholders()
}

/// The step files of the tutorial as every new project gets them: name and text. Nothing in them is filled before a walk.
pub fn step_files() -> Vec<(String, String)> {
    let step = |(path, content): &(&str, &[u8])| {
        let name = path.strip_prefix("tutorial/")?;
        Some((name.to_owned(), String::from_utf8_lossy(content).into_owned()))
    };
    FILES.iter().filter_map(step).collect()
}

#[cfg(test)]
mod tests;
