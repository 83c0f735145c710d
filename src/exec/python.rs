//! Finding a Python that ray-on-golem 0.13.0 and Ray 2.9.3 can be installed into, and saying why others cannot work.
//!
//! May import `error`. Invariant: an interpreter is judged by running it, never by its name: a `python3.10` on PATH may
//! be a launcher that only says which version it misses.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::capture::capture;
use super::program::find_in;
use crate::error::{Error, Result};
use crate::ownership::is_reachable_by_others;

/// Minor versions of Python 3 that Ray 2.9.3 has wheels for, best first.
pub const SUITABLE: [u32; 3] = [11, 10, 9];

/// What an interpreter is asked: version, itself, the one below a virtual environment, its prefix, and whether it can
/// make virtual environments.
const QUESTION: &str = "\
import sys, importlib.util as u
base = getattr(sys, '_base_executable', None) or sys.executable
print('.'.join(map(str, sys.version_info[:3])), base, sys.base_prefix,
      bool(u.find_spec('venv') and u.find_spec('ensurepip')), sep='\\n')";

/// An interpreter that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// Its executable, outside of any virtual environment.
    pub path: PathBuf,
    /// Major, minor and patch version.
    pub version: (u32, u32, u32),
    /// Whether it can make virtual environments by itself.
    pub has_venv: bool,
    /// Whether every user of this machine can run it, which the localnet's nodes need.
    pub public: bool,
}

impl Interpreter {
    /// The version for people.
    pub fn version(&self) -> String {
        let (major, minor, patch) = self.version;
        format!("{major}.{minor}.{patch}")
    }

    /// Whether Ray 2.9.3 can be installed into it.
    pub fn suitable(&self) -> bool {
        self.version.0 == 3 && SUITABLE.contains(&self.version.1)
    }

    /// Why it cannot work, if it cannot.
    pub fn unsuitable_because(&self) -> Option<String> {
        let version = self.version();
        if self.suitable() {
            None
        } else if self.version < (3, 9, 0) {
            Some(format!(
                "Python {version} is too old: pip would silently install ray-on-golem 0.7.0 or nothing"
            ))
        } else {
            Some(format!(
                "Python {version} is too new: Ray 2.9.3 has no wheels for it, and pip would silently install \
                 ray-on-golem 0.8.0 with another Ray"
            ))
        }
    }

    /// Runs `path` and asks it about itself; none if it does not answer as Python does.
    pub fn ask(path: &Path) -> Option<Self> {
        let argv: [OsString; 4] = [path.into(), "-I".into(), "-c".into(), QUESTION.into()];
        let output = capture(&argv, Path::new("/"), &[], Duration::from_secs(20)).ok()?;
        let lines: Vec<&str> = output.stdout.lines().collect();
        let [version, base, prefix, venv] = lines[..] else { return None };
        let numbers: Vec<u32> = version.split('.').filter_map(|number| number.parse().ok()).collect();
        let [major, minor, patch] = numbers[..] else { return None };
        let base = PathBuf::from(base);
        let path = if base.is_file() { base } else { path.to_owned() };
        let public = reachable_by_all(&path) && reachable_by_all(Path::new(prefix));
        Some(Self { path, version: (major, minor, patch), has_venv: venv == "True", public })
    }
}

/// Whether every user can get to `path`, through every folder above it, links followed.
fn reachable_by_all(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    path.ancestors()
        .all(|part| std::fs::metadata(part).is_ok_and(|metadata| is_reachable_by_others(&metadata)))
}

/// Where interpreters are looked for.
#[derive(Clone, Debug)]
pub struct Places {
    /// The search path.
    pub path: OsString,
    /// A folder whose interpreters count even when it is not on the search path; usually `/usr/bin`.
    pub also: Option<PathBuf>,
}

impl Places {
    /// Our PATH, and `/usr/bin`.
    pub fn of_this_machine() -> Self {
        Self { path: std::env::var_os("PATH").unwrap_or_default(), also: Some(PathBuf::from("/usr/bin")) }
    }
}

/// Every interpreter that answers, best first: suitable, usable by everyone, able to make virtual environments, then
/// 3.11 before 3.10 before 3.9.
pub fn interpreters(places: &Places) -> Vec<Interpreter> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let names = SUITABLE.iter().map(|minor| format!("python3.{minor}")).chain(["python3".to_owned()]);
    for name in names {
        let also = places.also.as_deref().map(Path::as_os_str);
        paths.extend(also.into_iter().chain([&*places.path]).filter_map(|path| find_in(&name, path)));
    }
    if let Some(uv) = uv(&places.path) {
        paths.extend(found_by_uv(&uv));
    }
    let mut found: Vec<Interpreter> = Vec::new();
    for path in paths {
        if let Some(interpreter) = Interpreter::ask(&path)
            && !found.iter().any(|known| same_file(&known.path, &interpreter.path))
        {
            found.push(interpreter);
        }
    }
    found.sort_by_key(|one| (!one.suitable(), !one.public, !one.has_venv, std::cmp::Reverse(one.version)));
    found
}

fn same_file(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// A uv on `path` that answers.
pub fn uv(path: &OsStr) -> Option<PathBuf> {
    let uv = find_in("uv", path)?;
    let argv: [OsString; 2] = [uv.clone().into(), "--version".into()];
    let output = capture(&argv, Path::new("/"), &[], Duration::from_secs(10)).ok()?;
    output.stdout.starts_with("uv ").then_some(uv)
}

/// The interpreter that uv would take without downloading one.
pub fn found_by_uv(uv: &Path) -> Option<PathBuf> {
    let mut argv: Vec<OsString> = vec![uv.into()];
    argv.extend(
        ["python", "find", "--no-project", "--no-python-downloads", ">=3.9,<3.12"].map(OsString::from),
    );
    let output = capture(&argv, Path::new("/"), &[], Duration::from_secs(20)).ok()?;
    let path = PathBuf::from(output.stdout.trim());
    (output.status.success() && path.is_file()).then_some(path)
}

/// The interpreter at `path`, which the user named.
///
/// # Errors
/// `Usage` when it does not answer or is not suitable, saying why.
pub fn named(path: &Path) -> Result<Interpreter> {
    let full = if path.components().count() == 1 {
        which::which(path).unwrap_or_else(|_| path.to_owned())
    } else {
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
    };
    let interpreter = Interpreter::ask(&full)
        .ok_or_else(|| Error::usage(format!("`{}` does not answer as a Python does", path.display())))?;
    match interpreter.unsuitable_because() {
        Some(why) => {
            Err(Error::usage(why).hint("name a Python 3.9, 3.10 or 3.11: `--python /usr/bin/python3.11`"))
        }
        None => Ok(interpreter),
    }
}

/// The error for a machine that has none of the suitable ones.
pub fn none_suitable(found: &[Interpreter]) -> Error {
    let message = match found.first().and_then(Interpreter::unsuitable_because) {
        Some(why) => format!("no Python 3.9, 3.10 or 3.11 on this machine; {why}"),
        None => "no Python on this machine".to_owned(),
    };
    let error = Error::machine(message);
    if !cfg!(target_os = "linux") {
        return error
            .hint("with uv: `uv python install 3.11`")
            .hint("or install Python 3.11 from https://www.python.org/downloads/");
    }
    let error = match found.iter().find(|one| one.version >= (3, 8, 0) && !one.has_venv) {
        // With its venv module the environment step fetches uv by itself, and with that a Python.
        Some(_) => error.hint(
            "on newer systems: `sudo apt-get install -y python3-venv`, then the same command again; it fetches Python 3.11",
        ),
        None => error,
    };
    error
        .hint("with uv: `uv python install 3.11`")
        .hint("on Debian 12 or Ubuntu 22.04: `sudo apt-get install -y python3 python3-venv`")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder with programs that answer as a Python of that version would.
    fn machine(versions: &[(&str, &str)]) -> (tempfile::TempDir, Places) {
        let folder = tempfile::tempdir().unwrap();
        for (name, version) in versions {
            let file = folder.path().join(name);
            let script = format!("#!/bin/sh\nprintf '{version}\\n{}\\n/usr\\nTrue\\n'\n", file.display());
            std::fs::write(&file, script).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let places = Places { path: folder.path().into(), also: None };
        (folder, places)
    }

    #[test]
    fn the_newest_suitable_version_wins_over_a_newer_unsuitable_one() {
        let (_folder, places) =
            machine(&[("python3", "3.13.0"), ("python3.10", "3.10.13"), ("python3.9", "3.9.18")]);
        let versions: Vec<String> = interpreters(&places).iter().map(Interpreter::version).collect();
        assert_eq!(versions, ["3.10.13", "3.9.18", "3.13.0"]);
    }

    #[test]
    fn a_launcher_without_its_python_does_not_count() {
        let (folder, places) = machine(&[("python3.9", "3.9.18")]);
        std::fs::write(folder.path().join("python3.9"), "#!/bin/sh\necho not here >&2\nexit 127\n").unwrap();
        assert_eq!(interpreters(&places), []);
    }

    #[test]
    fn too_new_and_too_old_are_explained() {
        let (_folder, places) = machine(&[("python3", "3.12.1")]);
        insta::assert_snapshot!(none_suitable(&interpreters(&places)), @r"
        no Python 3.9, 3.10 or 3.11 on this machine; Python 3.12.1 is too new: Ray 2.9.3 has no wheels for it, and pip would silently install ray-on-golem 0.8.0 with another Ray
        hint: with uv: `uv python install 3.11`
        hint: on Debian 12 or Ubuntu 22.04: `sudo apt-get install -y python3 python3-venv`
        ");
        let (folder, _places) = machine(&[("python3", "3.8.18")]);
        let error = named(&folder.path().join("python3")).unwrap_err();
        assert_eq!(
            error.message(),
            "Python 3.8.18 is too old: pip would silently install ray-on-golem 0.7.0 or nothing"
        );
    }

    #[test]
    fn a_real_python_answers() {
        let found = interpreters(&Places::of_this_machine());
        let best = found.first().expect("the tests need a Python");
        assert_eq!(best.version.0, 3);
        assert!(best.path.is_absolute());
    }
}
