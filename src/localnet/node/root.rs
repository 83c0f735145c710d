//! A node's root: assembled on a tmpfs from the machine's programs and the node's own everything else.
//!
//! May import `error` and `localnet::sandbox`. Invariant: of the machine's files a node sees /usr, the interpreter and
//! the project's packages, read-only, and copies of public settings; nothing it writes leaves its tmpfs.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::pivot_root;

use super::protocol::Plan;
use super::{etc, venv};
use crate::error::{Error, Result};
use crate::localnet::sandbox::mounts::{bind, bind_read_only, make_place, make_private, proc, tmpfs};
use crate::localnet::sandbox::os_error;

/// Where the tmpfs is mounted before it becomes the root; each node has its own in its own mount namespace.
const PLACE: &str = "/tmp/golem-outbound/root";

/// Where a node finds this program: the `service` command needs it.
pub const PROGRAM: &str = "/golem/golem-outbound";

/// The search path of everything that runs on a node; `service` comes first.
pub const SEARCH_PATH: &str = "/golem/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Builds the root and goes there. The caller is pid 1 of the node, in a mount namespace of its own.
pub fn assemble(plan: &Plan) -> Result<()> {
    make_private()?;
    let root = PathBuf::from(PLACE);
    make_place(&root, true)?;
    tmpfs(&root, "mode=755")?;
    programs(&root)?;
    directories(&root)?;
    devices(&root)?;
    proc(&root.join("proc"))?;
    system(&root)?;
    etc::write_all(&root, plan)?;
    venv::write_all(&root, &plan.venv)?;
    service(&root, &plan.program)?;
    enter(&root)
}

/// /usr read-only, and /bin, /lib and so on as the machine has them.
fn programs(root: &Path) -> Result<()> {
    show_read_only(root, Path::new("/usr"))?;
    for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
        let path = Path::new("/").join(name);
        match fs::read_link(&path) {
            Ok(target) => link(&target, &root.join(name))?,
            Err(_) if path.is_dir() => show_read_only(root, &path)?,
            Err(_) => {}
        }
    }
    Ok(())
}

/// Shows something of the machine at the same place of the node.
pub fn show_read_only(root: &Path, path: &Path) -> Result<()> {
    let place = inside(root, path);
    make_place(&place, path.is_dir())?;
    bind_read_only(path, &place)
}

/// An absolute path of the node, below the root that is being built.
pub fn inside(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// Writes a file of the node, with what is missing above it.
pub fn write(root: &Path, path: &str, mode: u32, text: &str) -> Result<()> {
    let place = inside(root, Path::new(path));
    make_place(&place, false)?;
    fs::write(&place, text)
        .and_then(|()| fs::set_permissions(&place, fs::Permissions::from_mode(mode)))
        .map_err(|e| Error::io("write", &place, e))
}

/// Makes a symbolic link.
pub fn link(target: &Path, place: &Path) -> Result<()> {
    symlink(target, place).map_err(|e| Error::io("link", place, e))
}

fn directories(root: &Path) -> Result<()> {
    let directories = [
        ("dev", 0o755),
        ("etc", 0o755),
        ("golem/bin", 0o755),
        ("home", 0o755),
        ("mnt", 0o755),
        ("opt", 0o755),
        ("proc", 0o555),
        ("root", 0o700),
        ("root_copy", 0o700),
        ("run", 0o755),
        ("run/golem", 0o700),
        ("run/lock", 0o1777),
        ("run/sshd", 0o755),
        ("srv", 0o755),
        ("sys", 0o555),
        ("tmp", 0o1777),
        ("var/cache", 0o755),
        ("var/lib", 0o755),
        ("var/log", 0o755),
        ("var/tmp", 0o1777),
    ];
    for (name, mode) in directories {
        let path = root.join(name);
        fs::create_dir_all(&path)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(mode)))
            .map_err(|e| Error::io("create directory", &path, e))?;
    }
    link(Path::new("/run"), &root.join("var/run"))?;
    link(Path::new("/run/lock"), &root.join("var/lock"))
}

fn devices(root: &Path) -> Result<()> {
    let dev = root.join("dev");
    for name in ["null", "zero", "full", "random", "urandom", "tty"] {
        let place = dev.join(name);
        make_place(&place, false)?;
        bind(&Path::new("/dev").join(name), &place)?;
    }
    let terminals = dev.join("pts");
    make_place(&terminals, true)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    mount(Some("devpts"), &terminals, Some("devpts"), flags, Some("newinstance,ptmxmode=0666,mode=620"))
        .map_err(|errno| os_error("mount devpts on", &terminals, errno))?;
    make_place(&dev.join("shm"), true)?;
    tmpfs(&dev.join("shm"), "mode=1777")?;
    for (name, target) in [
        ("ptmx", "pts/ptmx"),
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ] {
        link(Path::new(target), &dev.join(name))?;
    }
    Ok(())
}

/// /sys of the node's network, read-only. A container may forbid it, and nothing on a node depends on it.
fn system(root: &Path) -> Result<()> {
    let place = root.join("sys");
    let flags = MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    if let Err(errno) = mount(Some("sysfs"), &place, Some("sysfs"), flags, None::<&str>) {
        eprintln!("a node has no /sys: {errno}");
    }
    Ok(())
}

/// The `service` command of the image's Debian, answered by the node's agent.
fn service(root: &Path, program: &Path) -> Result<()> {
    let place = inside(root, Path::new(PROGRAM));
    make_place(&place, false)?;
    bind_read_only(program, &place)?;
    let script = format!("#!/bin/sh\nexec {PROGRAM} __localnet service \"$@\"\n");
    write(root, "/golem/bin/service", 0o755, &script)
}

/// Makes it the root. Afterwards nothing of the machine's tree can be reached.
fn enter(root: &Path) -> Result<()> {
    std::env::set_current_dir(root).map_err(|e| Error::io("enter", root, e))?;
    pivot_root(".", ".").map_err(|errno| os_error("make the root of", root, errno))?;
    umount2(".", MntFlags::MNT_DETACH).map_err(|errno| os_error("detach", "the machine's root", errno))?;
    std::env::set_current_dir("/").map_err(|e| Error::io("enter", "/", e))
}
