//! Failures of a Python environment: a Python that is too new, and a click that breaks Ray.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Failing, PASSES};
use crate::python_env;

/// A module that Python runs first: see there.
const COPIED_AS_BY_3_10: &str = include_str!("../../fixtures/copied-as-by-3.10.py");

/// What pip says of a Python that is too new, without such a Python: pip takes its version as a wish.
#[test]
fn a_python_without_wheels_of_ray_gets_its_hint() {
    let failing = Failing::new();
    let pip = format!(
        "[{}, -m, pip, download, --no-deps, --only-binary, \":all:\", --python-version, \"3.12\", \
         --dest, downloads, ray==2.9.3]",
        with_pip(python_env::interpreter(), &failing.place.path("with-pip")).display()
    );
    assert_eq!(failing.failure_on("local", &pip, PASSES, 3), "old-ray-on-golem");
}

/// click 8.3.0 breaks Ray by the way in which Python 3.10 copies enums. A newer Python with that way shows the same; and so
/// does a real Python 3.10, where there is one.
#[test]
fn a_click_that_breaks_ray_gets_its_hint() {
    let failing = Failing::new();
    let lent = failing.place.path("lent");
    let mut pip = Command::new(with_pip(python_env::interpreter(), &failing.place.path("with-pip")));
    run(pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "click==8.3.0", "--target"]).arg(&lent));
    let ray = format!("[env, PYTHONPATH={}, venv/bin/ray, --version]", lent.display());
    fs::write(lent.join("sitecustomize.py"), COPIED_AS_BY_3_10).unwrap();
    assert_eq!(failing.failure_on("local", &ray, PASSES, 3), "click-breaks-ray");
    if let Some(python) = python_3_10() {
        let ray = format!("[{}, --version]", with_broken_ray(python).display());
        assert_eq!(failing.failure_on("local", &ray, PASSES, 3), "click-breaks-ray");
    }
}

/// One on PATH that works: of version managers there may be only a word about it.
fn python_3_10() -> Option<PathBuf> {
    let works =
        |python: &PathBuf| Command::new(python).arg("--version").output().is_ok_and(|it| it.status.success());
    which::which_all("python3.10").unwrap().find(works)
}

/// `ray` of an environment of this Python, made once.
fn with_broken_ray(python: PathBuf) -> PathBuf {
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python3.10-click-8.3.0");
    if !made.join("complete").exists() {
        let mut pip = Command::new(with_pip(python, &made));
        run(pip.args(["-m", "pip", "install", "--quiet", "ray==2.9.3", "click==8.3.0"]));
        fs::write(made.join("complete"), "").unwrap();
    }
    made.join("bin/ray")
}

/// The Python of a new environment with pip.
fn with_pip(python: PathBuf, folder: &Path) -> PathBuf {
    run(Command::new(python).args(["-m", "venv", "--clear"]).arg(folder));
    folder.join("bin/python")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
