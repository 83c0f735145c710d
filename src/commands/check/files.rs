//! The files that `check` looks at: the cluster file and the Python files that belong to it.
//!
//! May import `error`. Invariant: a file is kept as it was read, so that what is not changed is written back byte for
//! byte; only a byte order mark is set aside.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::runner::PROJECT_FILE;

const CLUSTER_FILE: &str = "golem-cluster.yaml";

/// Larger Python files are data.
const LARGEST: u64 = 1024 * 1024;

/// Folders that hold other people's code.
const FOREIGN: [&str; 3] = ["__pycache__", "site-packages", "node_modules"];

const BOM: &str = "\u{feff}";

/// A text file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SourceFile {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its text without a byte order mark.
    pub(super) text: String,
    has_bom: bool,
    /// The Python modules and packages beside it.
    pub(super) beside: Vec<String>,
}

/// What belongs together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sources {
    pub(super) cluster: SourceFile,
    pub(super) scripts: Vec<SourceFile>,
}

impl SourceFile {
    pub(super) fn new(path: PathBuf, text: String) -> Self {
        match text.strip_prefix(BOM) {
            Some(rest) => Self { path, text: rest.to_owned(), has_bom: true, beside: Vec::new() },
            None => Self { path, text, has_bom: false, beside: Vec::new() },
        }
    }

    /// The path for people.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// What the file holds, or will hold.
    pub(super) fn content(&self) -> String {
        format!("{}{}", if self.has_bom { BOM } else { "" }, self.text)
    }
}

impl Sources {
    /// Reads the cluster file at `path`, or in the folder there, and its Python files: those of the whole project, or
    /// those beside a cluster file that is no project's.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let cluster = if path.is_dir() { path.join(CLUSTER_FILE) } else { path.to_owned() };
        let cluster = cluster.strip_prefix(".").map(Path::to_owned).unwrap_or(cluster);
        let text = fs::read_to_string(&cluster).map_err(|error| {
            let message = format!("failed to read `{}`: {error}", cluster.display());
            Error::usage(message)
                .caused_by(error)
                .hint("give the cluster file: `golem-outbound check golem-cluster.yaml`")
        })?;
        let folder = cluster.parent().unwrap_or(Path::new("")).to_owned();
        let mut found = Vec::new();
        let is_project = folder.join(PROJECT_FILE).is_file();
        python_files(&folder, is_project, &mut found);
        found.sort();
        let scripts = found.into_iter().filter_map(read_script).collect();
        Ok(Self { cluster: SourceFile::new(cluster, text), scripts })
    }

    /// All files.
    pub(super) fn all(&self) -> impl Iterator<Item = &SourceFile> {
        std::iter::once(&self.cluster).chain(&self.scripts)
    }

    /// All files, to be changed.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut SourceFile> {
        std::iter::once(&mut self.cluster).chain(&mut self.scripts)
    }
}

/// What cannot be read in a folder holds nothing to be checked. Folders behind symbolic links are not entered.
fn python_files(folder: &Path, whole_tree: bool, found: &mut Vec<PathBuf>) {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for entry in fs::read_dir(here).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let hidden = name.to_string_lossy().starts_with('.');
        let path = folder.join(&name);
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if hidden {
            continue;
        }
        if is_folder {
            let foreign = FOREIGN.iter().any(|known| name == *known) || path.join("pyvenv.cfg").exists();
            if whole_tree && !foreign {
                python_files(&path, whole_tree, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "py") && path.is_file() {
            found.push(path);
        }
    }
}

fn read_script(path: PathBuf) -> Option<SourceFile> {
    if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LARGEST) {
        eprintln!("not looked at: `{}` is too large for a program", path.display());
        return None;
    }
    match fs::read_to_string(&path) {
        Ok(text) => {
            let beside = modules_in(path.parent().unwrap_or(Path::new("")));
            Some(SourceFile { beside, ..SourceFile::new(path, text) })
        }
        Err(error) => {
            let why = match error.kind() {
                ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
                _ => error.to_string(),
            };
            eprintln!("not looked at: `{}`: {why}", path.display());
            None
        }
    }
}

/// What `import` would find in a folder: Python files, and folders with Python files.
fn modules_in(folder: &Path) -> Vec<String> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let module = |entry: fs::DirEntry| {
        let path = entry.path();
        if path.is_dir() {
            let mut inside = Vec::new();
            python_files(&path, false, &mut inside);
            return (!inside.is_empty()).then(|| entry.file_name().to_string_lossy().into_owned());
        }
        let name = path.file_name()?.to_str()?.strip_suffix(".py")?;
        Some(name.to_owned())
    };
    fs::read_dir(here).into_iter().flatten().flatten().filter_map(module).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &Path, root: &Path) -> Vec<String> {
        let sources = Sources::read(path).unwrap();
        let below = |file: &SourceFile| file.path.strip_prefix(root).unwrap().display().to_string();
        sources.all().map(below).collect()
    }

    #[test]
    fn a_project_is_searched_whole_and_a_lone_file_s_folder_only() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in [
            "a.py",
            "more/b.py",
            ".hidden/c.py",
            ".golem-outbound/d.py",
            "more/__pycache__/e.py",
            "env/lib/f.py",
            "g.txt",
            ".h.py",
        ] {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), "").unwrap();
        }
        fs::write(root.join("env/pyvenv.cfg"), "").unwrap();
        fs::write(root.join("broken.py"), b"\xff").unwrap();
        fs::write(root.join(CLUSTER_FILE), "a: 1").unwrap();
        std::os::unix::fs::symlink(root, root.join("more/loop")).unwrap();
        assert_eq!(names(&root.join(CLUSTER_FILE), root), [CLUSTER_FILE, "a.py"]);
        fs::write(root.join(PROJECT_FILE), "project: x").unwrap();
        assert_eq!(names(root, root), [CLUSTER_FILE, "a.py", "more/b.py"]);
    }

    #[test]
    fn a_byte_order_mark_is_set_aside_and_put_back() {
        let file = SourceFile::new("a".into(), "\u{feff}a: 1\r\n".into());
        assert_eq!((file.text.as_str(), file.content().as_str()), ("a: 1\r\n", "\u{feff}a: 1\r\n"));
    }
}
