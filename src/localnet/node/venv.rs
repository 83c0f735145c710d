//! `/root_copy` of the image: what ray-on-golem moves to /root, with a virtual environment that has Ray.
//!
//! May import `error` and `localnet::sandbox`. Invariant: the environment is real and can be written, while the
//! project's packages come after it, read-only.

use std::fs;
use std::path::{Path, PathBuf};

use super::root::{SEARCH_PATH, inside, link, show_read_only, write};
use crate::error::{Error, Result};
use crate::localnet::sandbox::mounts::{bind_read_only, interpreter_prefix, make_place};

/// Where the project's packages are on a node.
const PACKAGES: &str = "/opt/golem/site-packages";

/// Where the environment is once ray-on-golem has moved it.
const HOME: &str = "/root/venv";

/// The interpreter and packages behind a virtual environment.
struct Python {
    interpreter: PathBuf,
    /// `python3.11`, for example: the name of the directory below `lib`.
    version: String,
    packages: PathBuf,
}

impl Python {
    fn of(venv: &Path) -> Result<Self> {
        let python = venv.join("bin/python");
        let interpreter = fs::canonicalize(&python).map_err(|e| Error::io("find", &python, e))?;
        let lib = venv.join("lib");
        let entries = fs::read_dir(&lib).map_err(|e| Error::io("read", &lib, e))?;
        let versions = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let version = versions.into_iter().find(|name| lib.join(name).join("site-packages/ray").is_dir());
        let version = version.ok_or_else(|| {
            Error::machine(format!("failed to find Ray in the Python environment `{}`", venv.display()))
        })?;
        let packages = lib.join(&version).join("site-packages");
        Ok(Self { interpreter, version, packages })
    }
}

/// Writes /root_copy and shows what it refers to.
pub fn write_all(root: &Path, venv: &Path) -> Result<()> {
    let python = Python::of(venv)?;
    show_interpreter(root, venv)?;
    let packages = inside(root, Path::new(PACKAGES));
    make_place(&packages, true)?;
    bind_read_only(&python.packages, &packages)?;
    write_environment(root, &python)?;
    write_home(root)
}

fn show_interpreter(root: &Path, venv: &Path) -> Result<()> {
    match interpreter_prefix(venv) {
        Some(prefix) if !prefix.starts_with("/usr") && prefix != Path::new("/") => {
            show_read_only(root, &prefix)
        }
        _ => Ok(()),
    }
}

fn write_environment(root: &Path, python: &Python) -> Result<()> {
    let Python { interpreter, version, .. } = python;
    let home = interpreter.parent().unwrap_or(Path::new("/usr/bin")).display();
    let number = version.trim_start_matches("python");
    let settings = format!("home = {home}\ninclude-system-site-packages = false\nversion = {number}\n");
    write(root, "/root_copy/venv/pyvenv.cfg", 0o644, &settings)?;
    let bin = root.join("root_copy/venv/bin");
    make_place(&bin, true)?;
    link(interpreter, &bin.join("python"))?;
    link(Path::new("python"), &bin.join("python3"))?;
    link(Path::new("python"), &bin.join(version))?;
    for (name, module) in [
        ("ray", "ray.scripts.scripts"),
        ("pip", "pip._internal.cli.main"),
        ("pip3", "pip._internal.cli.main"),
    ] {
        let script =
            format!("#!{HOME}/bin/python\nimport sys\nfrom {module} import main\nsys.exit(main())\n");
        write(root, &format!("/root_copy/venv/bin/{name}"), 0o755, &script)?;
    }
    write(root, "/root_copy/venv/bin/activate", 0o644, &activation())?;
    let own = format!("/root_copy/venv/lib/{version}/site-packages");
    let packages = format!("import site; site.addsitedir('{PACKAGES}')\n");
    write(root, &format!("{own}/golem.pth"), 0o644, &packages)?;
    if let Some(wheel) = pip_wheel(python) {
        write(root, &format!("{own}/pip.pth"), 0o644, &format!("{}\n", wheel.display()))?;
    }
    link(Path::new("lib"), &root.join("root_copy/venv/lib64"))
}

/// pip as the interpreter brings it for new environments: a wheel can be imported as it is. None if the project's
/// packages have pip, or the interpreter brings none.
fn pip_wheel(python: &Python) -> Option<PathBuf> {
    if python.packages.join("pip").is_dir() {
        return None;
    }
    let prefix = python.interpreter.parent()?.parent()?;
    let bundled = prefix.join("lib").join(&python.version).join("ensurepip/_bundled");
    [bundled, PathBuf::from("/usr/share/python-wheels")].into_iter().find_map(|directory| {
        let wheels = fs::read_dir(directory).ok()?.flatten().map(|entry| entry.path());
        wheels.into_iter().find(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("pip-") && name.ends_with(".whl")
        })
    })
}

fn activation() -> String {
    format!(
        "# Source this file: the environment of a node, which has no life without it to go back to.\n\
         export VIRTUAL_ENV={HOME}\nunset PYTHONHOME\n\
         case \":$PATH:\" in *\":{HOME}/bin:\"*) ;; *) export PATH=\"{HOME}/bin:$PATH\" ;; esac\nhash -r\n"
    )
}

fn write_home(root: &Path) -> Result<()> {
    let shell = format!(
        "# /etc/profile of a login shell resets PATH, so it is set here.\nexport PATH={SEARCH_PATH}\n\
         source {HOME}/bin/activate\n"
    );
    write(root, "/root_copy/.bashrc", 0o644, &shell)?;
    write(
        root,
        "/root_copy/.profile",
        0o644,
        "if [ -n \"$BASH\" ] && [ -f ~/.bashrc ]; then . ~/.bashrc; fi\n",
    )?;
    // The image's own index: it serves what the network's nodes may install.
    let pip = "[global]\nindex-url = https://pypi.dev.golem.network/simple\n";
    write(root, "/root_copy/.config/pip/pip.conf", 0o644, pip)?;
    make_place(&root.join("root_copy/.local"), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_without_ray_is_an_error() {
        let venv = tempfile::tempdir().unwrap();
        fs::create_dir_all(venv.path().join("bin")).unwrap();
        fs::create_dir_all(venv.path().join("lib/python3.11/site-packages")).unwrap();
        std::os::unix::fs::symlink("/bin/sh", venv.path().join("bin/python")).unwrap();
        let error = Python::of(venv.path()).err().unwrap();
        assert!(error.message().starts_with("failed to find Ray in the Python environment"), "{error}");
    }
}
