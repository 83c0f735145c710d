//! Mounts: the primitives, and what the sandbox sees differently from the machine.
//!
//! May import `error`. Invariant: nothing is mounted before propagation is private, so the machine never sees it.

use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};

use super::config::SandboxConfig;
use super::os_error;
use crate::error::{Error, Result};

const NONE: Option<&str> = None;

/// Keeps every later mount from reaching the namespace that this one was copied from.
pub fn make_private() -> Result<()> {
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE)
        .map_err(|errno| os_error("make private the mounts under", "/", errno))
}

/// A new tmpfs; `options` as in `size=…,mode=…`.
pub fn tmpfs(target: &Path, options: &str) -> Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("tmpfs"), target, Some("tmpfs"), flags, Some(options))
        .map_err(|errno| os_error("mount a tmpfs on", target, errno))
}

/// A new proc of the caller's pid namespace.
pub fn proc(target: &Path) -> Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), target, Some("proc"), flags, NONE)
        .map_err(|errno| os_error("mount proc on", target, errno))
}

/// Shows `source` at `target`, with what is mounted below it: a user namespace may not leave that out.
pub fn bind(source: &Path, target: &Path) -> Result<()> {
    mount(Some(source), target, NONE, MsFlags::MS_BIND | MsFlags::MS_REC, NONE)
        .map_err(|errno| os_error("show at another place", source, errno))
}

/// As [`bind`], and nothing below it can be written.
pub fn bind_read_only(source: &Path, target: &Path) -> Result<()> {
    bind(source, target)?;
    let path = std::ffi::CString::new(target.as_os_str().as_encoded_bytes())
        .map_err(|e| Error::internal(format!("failed to mount on `{}`: {e}", target.display())))?;
    // Unlike a remount this keeps the flags that the machine's mounts have, which a user namespace may not clear.
    let attributes = nix::libc::mount_attr {
        attr_set: nix::libc::MOUNT_ATTR_RDONLY | nix::libc::MOUNT_ATTR_NOSUID,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    // SAFETY: mount_setattr(2) reads the path and the attributes, both of which outlive the call.
    let result = unsafe {
        nix::libc::syscall(
            nix::libc::SYS_mount_setattr,
            nix::libc::AT_FDCWD,
            path.as_ptr(),
            nix::libc::AT_RECURSIVE,
            &raw const attributes,
            size_of::<nix::libc::mount_attr>(),
        )
    };
    if result < 0 { Err(os_error("make read-only", target, Errno::last())) } else { Ok(()) }
}

/// Paths that stay visible although something is mounted over a directory above them.
pub struct Kept(Vec<(PathBuf, File)>);

impl Kept {
    /// Holds those of `paths` that lie below `covered`; one inside another comes with it.
    pub fn below(covered: &Path, paths: &[PathBuf]) -> Result<Self> {
        let mut paths: Vec<&PathBuf> = paths.iter().filter(|path| path.starts_with(covered)).collect();
        paths.sort();
        let mut kept: Vec<(PathBuf, File)> = Vec::new();
        for path in paths {
            if path == covered || kept.iter().any(|(above, _)| path.starts_with(above)) {
                continue;
            }
            let held = OpenOptions::new().read(true).custom_flags(nix::libc::O_PATH).open(path);
            kept.push((path.clone(), held.map_err(|e| Error::io("open", path, e))?));
        }
        Ok(Self(kept))
    }

    /// Shows them again at their places.
    pub fn show(self) -> Result<()> {
        for (path, held) in self.0 {
            make_place(&path, held.metadata().is_ok_and(|data| data.is_dir()))?;
            bind(Path::new(&format!("/proc/self/fd/{}", held.as_raw_fd())), &path)?;
        }
        Ok(())
    }
}

/// Creates a directory or an empty file to mount on, with what is missing above it.
pub fn make_place(path: &Path, directory: bool) -> Result<()> {
    let above = if directory { Some(path) } else { path.parent() };
    if let Some(above) = above {
        fs::create_dir_all(above).map_err(|e| Error::io("create directory", above, e))?;
    }
    if !directory && !path.exists() {
        File::create(path).map_err(|e| Error::io("create", path, e))?;
    }
    Ok(())
}

/// Makes the calling process's mount namespace the requestor's machine: own /proc, /tmp and /dev/shm, own names.
/// Everything else of the file system stays as it is.
pub fn furnish(config: &SandboxConfig) -> Result<()> {
    make_private()?;
    let temporary = Path::new("/tmp");
    let kept = Kept::below(temporary, &visible_paths(config))?;
    proc(Path::new("/proc"))?;
    bind(&config.dir.join("etc/hosts"), Path::new("/etc/hosts"))?;
    // The mount follows a symbolic link to its target; a dangling one names no resolver, which is what is wanted.
    if Path::new("/etc/resolv.conf").exists() {
        bind(&config.dir.join("etc/resolv.conf"), Path::new("/etc/resolv.conf"))?;
    }
    // A name service cache of the machine would answer from the machine's own /etc/hosts.
    for cache in ["/run/nscd", "/var/run/nscd"] {
        if Path::new(cache).is_dir() {
            tmpfs(Path::new(cache), "mode=755,size=64k")?;
        }
    }
    tmpfs(temporary, "mode=1777")?;
    kept.show()?;
    // Ray's objects would otherwise stay on the machine when everything is killed.
    if Path::new("/dev/shm").is_dir() {
        tmpfs(Path::new("/dev/shm"), "mode=1777")?;
    }
    Ok(())
}

fn visible_paths(config: &SandboxConfig) -> Vec<PathBuf> {
    let mut paths =
        vec![config.dir.clone(), config.venv.clone(), config.program.clone(), config.working_dir.clone()];
    paths.extend(config.project.clone());
    paths.extend(config.providers.clone());
    paths.extend(interpreter_prefix(&config.venv));
    // An environment that is a link: its programs name the interpreter by the place where they really are.
    paths.extend(fs::canonicalize(&config.venv));
    paths
}

/// Where the interpreter behind a virtual environment is installed: above the `bin` that `bin/python` leads to.
pub fn interpreter_prefix(venv: &Path) -> Option<PathBuf> {
    let interpreter = fs::canonicalize(venv.join("bin/python")).ok()?;
    Some(interpreter.parent()?.parent()?.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_inside_another_is_held_once() {
        let root = tempfile::tempdir().unwrap();
        let (a, b) = (root.path().join("a"), root.path().join("a/b"));
        fs::create_dir_all(&b).unwrap();
        let paths = [b, a.clone(), "/usr".into(), root.path().to_path_buf()];
        let kept = Kept::below(root.path(), &paths).unwrap();
        let held: Vec<_> = kept.0.iter().map(|(path, _)| path.clone()).collect();
        assert_eq!(held, [a]);
    }
}
