//! A tutorial project on disk: how it is recognised, and what its tutorial is filled with.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cluster::ClusterConfig;
use crate::content::downloads::Downloads;
use crate::content::mirror;
use crate::diagnostic::{Diagnostic, as_error};
use crate::error::{Error, Result};
use crate::tutorial::{Tutorial, Value, Values};

/// The file that makes a folder a project.
pub const PROJECT_FILE: &str = "golem-outbound.yaml";
const CLUSTER_FILE: &str = "golem-cluster.yaml";
const SCRIPT: &str = "simple-outbound.py";
const TUTORIAL: &str = "tutorial";

/// A host that no default whitelist has, for the step that shows a refusal.
const BLOCKED_URL: &str = "https://example.com/";

/// A project.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// Its folder, absolute, without symbolic links.
    pub folder: PathBuf,
    /// Its name, as it was made; moving the folder does not change it.
    pub name: String,
    /// Its cluster file.
    pub cluster: ClusterConfig,
    /// The text of its cluster file.
    pub cluster_file: String,
    /// URLs that the script downloads, in its order, with the hashes that pin them.
    pub urls: Vec<String>,
    /// Where its step files are.
    pub steps: Steps,
    /// Whether there is a cluster file; without one, what `cluster` says is nobody's.
    pub has_cluster: bool,
}

/// The folder of a tutorial's step files.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    /// Absolute, without symbolic links.
    pub folder: PathBuf,
    /// As people call it: `tutorial`, or as it was given.
    pub name: String,
    /// Whether it is not the project's own. Then only files whose names begin with a digit are steps.
    pub is_guest: bool,
}

/// What a walk needs of the file that makes a folder a project.
#[derive(Deserialize)]
struct Made {
    project: String,
}

impl Project {
    /// Reads the project in this folder.
    ///
    /// # Errors
    /// The folder is not a project, one of its files cannot be read, the cluster file has an error, or the script has
    /// nothing to download.
    pub fn load(folder: &Path) -> Result<Self> {
        let folder = dunce::canonicalize(folder).map_err(|error| Error::io("open", folder, error))?;
        for file in [PROJECT_FILE, CLUSTER_FILE] {
            if !folder.join(file).is_file() {
                return Err(Error::usage(format!(
                    "`{}` is not a tutorial project: it has no `{file}`",
                    folder.display()
                ))
                .hint("go to your project: `cd my-project`")
                .hint("or make one: `golem-outbound new my-project`"));
            }
        }
        let made: Made = serde_yaml::from_str(&read(&folder.join(PROJECT_FILE))?).map_err(|error| {
            Error::usage(format!("failed to read the project's name from `{PROJECT_FILE}`: {error}"))
                .hint(format!("write a line such as `project: my-project` in {PROJECT_FILE}"))
        })?;
        let cluster_file = read(&folder.join(CLUSTER_FILE))?;
        let cluster = cluster(&cluster_file)?;
        let urls = downloads(&read(&folder.join(SCRIPT))?)?;
        let steps = Steps { folder: folder.join(TUTORIAL), name: TUTORIAL.into(), is_guest: false };
        Ok(Self { folder, name: made.project, cluster, cluster_file, urls, steps, has_cluster: true })
    }

    /// The project at `here`, with its own tutorial or with another one.
    ///
    /// # Errors
    /// As [`Project::load`] and [`Project::with_tutorial`].
    pub fn open(here: &Path, tutorial: Option<&Path>) -> Result<Self> {
        tutorial.map_or_else(|| Self::load(here), |given| Self::with_tutorial(here, given))
    }

    /// A tutorial that may be somebody else's. A project keeps its own values and commands; other step files are walked in
    /// the project at `here` if there is one, else in their own folder, with what a cluster file and a script there say.
    ///
    /// # Errors
    /// As [`Project::load`], and a folder that cannot be read.
    pub fn with_tutorial(here: &Path, given: &Path) -> Result<Self> {
        if given.join(PROJECT_FILE).is_file() {
            return Self::load(given);
        }
        let folder = dunce::canonicalize(given).map_err(|error| Error::io("open", given, error))?;
        let inner = folder.join(TUTORIAL);
        let is_inner = names_of_steps(&folder, true)?.is_empty() && inner.is_dir();
        let (steps_in, name) =
            if is_inner { (inner, given.join(TUTORIAL)) } else { (folder.clone(), given.to_owned()) };
        let steps = Steps { folder: steps_in, name: name.display().to_string(), is_guest: true };
        if here.join(PROJECT_FILE).is_file() {
            return Ok(Self { steps, ..Self::load(here)? });
        }
        Self::without_project(folder, steps)
    }

    /// A folder with step files, and whatever of a project it has.
    fn without_project(folder: PathBuf, steps: Steps) -> Result<Self> {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let script = folder.join(SCRIPT);
        let has_cluster = folder.join(CLUSTER_FILE).is_file();
        let cluster_file = if has_cluster { read(&folder.join(CLUSTER_FILE))? } else { String::new() };
        let cluster = if has_cluster {
            cluster(&cluster_file)?
        } else {
            let (nobodys, _) = ClusterConfig::parse("cluster_name: none\n");
            nobodys.ok_or_else(|| Error::internal("failed to do without a cluster file: no view"))?
        };
        let urls = if script.is_file() { downloads(&read(&script)?)? } else { Vec::new() };
        Ok(Self { folder, name, cluster, cluster_file, urls, steps, has_cluster })
    }

    /// The folder of the step files if another tutorial than the project's own is walked in it; a folder without a project
    /// has no other.
    pub fn guest(&self) -> Option<&Path> {
        let is_guest = self.steps.is_guest && self.folder.join(PROJECT_FILE).is_file();
        is_guest.then_some(self.steps.folder.as_path())
    }

    /// The sentence that the downloads make, if they are the tutorial's; otherwise nothing is known of their text.
    fn final_sentence(&self) -> String {
        let cids = self.urls.iter().filter_map(|url| url.split('#').next()?.split_once("/ipfs/"));
        let blocks = mirror::blocks();
        if cids.map(|(_, cid)| cid).eq(blocks.iter().map(|block| block.cid.as_str())) {
            blocks.iter().map(|block| block.text.as_str()).collect()
        } else {
            String::new()
        }
    }

    /// The placeholders of the project's tutorial.
    pub fn values(&self, network: &str) -> Values {
        let declared: Vec<String> = self
            .cluster
            .outbound_urls
            .iter()
            .map(|url| url.as_str().trim_end_matches('/').to_owned())
            .collect();
        let mut values = Values::from([
            ("project".to_owned(), Value::from(self.name.clone())),
            ("network".into(), network.into()),
            ("tutorial".into(), self.steps.folder.display().to_string().into()),
            ("blocked_url".into(), BLOCKED_URL.into()),
        ]);
        if let Some(first) = self.urls.first() {
            values.insert("first_url".into(), first.clone().into());
            values.insert("urls".into(), self.urls.clone().into());
            values.insert("final_sentence".into(), self.final_sentence().into());
        }
        if !self.has_cluster {
            return values;
        }
        let outbound = if declared.is_empty() { self.urls.clone() } else { declared };
        let workers = self.cluster.min_workers;
        values.extend([
            ("cluster_name".to_owned(), Value::from(self.cluster.cluster_name.clone())),
            ("payment_network".into(), self.cluster.payment_network.clone().into()),
            ("image_tag".into(), self.cluster.image_tag.clone().unwrap_or_default().into()),
            ("outbound_urls".into(), outbound.into()),
            ("workers".into(), workers.to_string().into()),
            ("nodes".into(), (workers + 1).to_string().into()),
        ]);
        values
    }

    /// The step files: what people call them, and their texts.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn step_files(&self) -> Result<Vec<(String, String)>> {
        let names = names_of_steps(&self.steps.folder, self.steps.is_guest)?;
        let file = |name: String| {
            let text = read(&self.steps.folder.join(&name))?;
            Ok((Path::new(&self.steps.name).join(name).display().to_string(), text))
        };
        names.into_iter().map(file).collect()
    }

    /// Where a step file is, by what people call it.
    pub fn step_file(&self, name: &str) -> PathBuf {
        self.steps.folder.join(Path::new(name).file_name().unwrap_or_default())
    }

    /// Reads the step files.
    ///
    /// # Errors
    /// All findings of all files, rendered with their places.
    pub fn tutorial(&self, network: &str) -> Result<Tutorial> {
        let files = self.step_files()?;
        Tutorial::load(&files, &self.values(network)).map_err(|findings| as_usage(&files, &findings))
    }
}

/// The names of the Markdown files in a folder; of a guest only those that begin with a digit, because others, such as a
/// README, may be there as well.
fn names_of_steps(folder: &Path, is_guest: bool) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder).map_err(|error| Error::io("read", folder, error))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Error::io("read", folder, error))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_step = !is_guest || name.starts_with(|c: char| c.is_ascii_digit());
        if is_step && path.extension().is_some_and(|extension| extension == "md") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn as_usage(files: &[(String, String)], findings: &[(String, Diagnostic)]) -> Error {
    let text: Vec<String> = findings
        .iter()
        .map(|(name, finding)| {
            let source = files.iter().find(|(file, _)| file == name).map_or("", |(_, text)| text);
            finding.render(name, source)
        })
        .collect();
    Error::usage(format!("the tutorial cannot be used\n{}", text.join("\n").trim_end()))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| Error::io("read", path, error))
}

/// The cluster file, unless ray-on-golem would refuse it; what only surprises is for the step that checks the file.
fn cluster(text: &str) -> Result<ClusterConfig> {
    let (config, findings) = ClusterConfig::parse(text);
    if let Some(error) = as_error(CLUSTER_FILE, text, &findings) {
        return Err(error.hint("mend it, then look again: `golem-outbound check`"));
    }
    config.ok_or_else(|| Error::internal(format!("failed to read `{CLUSTER_FILE}`: no view and no finding")))
}

/// What the script downloads when it is given no URLs.
fn downloads(script: &str) -> Result<Vec<String>> {
    let list = Downloads::find(script).map_err(|finding| {
        let nothing = Error::usage(format!("`{SCRIPT}` has nothing to download"));
        as_error(SCRIPT, script, &[*finding]).unwrap_or(nothing)
    })?;
    if list.urls().is_empty() {
        return Err(Error::usage(format!(
            "`{SCRIPT}` has nothing to download: its list `DOWNLOADS` is empty"
        ))
        .hint("enter a file of your own: `golem-outbound add URL`"));
    }
    Ok(list.urls().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/docs-outbound");

    fn folder(downloads: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let example = Path::new(EXAMPLE);
        for file in [PROJECT_FILE, CLUSTER_FILE, SCRIPT] {
            std::fs::copy(example.join(file), folder.path().join(file)).unwrap();
        }
        if !downloads.is_empty() {
            let script = format!("X = 1\nDOWNLOADS = [\n{downloads}]\n");
            std::fs::write(folder.path().join(SCRIPT), script).unwrap();
        }
        folder
    }

    fn change(folder: &tempfile::TempDir, file: &str, from: &str, to: &str) {
        let path = folder.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    #[test]
    fn a_project_is_read() {
        let folder = folder("");
        let project = Project::load(folder.path()).unwrap();
        assert_eq!(project.name, "docs-outbound");
        assert_eq!(project.cluster.cluster_name, "golem-cluster");
        assert_eq!(project.urls.len(), 12);
        let values = project.values("localnet");
        assert_eq!(values["nodes"], Value::Text("2".into()));
        assert_eq!(values["outbound_urls"], Value::List(vec!["https://ipfs.io".into()]));
    }

    #[test]
    fn only_the_tutorial_s_blocks_promise_its_sentence() {
        let sentence = |downloads: &str| {
            let folder = folder(downloads);
            Project::load(folder.path()).unwrap().values("local")["final_sentence"].clone()
        };
        assert_eq!(sentence(""), Value::Text("Ray on Golem rocks!".into()));
        let all =
            || mirror::blocks().iter().map(|block| format!("\"https://ipfs.io/ipfs/{}\",\n", block.cid));
        assert_eq!(sentence(&all().skip(1).collect::<String>()), Value::Text(String::new()));
        assert_eq!(
            sentence(&all().collect::<Vec<_>>().into_iter().rev().collect::<String>()),
            Value::Text(String::new())
        );
        let with_a_file = all().collect::<String>() + "\"https://github.com/a#sha256=00\",\n";
        assert_eq!(sentence(&with_a_file), Value::Text("Ray on Golem rocks!".into()));
    }

    #[test]
    fn a_script_without_downloads_is_refused() {
        let folder = folder("    # \"https://ipfs.io/\",\n");
        let error = Project::load(folder.path()).unwrap_err();
        assert!(error.message().contains("has nothing to download"), "{error}");
    }

    #[test]
    fn any_other_folder_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = Project::load(folder.path()).unwrap_err();
        assert!(error.message().ends_with("is not a tutorial project: it has no `golem-outbound.yaml`"));
        assert_eq!(error.hints().len(), 2);
        assert_eq!(error.kind().exit_code(), 2);
    }

    #[test]
    fn a_broken_cluster_file_is_shown_at_its_place() {
        for (from, to, code) in [
            ("cluster_name: \"golem-cluster\"", "cluster_name: [", ""),
            ("- \"https://ipfs.io\"", "- \"ipfs.io\"", "outbound-url-without-scheme"),
            (
                "outbound_urls:\n          - \"https://ipfs.io\"",
                "outbound_urls: \"https://ipfs.io\"",
                "outbound-urls-not-a-list",
            ),
        ] {
            let folder = folder("");
            change(&folder, CLUSTER_FILE, from, to);
            let error = Project::load(folder.path()).unwrap_err();
            assert!(error.message().contains("--> golem-cluster.yaml:"), "{error}");
            assert!(error.message().contains(code) && error.message().contains('^'), "{error}");
            assert_eq!(error.kind().exit_code(), 2);
        }
    }

    #[test]
    fn findings_of_the_tutorial_name_file_and_line() {
        let folder = folder("");
        std::fs::create_dir(folder.path().join("tutorial")).unwrap();
        let empty = Project::load(folder.path()).unwrap().tutorial("localnet").unwrap_err();
        assert!(empty.message().contains("there is no step file"), "{empty}");
        let text = "---\nid: a\ntitle: T\nrun:\n  - [x]\nchekcs: []\n---\n";
        std::fs::write(folder.path().join("tutorial/01-a.md"), text).unwrap();
        let error = Project::load(folder.path()).unwrap().tutorial("localnet").unwrap_err();
        assert!(error.message().contains("--> tutorial/01-a.md:6:1"), "{error}");
        assert!(error.message().contains("did you mean `checks`?"), "{error}");
    }
}
