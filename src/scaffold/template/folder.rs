//! The files of a template's folder.
//!
//! May import `error` and `ownership`. Invariant: nothing outside of the folder is read, because links are refused.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Content, TemplateFile};
use crate::error::{Error, Result};
use crate::ownership::is_executable;

/// More is no template but a folder named by mistake.
const MOST_FILES: usize = 20_000;
/// What people's tools leave in a folder and no project wants.
const NOBODY_S: [&str; 2] = [".git", ".cargo-ok"];
/// A list of cargo-generate's that we do not read.
const UNREAD: &str = ".genignore";

/// Every file, sorted by path.
pub fn files(folder: &Path) -> Result<Vec<TemplateFile>> {
    let mut found = Vec::new();
    collect(folder, Path::new(""), &mut found)?;
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

fn collect(root: &Path, below: &Path, found: &mut Vec<TemplateFile>) -> Result<()> {
    let folder = root.join(below);
    let failed = |cause| Error::io("read", &folder, cause);
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (name, kind) = (entry.file_name(), entry.file_type().map_err(failed)?);
        if NOBODY_S.iter().any(|left_out| name == *left_out) {
            continue;
        }
        let path = below.join(&name);
        if name == UNREAD {
            return Err(refused(&path, "is not read: name such files under `exclude`, or take them away"));
        } else if kind.is_dir() {
            collect(root, &path, found)?;
        } else if kind.is_file() {
            found.push(file(&path, entry.path())?);
        } else {
            return Err(refused(&path, "is neither a file nor a folder: put the file itself there"));
        }
        if found.len() > MOST_FILES {
            let text = format!("`{}` has more than {MOST_FILES} files", root.display());
            return Err(Error::usage(text).hint("name the template's own folder"));
        }
    }
    Ok(())
}

fn file(path: &Path, at: PathBuf) -> Result<TemplateFile> {
    let metadata = fs::symlink_metadata(&at).map_err(|cause| Error::io("read", &at, cause))?;
    let is_executable = is_executable(&metadata);
    Ok(TemplateFile { path: path.to_owned(), content: Content::At(at), is_executable })
}

fn refused(path: &Path, why: &str) -> Error {
    Error::usage(format!("the template's `{}` {why}", path.display()))
}
