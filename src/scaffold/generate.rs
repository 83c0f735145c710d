//! From answers to files.
//!
//! May import the rest of the room, `error` and `ownership`. Invariant: the target appears by one rename, after everything else went well; whatever
//! was made until then goes with its temporary folder.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::answers::Answers;
use super::filling::Filling;
use super::name::{check_target, parent_of};
use super::project::{ANSWERS_FILE, Project};
use super::template::TemplateFile;
use super::workshop::Workshop;
use crate::error::{Error, Result};
use crate::ownership::Runnable;

/// Fewer files are written sooner than another thread is started.
const FILES_PER_THREAD: usize = 32;
/// More threads wait for the disk.
const MOST_THREADS: usize = 8;

/// Makes a new project at `target`, whose last component is the project's name.
///
/// # Errors
/// As [`check_target`], if the template cannot be filled or makes no project, and if a file cannot be written; nothing is
/// left behind.
pub fn new_project(target: &Path, answers: &Answers) -> Result<Project> {
    let name = check_target(target)?;
    let workshop = Workshop::open_in(parent_of(target))?;
    let filling = Filling::new(name, answers)?;
    let files = filling.files()?;
    if !files.iter().any(|(path, _)| path == Path::new(ANSWERS_FILE)) {
        let message = format!("the template makes no project: it has no `{ANSWERS_FILE}`");
        return Err(Error::usage(message).hint(
            "put one there, with the lines `format: 1`, `project: \"{{ project-name }}\"` and `answers: {}`",
        ));
    }
    let made = workshop.folder.path().join(name);
    write(&made, &files, &filling)?;
    fs::rename(&made, target).map_err(|cause| Error::io("create", target, cause))?;
    Ok(Project::made(target, name, answers))
}

/// The files that a project of this name and these answers would consist of: path and content, sorted by path. Nothing
/// comes on the disk.
///
/// # Errors
/// The template cannot be filled.
pub fn preview(name: &str, answers: &Answers) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let filling = Filling::new(name, answers)?;
    let filled = |(path, file): (PathBuf, &TemplateFile)| Ok((path, filling.content(file)?.into_owned()));
    filling.files()?.into_iter().map(filled).collect()
}

/// Writes all files into a new folder, by several threads if there are many.
fn write(folder: &Path, files: &[(PathBuf, &TemplateFile)], filling: &Filling<'_>) -> Result<()> {
    let parents: BTreeSet<PathBuf> =
        files.iter().filter_map(|(path, _)| Some(folder.join(path.parent()?))).collect();
    for parent in &parents {
        fs::create_dir_all(parent).map_err(|cause| Error::io("create folder", parent, cause))?;
    }
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((path, file)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = write_one(&folder.join(path), file, filling) {
                next.store(files.len(), Ordering::Relaxed);
                return Err(error);
            }
        }
        Ok(())
    };
    let useful = (files.len() / FILES_PER_THREAD).min(MOST_THREADS);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(useful);
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let ours = work();
        let ended = others.into_iter().map(|other| {
            other.join().unwrap_or_else(|_| Err(Error::internal("a thread that wrote files has panicked")))
        });
        ended.fold(ours, Result::and)
    })
}

fn write_one(path: &Path, file: &TemplateFile, filling: &Filling<'_>) -> Result<()> {
    let content = filling.content(file)?;
    let create = || {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).runnable(file.is_executable).open(path)?.write_all(&content)
    };
    create().map_err(|cause| Error::io("write", path, cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(files: &'a [(PathBuf, Vec<u8>)], name: &str) -> &'a str {
        let (_, content) = files.iter().find(|(path, _)| path == Path::new(name)).expect(name);
        std::str::from_utf8(content).unwrap()
    }

    fn outbound_urls(definitions: &[&str]) -> Vec<String> {
        let mut answers = Answers::default();
        for definition in definitions {
            answers.define(definition).unwrap();
        }
        let files = preview("x", &answers).unwrap();
        let yaml: serde_yaml::Value = serde_yaml::from_str(text(&files, "golem-cluster.yaml")).unwrap();
        let urls = &yaml["provider"]["parameters"]["node_config"]["demand"]["outbound_urls"];
        urls.as_sequence().unwrap().iter().map(|url| url.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn outbound_urls_are_exactly_the_hosts_in_use() {
        assert_eq!(outbound_urls(&[]), ["https://ipfs.io", "https://dl.dropboxusercontent.com"]);
        assert_eq!(outbound_urls(&["dropbox=none"]), ["https://ipfs.io"]);
        assert_eq!(
            outbound_urls(&["dropbox=none", "pip_packages=numpy"]),
            ["https://ipfs.io", "https://pypi.dev.golem.network"]
        );
        assert_eq!(
            outbound_urls(&[
                "download_urls=https://a.io/x?y=/z https://b.io:8443/#sha256=\
                 0000000000000000000000000000000000000000000000000000000000000000 https://a.io",
                "dropbox=none",
                "extra_outbound_urls=wss://c.io/s https://a.io/other",
            ]),
            ["https://a.io", "https://b.io:8443", "wss://c.io"]
        );
    }

    #[test]
    fn a_share_link_of_dropbox_becomes_a_direct_one() {
        let of = |link: &str| {
            let mut answers = Answers::default();
            answers.set("dropbox", link).unwrap();
            let files = preview("x", &answers).unwrap();
            let script = text(&files, "simple-outbound.py");
            crate::content::downloads::Downloads::find(script).unwrap().urls().last().unwrap().clone()
        };
        let direct = "https://dl.dropboxusercontent.com";
        assert_eq!(of("https://www.dropbox.com/s/a/b.txt?dl=0"), format!("{direct}/s/a/b.txt"));
        assert_eq!(
            of("https://www.dropbox.com/scl/fi/a/b.txt?rlkey=k&st=s&dl=0"),
            format!("{direct}/scl/fi/a/b.txt?rlkey=k&st=s")
        );
        assert_eq!(
            of("https://dl.dropbox.com/scl/fi/a/b?dl=1&rlkey=k"),
            format!("{direct}/scl/fi/a/b?rlkey=k")
        );
    }

    #[test]
    fn the_default_script_asks_for_the_mirrors_content() {
        let files = preview("x", &Answers::default()).unwrap();
        let script = text(&files, "simple-outbound.py");
        assert!(script.lines().count() <= 90, "{} lines", script.lines().count());
        let downloads = crate::content::downloads::Downloads::find(script).unwrap().urls().to_vec();
        assert_eq!(downloads.len(), 13);
        for download in downloads {
            let url = url::Url::parse(&download).unwrap();
            let path =
                format!("{}{}", url.path(), url.query().map(|query| format!("?{query}")).unwrap_or_default());
            let served = crate::content::mirror::lookup(url.host_str().unwrap(), &path).expect(&download);
            if let crate::content::source::Expected::Sha256(pin) = crate::content::source::expected(&url) {
                use sha2::Digest;
                let hash: String =
                    sha2::Sha256::digest(served.body).iter().map(|b| format!("{b:02x}")).collect();
                assert_eq!(pin, hash);
            }
        }
    }

    #[test]
    fn a_failed_generation_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x");
        std::fs::create_dir(&target).unwrap();
        assert!(new_project(&target, &Answers::default()).is_err());
        assert!(new_project(&folder.path().join("a b"), &Answers::default()).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read_dir(&target).unwrap().count(), 0);
    }

    #[test]
    fn a_project_knows_its_answers() {
        let folder = tempfile::tempdir().unwrap();
        let mut answers = Answers::default();
        answers.set("workers", "2").unwrap();
        let made = new_project(&folder.path().join("x"), &answers).unwrap();
        assert_eq!((made.name(), made.answers()), ("x", &answers));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
