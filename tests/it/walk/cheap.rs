//! A project whose steps take no time: each writes its name to `ran.txt`, and holds on where the test says so.

use std::fs;
use std::path::PathBuf;

use super::project::Place;
use super::running::Running;

/// Enough of an environment for a walk that never uses it.
const FAKE_ENVIRONMENT: &str = "venv/bin/ray";

/// Its commands are nobody's template, so somebody has to agree to them.
pub const WALK: [&str; 4] = ["run", "--network", "local", "--trust"];

pub struct Cheap {
    pub place: Place,
    pub project: PathBuf,
}

impl Cheap {
    /// `(id, other keys)` of each step, in order.
    pub fn new(steps: &[(&str, &str)]) -> Self {
        let place = Place::new();
        let project = place.copy_example();
        fs::remove_dir_all(project.join("tutorial")).unwrap();
        fs::create_dir_all(project.join("tutorial")).unwrap();
        fs::create_dir_all(project.join("venv/bin")).unwrap();
        fs::write(project.join(FAKE_ENVIRONMENT), "").unwrap();
        let cheap = Self { place, project };
        for (index, (id, keys)) in steps.iter().enumerate() {
            cheap.write_step(index, id, keys, "What this step is about.");
        }
        cheap
    }

    /// A step holds on while the file `hold` has its name in it, and fails while there is a file `ID-is-broken`.
    pub fn write_step(&self, index: usize, id: &str, keys: &str, prose: &str) {
        let command = format!(
            "echo {id} >> ran.txt; echo {id} \"runs\"; while grep -qs {id} hold; do sleep 0.02; done; test ! -e {id}-is-broken"
        );
        let front = format!(
            "id: {id}\ntitle: The step {id}\nrun:\n  - [sh, -c, '{command}']\n{keys}checks:\n  - exit_code: 0\n"
        );
        let file = format!("tutorial/{index:02}-{id}.md");
        self.write(&file, &format!("---\n{front}---\n\n{prose}\n"));
    }

    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.project.join(file), text).unwrap();
    }

    pub fn remove(&self, file: &str) {
        fs::remove_file(self.project.join(file)).unwrap();
    }

    /// What has run since this was asked last.
    pub fn ran(&self) -> Vec<String> {
        let text = fs::read_to_string(self.project.join("ran.txt")).unwrap_or_default();
        self.write("ran.txt", "");
        text.lines().map(ToOwned::to_owned).collect()
    }

    /// A walk on this machine alone.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let all: Vec<&str> = WALK.iter().chain(arguments).copied().collect();
        self.place.start(&all, &self.project)
    }

    /// The same at a terminal.
    pub fn start_on_terminal(&self, arguments: &[&str], columns: u16) -> Running {
        let all: Vec<&str> = WALK.iter().chain(arguments).copied().collect();
        self.place.start_on_terminal(&all, &self.project, columns)
    }

    /// Another command of ours in the project: its exit code, standard output, standard error.
    pub fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.place.command(arguments, &self.project).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    /// Each step with its standing and why, as `status` tells programs.
    pub fn standings(&self) -> Vec<String> {
        let (code, stdout, _) = self.run(&["status", "--network", "local", "--format", "json"]);
        assert_eq!(code, Some(0));
        let status: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        let line = |step: &serde_json::Value| {
            let word = |key: &str| step[key].as_str().unwrap_or_default().to_owned();
            format!("{}: {} {}", word("id"), word("standing"), word("why")).trim_end().to_owned()
        };
        status["steps"].as_array().unwrap().iter().map(line).collect()
    }
}
