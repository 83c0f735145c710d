//! From answers to files, by the library behind `cargo generate`.
//!
//! May import the rest of the room and `error`. Invariant: the target appears by one rename, after everything else went well; whatever
//! was made until then goes with its temporary folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cargo_generate::{GenerateArgs, TemplatePath, Vcs};
use nix::unistd::{dup, dup2_stderr};

use super::answers::Answers;
use super::name::{check_target, parent_of};
use super::project::Project;
use super::template;
use super::workshop::Workshop;
use crate::error::{Error, ErrorKind, Result};

/// Makes a new project at `target`, whose last component is the project's name.
///
/// # Errors
/// As [`check_target`], and if a file cannot be written; nothing is left behind.
pub fn new_project(target: &Path, answers: &Answers) -> Result<Project> {
    let name = check_target(target)?;
    let workshop = Workshop::open_in(parent_of(target))?;
    let made = generate_in(workshop.folder.path(), name, answers)?;
    fs::rename(&made, target).map_err(|cause| Error::io("create", target, cause))?;
    Project::load(target)
}

/// The files that a project of this name and these answers would consist of: path and content, sorted by path. Nothing stays on
/// disk.
pub fn preview(name: &str, answers: &Answers) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let workshop = tempfile::tempdir().map_err(|cause| Error::io("create", std::env::temp_dir(), cause))?;
    let made = generate_in(workshop.path(), name, answers)?;
    let mut files = Vec::new();
    read_tree(&made, &made, &mut files)?;
    files.sort();
    Ok(files)
}

fn read_tree(folder: &Path, root: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|cause| Error::io("read", folder, cause))? {
        let path = entry.map_err(|cause| Error::io("read", folder, cause))?.path();
        if path.is_dir() {
            read_tree(&path, root, files)?;
        } else {
            let content = fs::read(&path).map_err(|cause| Error::io("read", &path, cause))?;
            files.push((path.strip_prefix(root).unwrap_or(&path).to_owned(), content));
        }
    }
    Ok(())
}

/// Unpacks the template into the workshop and fills it there; returns the project's folder.
fn generate_in(workshop: &Path, name: &str, answers: &Answers) -> Result<PathBuf> {
    let (source, out) = (workshop.join("template"), workshop.join("out"));
    for folder in [&source, &out] {
        fs::create_dir(folder).map_err(|cause| Error::io("create", folder, cause))?;
    }
    // An empty configuration, so that values and defaults in the user's own one do not reach in.
    let config = workshop.join("cargo-generate-config.toml");
    fs::write(&config, "").map_err(|cause| Error::io("write", &config, cause))?;
    template::unpack(&source)?;
    let arguments = GenerateArgs {
        template_path: TemplatePath { path: Some(source.display().to_string()), ..TemplatePath::default() },
        name: Some(name.to_owned()),
        force: true,
        silent: true,
        quiet: true,
        config: Some(config),
        vcs: Some(Vcs::None),
        define: answers.iter().map(|(name, value)| format!("{name}={value}")).collect(),
        destination: Some(out),
        no_workspace: true,
        no_fmt: true,
        ..GenerateArgs::default()
    };
    quietly(|| cargo_generate::generate(arguments))?
        .map_err(|cause| Error::new(ErrorKind::Internal, format!("failed to fill the template: {cause:#}")))
}

/// Runs cargo-generate without a word of it: it writes to stderr however quiet it is told to be. It also wants to know its user, and
/// fails in containers that set none.
fn quietly<T>(work: impl FnOnce() -> T) -> Result<T> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    const NAMES: [&str; 6] =
        ["CARGO_NAME", "GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "USER", "USERNAME", "NAME"];
    if NAMES.iter().all(|name| std::env::var(name).is_err()) {
        // SAFETY: projects are made before the program starts any other thread; tests that do so in threads read the
        // environment through std alone, which locks it.
        unsafe { std::env::set_var("USER", "nobody") };
    }
    let _silence = Silence::begin()?;
    Ok(work())
}

/// Standard error leads nowhere as long as this lives.
struct Silence(std::os::fd::OwnedFd);

impl Silence {
    fn begin() -> Result<Self> {
        let failed = |cause: nix::Error| Error::io("redirect", "/dev/stderr", cause.into());
        let saved = dup(std::io::stderr()).map_err(failed)?;
        let nowhere = File::options()
            .write(true)
            .open("/dev/null")
            .map_err(|cause| Error::io("open", "/dev/null", cause))?;
        dup2_stderr(nowhere).map_err(failed)?;
        Ok(Self(saved))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // Both descriptors are open, so this cannot fail but for a signal, and then nobody could be told.
        let _ = dup2_stderr(&self.0);
    }
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
