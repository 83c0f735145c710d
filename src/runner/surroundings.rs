//! What the steps of a project depend on, read from its folder.
//!
//! May import `error`, `exec`, `tutorial`. Invariant: nothing is run and nothing is written; what cannot be read counts as not there.

use std::path::Path;

use crate::exec::marker::{self, State, VENV};
use crate::tutorial::Tutorial;
use crate::tutorial::progress::{Inputs, Surroundings, fingerprint};

/// What a step depends on if it does not say: these, and every Python file at the top of the project.
const ALWAYS: [&str; 2] = ["golem-cluster.yaml", "requirements.lock"];

/// How deep a folder is looked through that a step names.
const DEEPEST: usize = 8;

/// Reads what there is now. What the localnet is made of is known to whoever makes it; none if nobody has looked.
pub fn surroundings(project: &Path, tutorial: &Tutorial, localnet: Option<&Inputs>) -> Surroundings {
    let mut now = Surroundings {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        environment: environment(project),
        localnet: localnet.cloned(),
        ..Surroundings::default()
    };
    for name in ALWAYS {
        add(project, name, &mut now, 0);
    }
    let mut endings = vec![".py"];
    for input in tutorial.steps().iter().flat_map(|step| step.inputs.iter().flatten()) {
        match input.strip_prefix('*') {
            Some(end) => endings.push(end),
            // The environment is known by its marker; its content is a gigabyte.
            None if input == VENV => {}
            None => add(project, input, &mut now, 0),
        }
    }
    for entry in std::fs::read_dir(project).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if endings.iter().any(|end| name.ends_with(end)) && entry.path().is_file() {
            add(project, &name, &mut now, 0);
        }
    }
    now
}

/// Enters a file, or every file of a folder.
fn add(project: &Path, name: &str, now: &mut Surroundings, depth: usize) {
    let path = project.join(name);
    if path.is_dir() && depth < DEEPEST {
        for entry in std::fs::read_dir(&path).into_iter().flatten().flatten() {
            add(project, &format!("{name}/{}", entry.file_name().to_string_lossy()), now, depth + 1);
        }
    } else if let Ok(content) = std::fs::read(&path) {
        now.files.insert(name.to_owned(), fingerprint(content));
    }
}

/// What the Python environment was made from; `none` without one.
pub fn environment(project: &Path) -> String {
    let lock = fingerprint(std::fs::read(project.join("requirements.lock")).unwrap_or_default());
    match marker::examine(project, &lock, None) {
        State::Current(marker) => fingerprint(format!("{marker:?}")),
        // Made by the reader: Python's own note about it, and the lock that it was compared with.
        State::Foreign => {
            let note = std::fs::read(project.join(VENV).join("pyvenv.cfg")).unwrap_or_default();
            format!("{}{lock}", fingerprint(note))
        }
        State::Wanted(_) => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tutorial::Values;

    fn tutorial(inputs: &str) -> Tutorial {
        let front = format!(
            "---\nid: a\ntitle: T\nrun:\n  - [x]\ninputs: [{inputs}]\nchecks:\n  - exit_code: 0\n---\n"
        );
        Tutorial::load(&[("tutorial/01-a.md".into(), front)], &Values::new()).unwrap()
    }

    #[test]
    fn files_are_known_by_their_content_and_an_environment_by_its_marker() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::create_dir_all(path.join("data/more")).unwrap();
        std::fs::create_dir_all(path.join("venv/lib")).unwrap();
        for name in ["golem-cluster.yaml", "a.py", "b.txt", "c.csv", "data/more/d.bin", "venv/lib/e.py"] {
            std::fs::write(path.join(name), name).unwrap();
        }
        let now = surroundings(path, &tutorial("'*.csv', data, venv, not-there"), None);
        let names: Vec<&String> = now.files.keys().collect();
        assert_eq!(names, ["a.py", "c.csv", "data/more/d.bin", "golem-cluster.yaml"]);
        assert_eq!(now.files["a.py"], fingerprint("a.py"));
        let foreign = now.environment;
        std::fs::write(path.join("venv/pyvenv.cfg"), "version = 3.11").unwrap();
        let changed = surroundings(path, &tutorial(""), None).environment;
        assert_ne!(foreign, changed);
        std::fs::remove_dir_all(path.join("venv")).unwrap();
        assert_eq!(surroundings(path, &tutorial(""), None).environment, "none");
    }
}
