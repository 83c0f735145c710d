//! The docs' example with an environment, for benchmarks that run the real tools.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes the project below `folder`; its path has no symbolic links.
///
/// # Panics
/// Without the tests' own Python in `target/tmp`, or another one in `GOLEM_OUTBOUND_TEST_PYTHON`.
pub fn example(folder: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = folder.canonicalize().expect("the folder is there").join("project");
    let example = root.join("examples/docs-outbound");
    assert!(Command::new("cp").arg("-r").arg(example).arg(&project).status().expect("cp").success());
    let given = std::env::var_os("GOLEM_OUTBOUND_TEST_PYTHON").map(PathBuf::from);
    let python = given.unwrap_or_else(|| root.join("target/tmp/python-env/bin/python"));
    let environment = python.ancestors().nth(2).expect("a Python lies in `bin`").to_path_buf();
    assert!(
        environment.join("bin/ray").is_file(),
        "no ray in `{}`: run the tests once, or set GOLEM_OUTBOUND_TEST_PYTHON",
        environment.display()
    );
    symlink(environment, project.join("venv")).expect("a link");
    project
}
