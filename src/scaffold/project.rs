//! A project on disk, recognised by the file that says what it was made from.
//!
//! May import `answers` and `error`. Invariant: the answers of a project are never taken for what its files say today.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::answers::Answers;
use crate::error::{Error, Result};

/// The file that makes a folder a project.
pub const ANSWERS_FILE: &str = "golem-outbound.yaml";

/// A project on disk.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
    name: String,
    answers: Answers,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    project: String,
    answers: BTreeMap<String, String>,
}

impl Project {
    /// One that has just been made.
    pub(super) fn made(root: &Path, name: &str, answers: &Answers) -> Self {
        Self { root: root.to_owned(), name: name.to_owned(), answers: answers.clone() }
    }

    /// The project in a folder.
    ///
    /// # Errors
    /// If the folder is none, or its file cannot be read.
    pub fn load(root: &Path) -> Result<Self> {
        let path = root.join(ANSWERS_FILE);
        if !path.exists() {
            return Err(Error::usage(format!(
                "`{}` is no project: it has no `{ANSWERS_FILE}`",
                root.display()
            ))
            .hint("go to a project's folder, or make one: `golem-outbound new my-project`"));
        }
        let text = std::fs::read_to_string(&path).map_err(|cause| Error::io("read", &path, cause))?;
        let unusable = |cause: String| Error::usage(format!("failed to read `{}`: {cause}", path.display()));
        let file: File = serde_yaml::from_str(&text).map_err(|cause| unusable(cause.to_string()))?;
        if file.format != 1 {
            return Err(unusable(format!("its format is {}, and this program knows format 1", file.format)));
        }
        let mut answers = Answers::default();
        for (name, value) in &file.answers {
            answers.set(name, value).map_err(|cause| unusable(cause.message().to_owned()))?;
        }
        Ok(Self { root: root.to_owned(), name: file.project, answers })
    }

    /// The project's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The project's name when it was made.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it was made from. Its files may have been changed since.
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The cluster's file.
    pub fn cluster_file(&self) -> PathBuf {
        self.root.join("golem-cluster.yaml")
    }

    /// The Ray application.
    pub fn script(&self) -> PathBuf {
        self.root.join("simple-outbound.py")
    }

    /// The pinned Python packages.
    pub fn lock_file(&self) -> PathBuf {
        self.root.join("requirements.lock")
    }

    /// The folder of the tutorial's steps.
    pub fn tutorial(&self) -> PathBuf {
        self.root.join("tutorial")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_the_file_is_no_project() {
        let folder = tempfile::tempdir().unwrap();
        let error = Project::load(folder.path()).unwrap_err();
        assert!(error.message().ends_with("is no project: it has no `golem-outbound.yaml`"), "{error}");
    }

    #[test]
    fn an_unknown_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let text = "format: 1\nproject: x\nanswers: {}\ncolour: red\n";
        std::fs::write(folder.path().join(ANSWERS_FILE), text).unwrap();
        let error = Project::load(folder.path()).unwrap_err();
        assert!(error.message().contains("colour"), "{error}");
    }
}
