//! The Python environment that tests share: the template's own lock file, installed once under `target/tmp`.
//!
//! `GOLEM_OUTBOUND_TEST_PYTHON` names an interpreter that has ray-on-golem and Ray already; otherwise a virtual environment is made, from
//! an interpreter that ordinary users can read as well.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

const LOCK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/template/requirements.lock");

static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
    std::env::var_os("GOLEM_OUTBOUND_TEST_PYTHON").map_or_else(make_or_reuse, PathBuf::from)
});

/// The environment around [`python`].
pub fn environment() -> &'static Path {
    python().ancestors().nth(2).expect("a Python lies in `bin` of its environment")
}

/// A Python that has everything of `template/requirements.lock`. The first call may take a minute.
pub fn python() -> &'static Path {
    &PYTHON
}

/// One process at a time makes the environment; its marker holds the lock file that it was made from.
fn make_or_reuse() -> PathBuf {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(base).expect("target/tmp can be made");
    let turn = File::create(base.join("python-env.lock")).expect("the lock file can be made");
    turn.lock().expect("the lock can be taken");
    let environment = base.join("python-env");
    let (python, marker) = (environment.join("bin/python"), environment.join("made-from.lock"));
    let wanted = fs::read(LOCK).expect("the template has a lock file");
    if fs::read(&marker).is_ok_and(|made_from| made_from == wanted) {
        return python;
    }
    if environment.exists() {
        fs::remove_dir_all(&environment).expect("an outdated environment can be removed");
    }
    install(&environment, &python);
    fs::write(&marker, wanted).expect("the marker can be written");
    python
}

fn install(environment: &Path, python: &Path) {
    let interpreter = interpreter();
    if which::which("uv").is_ok() {
        run(Command::new("uv").args(["venv", "--quiet", "--python"]).arg(&interpreter).arg(environment));
        let mut uv = Command::new("uv");
        run(uv.args(["pip", "install", "--quiet", "--require-hashes", "-r", LOCK, "--python"]).arg(python));
    } else {
        run(Command::new(&interpreter).args(["-m", "venv"]).arg(environment));
        let mut pip = Command::new(python);
        run(pip.args(["-m", "pip", "install", "--quiet", "--require-hashes", "-r", LOCK]));
    }
}

/// The system's interpreters first: one below a home directory may be closed to the ordinary user of some tests.
pub fn interpreter() -> PathBuf {
    let names = ["python3.11", "python3.10", "python3.9"];
    let system = names.iter().map(|name| Path::new("/usr/bin").join(name)).find(|path| path.exists());
    system
        .or_else(|| names.iter().find_map(|name| which::which(name).ok()))
        .expect("the tests need Python 3.9, 3.10 or 3.11: `apt-get install python3.11 python3.11-venv`")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|cause| panic!("failed to run {command:?}: {cause}"));
    assert!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
}
