//! A tutorial project on disk: how it is recognised, and what its tutorial is filled with.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::diagnostic::{Diagnostic, as_error};
use crate::error::{Error, Result};
use crate::tutorial::{Tutorial, Value, Values};

/// The file that makes a folder a project.
pub const PROJECT_FILE: &str = "golem-outbound.yaml";
const CLUSTER_FILE: &str = "golem-cluster.yaml";
const SCRIPT: &str = "simple-outbound.py";

/// A host that no default whitelist has, for the step that shows a refusal.
const BLOCKED_URL: &str = "https://example.com/";

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its folder, absolute, without symbolic links.
    pub folder: PathBuf,
    /// Its name.
    pub name: String,
    /// `cluster_name` of the yaml.
    pub cluster_name: String,
    /// `payment_network` of the yaml; empty if it is not there.
    pub payment_network: String,
    /// `image_tag` of the first node type that has one.
    pub image_tag: String,
    /// `outbound_urls` of the first node type that has them.
    pub outbound_urls: Vec<String>,
    /// Sum of the node types' `min_workers`.
    pub workers: u64,
    /// URLs that the script downloads, in its order.
    pub urls: Vec<String>,
}

impl Project {
    /// Reads the project in this folder.
    ///
    /// # Errors
    /// The folder is not a project, or one of its files cannot be read.
    pub fn load(folder: &Path) -> Result<Self> {
        let folder = folder.canonicalize().map_err(|error| Error::io("open", folder, error))?;
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
        let cluster = read(&folder.join(CLUSTER_FILE))?;
        let script = read(&folder.join(SCRIPT))?;
        let yaml: serde_yaml::Value = serde_yaml::from_str(&cluster).map_err(|error| {
            let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            let finding = Diagnostic::error("cluster-file-malformed", message).at(line, column, 1);
            as_error(CLUSTER_FILE, &cluster, &[finding])
                .unwrap_or_else(|| Error::internal("an error finding is an error"))
                .hint("`golem-outbound check` says more")
        })?;
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self::read_cluster(&yaml, folder, name, script_urls(&script)))
    }

    fn read_cluster(yaml: &serde_yaml::Value, folder: PathBuf, name: String, urls: Vec<String>) -> Self {
        let text = |value: Option<&serde_yaml::Value>| {
            value.and_then(serde_yaml::Value::as_str).unwrap_or_default().to_owned()
        };
        let parameters = yaml.get("provider").and_then(|provider| provider.get("parameters"));
        let types: Vec<&serde_yaml::Value> = yaml
            .get("available_node_types")
            .and_then(serde_yaml::Value::as_mapping)
            .map(|types| types.iter().map(|(_, value)| value).collect())
            .unwrap_or_default();
        // ray-on-golem merges `provider.parameters.node_config` under each node type's own.
        let demands: Vec<&serde_yaml::Value> = types
            .iter()
            .copied()
            .chain(parameters)
            .filter_map(|place| place.get("node_config")?.get("demand"))
            .collect();
        let demanded = |key: &str| demands.iter().find_map(|demand| demand.get(key));
        let outbound_urls = demanded("outbound_urls")
            .and_then(serde_yaml::Value::as_sequence)
            .map(|urls| urls.iter().filter_map(|url| Some(url.as_str()?.to_owned())).collect())
            .unwrap_or_default();
        let workers = types.iter().filter_map(|node_type| node_type.get("min_workers")?.as_u64()).sum();
        Self {
            folder,
            name,
            cluster_name: text(yaml.get("cluster_name")),
            payment_network: text(parameters.and_then(|parameters| parameters.get("payment_network"))),
            image_tag: text(demanded("image_tag")),
            outbound_urls,
            workers,
            urls,
        }
    }

    /// The placeholders of the project's tutorial.
    pub fn values(&self, network: &str) -> Values {
        let outbound: Vec<String> =
            if self.outbound_urls.is_empty() { self.urls.clone() } else { self.outbound_urls.clone() };
        let mut values = Values::from([
            ("project".to_owned(), Value::from(self.name.clone())),
            ("cluster_name".into(), self.cluster_name.clone().into()),
            ("network".into(), network.into()),
            ("payment_network".into(), self.payment_network.clone().into()),
            ("image_tag".into(), self.image_tag.clone().into()),
            ("outbound_urls".into(), outbound.into()),
            ("workers".into(), self.workers.to_string().into()),
            ("nodes".into(), (self.workers + 1).to_string().into()),
            ("urls".into(), self.urls.clone().into()),
            ("final_sentence".into(), "Ray on Golem rocks!".into()),
            ("blocked_url".into(), BLOCKED_URL.into()),
        ]);
        if let Some(first) = self.urls.first() {
            values.insert("first_url".into(), first.clone().into());
        }
        values
    }

    /// Reads `tutorial/*.md`.
    ///
    /// # Errors
    /// All findings of all files, rendered with their places.
    pub fn tutorial(&self, network: &str) -> Result<Tutorial> {
        let folder = self.folder.join("tutorial");
        let mut files = Vec::new();
        let entries = std::fs::read_dir(&folder).map_err(|error| Error::io("read", &folder, error))?;
        for entry in entries {
            let path = entry.map_err(|error| Error::io("read", &folder, error))?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let name =
                    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                files.push((format!("tutorial/{name}"), read(&path)?));
            }
        }
        Tutorial::load(&files, &self.values(network)).map_err(|findings| as_usage(&files, &findings))
    }
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

/// A URL as a string literal on a line that is not a comment. The script pins content behind a `#` and reports without.
static URL_LITERAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"["'](https?://[^"'\s#]+)(#[^"'\s]*)?["']"#).expect("the pattern is constant")
});

/// The URLs of the script's list, `URLS = [ … ]` or `DOWNLOADS = …` with one item a line.
fn script_urls(script: &str) -> Vec<String> {
    let mut urls = Vec::new();
    let mut inside = false;
    for line in script.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let is_start = ["URLS", "DOWNLOADS"].iter().any(|name| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.contains('=') && rest.trim_end().ends_with(['[', '{', '(']))
        });
        if is_start {
            inside = true;
        } else if inside && line.starts_with([']', '}', ')']) {
            inside = false;
        } else if inside && let Some(found) = URL_LITERAL.captures(line) {
            urls.push(found[1].to_owned());
        }
    }
    urls
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTER: &str = "cluster_name: c\nprovider:\n  parameters:\n    payment_network: holesky\n    node_config:\n      \
        demand:\n        image_tag: golem/x:1\n        outbound_urls: [\"https://ipfs.io\"]\navailable_node_types:\n  \
        ray.head.default:\n    min_workers: 0\n    node_config: {}\n  ray.worker.default:\n    min_workers: 2\n    node_config: {}\n";

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(PROJECT_FILE), "").unwrap();
        std::fs::write(folder.path().join(CLUSTER_FILE), CLUSTER).unwrap();
        let script = "DOC = \"https://docs\"\nURLS = [\n    \"https://ipfs.io/ipfs/a\",\n    # \"https://no\",\n    (\"https://b/\", \"12\"),\n]\nX = [\"https://c\"]\n";
        std::fs::write(folder.path().join(SCRIPT), script).unwrap();
        folder
    }

    #[test]
    fn a_project_is_read() {
        let folder = folder();
        let project = Project::load(folder.path()).unwrap();
        assert_eq!(project.cluster_name, "c");
        assert_eq!(project.payment_network, "holesky");
        assert_eq!(project.image_tag, "golem/x:1");
        assert_eq!(project.outbound_urls, ["https://ipfs.io"]);
        assert_eq!(project.workers, 2);
        assert_eq!(project.urls, ["https://ipfs.io/ipfs/a", "https://b/"]);
        assert_eq!(project.values("localnet")["nodes"], Value::Text("3".into()));
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
        let folder = folder();
        std::fs::write(folder.path().join(CLUSTER_FILE), "a: 1\nb: [1\nc: 2\n").unwrap();
        let error = Project::load(folder.path()).unwrap_err();
        assert!(error.message().contains("--> golem-cluster.yaml:3:"), "{error}");
    }

    #[test]
    fn findings_of_the_tutorial_name_file_and_line() {
        let folder = folder();
        std::fs::create_dir(folder.path().join("tutorial")).unwrap();
        let text = "---\nid: a\ntitle: T\nrun:\n  - [x]\nchekcs: []\n---\n";
        std::fs::write(folder.path().join("tutorial/01-a.md"), text).unwrap();
        let error = Project::load(folder.path()).unwrap().tutorial("localnet").unwrap_err();
        assert!(error.message().contains("--> tutorial/01-a.md:6:1"), "{error}");
        assert!(error.message().contains("did you mean `checks`?"), "{error}");
    }
}
