//! simple-outbound.py: its functions against a server on this machine, and the whole of it under Ray.

use std::path::Path;
use std::process::Command;

use golem_outbound::scaffold::{Answers, new_project};

/// Runs the Python test cases of one class with the script of a fresh project.
fn cases(class: &str) {
    let folder = tempfile::Builder::new().prefix("go-").tempdir().unwrap();
    let project = new_project(&folder.path().join("x"), &Answers::default()).unwrap();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/script_cases.py");
    let output = Command::new(crate::python_env::python())
        .arg(cases)
        .args(["-v", class])
        .env("SCRIPT", project.script())
        .env("HOME", folder.path())
        // Short, because Ray's sockets lie below it; and of its own, so that no other Ray of the machine is joined.
        .env("RAY_TMPDIR", folder.path())
        .env("RAY_USAGE_STATS_ENABLED", "0")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("RAY_ADDRESS")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn its_downloads_try_again_verify_and_refuse_as_they_should() {
    cases("Downloads");
}

#[test]
fn it_runs_under_ray_and_reports_every_download() {
    cases("UnderRay");
}
