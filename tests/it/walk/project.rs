//! A place to walk in: a temporary folder with a home of its own, a user, and a project.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::running::Running;

const PROGRAM: &str = env!("CARGO_BIN_EXE_golem-outbound");
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/docs-outbound");

/// Where a test walks, and as whom.
pub struct Place {
    root: tempfile::TempDir,
    user: Option<u32>,
}

impl Place {
    /// For the user who runs the tests.
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("home")).unwrap();
        Self { root, user: None }
    }

    /// For an ordinary user without a name: another one if root runs the tests. The program lies in the place, because
    /// the build's folder may be closed to others.
    pub fn of_an_ordinary_user() -> Self {
        let mut place = Self::new();
        place.user = nix::unistd::geteuid().is_root().then_some(54321);
        let copied = Command::new("cp").arg(PROGRAM).arg(place.path("golem-outbound")).status().unwrap();
        assert!(copied.success());
        fs::set_permissions(place.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        place.give(&place.path(""));
        place
    }

    /// A path in the place, without symbolic links.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().canonicalize().unwrap().join(name)
    }

    /// A copy of the docs' example, named `project`.
    pub fn copy_example(&self) -> PathBuf {
        let project = self.path("project");
        let copied = Command::new("cp").args(["-r", EXAMPLE]).arg(&project).status().unwrap();
        assert!(copied.success());
        self.give(&self.path(""));
        project
    }

    /// The tests' shared Python environment in the project, as if the reader had made it by hand.
    pub fn lend_environment(&self, project: &Path) {
        symlink(crate::python_env::environment(), project.join("venv")).unwrap();
    }

    /// A command line of our program.
    pub fn command(&self, arguments: &[&str], folder: &Path) -> Command {
        let own = self.path("golem-outbound");
        let mut command = Command::new(if own.exists() { &own } else { Path::new(PROGRAM) });
        command.args(arguments).current_dir(folder).env("HOME", self.path("home")).env_remove("VIRTUAL_ENV");
        match self.user {
            // Nothing of root's is open to this user: no cache, no interpreter below root's home.
            Some(user) => {
                command.uid(user).gid(user).env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
                command.env_remove("UV_CACHE_DIR").env_remove("PIP_CACHE_DIR").env_remove("XDG_CACHE_HOME");
            }
            None => share_caches(&mut command),
        }
        command
    }

    /// Starts a walk, or anything else, whose lines are read.
    pub fn start(&self, arguments: &[&str], folder: &Path) -> Running {
        Running::start(self.command(arguments, folder), self.path("stderr"))
    }

    /// The same, at a terminal of its own with so many columns.
    pub fn start_on_terminal(&self, arguments: &[&str], folder: &Path, columns: u16) -> Running {
        Running::on_terminal(self.command(arguments, folder), columns, self.path("stderr"))
    }

    fn give(&self, folder: &Path) {
        let Some(user) = self.user else { return };
        chown(folder, Some(user), Some(user)).unwrap();
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                self.give(&path);
            } else {
                chown(&path, Some(user), Some(user)).unwrap();
            }
        }
    }
}

/// With a home of its own, the package caches still are the user's: downloads are not what is tested.
fn share_caches(command: &mut Command) {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    for (variable, name) in [("UV_CACHE_DIR", "uv"), ("PIP_CACHE_DIR", "pip")] {
        if let (None, Some(cache)) = (std::env::var_os(variable), &cache) {
            command.env(variable, cache.join(name));
        }
    }
}

/// The report of a walk.
pub struct Report(Value);

impl Report {
    pub fn read(path: &Path) -> Self {
        Self(serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
    }

    /// The report that every walk leaves in its project.
    pub fn of(project: &Path) -> Self {
        Self::read(&project.join(".golem-outbound/last-run.json"))
    }

    /// `(id, outcome)` of every step.
    pub fn outcomes(&self) -> Vec<(&str, &str)> {
        let steps = self.0["steps"].as_array().unwrap().iter();
        steps.map(|step| (step["id"].as_str().unwrap(), step["outcome"].as_str().unwrap())).collect()
    }

    pub fn assert_all_passed(&self) {
        let expected = [
            "prerequisites",
            "environment",
            "configure-outbound",
            "whitelist",
            "run-local",
            "network-stats",
            "ray-up",
            "ray-submit",
            "blocked-url",
            "ray-down",
        ];
        assert_eq!(self.outcomes(), expected.map(|id| (id, "passed")));
        assert_eq!(self.0["simulated"], true);
    }

    fn step(&self, id: &str) -> &Value {
        let mut steps = self.0["steps"].as_array().unwrap().iter();
        steps.find(|step| step["id"] == id).unwrap_or_else(|| panic!("no step `{id}` in the report"))
    }

    /// The command of a step as a person types it.
    pub fn command(&self, id: &str) -> &str {
        self.step(id)["command"].as_str().unwrap_or_default()
    }

    /// What a step's command said.
    pub fn output(&self, id: &str) -> &str {
        self.step(id)["evidence"]["output"].as_str().unwrap()
    }

    /// The downloads of a step.
    pub fn ledger(&self, id: &str) -> &[Value] {
        self.step(id)["evidence"]["ledger"].as_array().unwrap()
    }

    /// All of these downloads were made and verified on nodes of the cluster.
    pub fn assert_fetched_on_nodes(&self, id: &str, count: usize) {
        let ledger = self.ledger(id);
        assert_eq!(ledger.len(), count, "{ledger:#?}");
        for row in ledger {
            assert_eq!(row["ok"], true, "{row}");
            assert!(
                row["verified"].is_string() && row["node"].as_str().unwrap().starts_with("192.168."),
                "{row}"
            );
        }
    }

    /// `(command, ok)` of everything that was torn down at the end.
    pub fn teardown(&self) -> Vec<(&str, bool)> {
        let commands = self.0["teardown"].as_array().unwrap().iter();
        commands.map(|done| (done["command"].as_str().unwrap(), done["ok"].as_bool().unwrap())).collect()
    }
}
