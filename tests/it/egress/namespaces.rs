//! A test body inside namespaces of its own, and work in further network namespaces there.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use nix::sched::{CloneFlags, setns, unshare};

/// Set in the process that is already inside.
const INSIDE: &str = "GOLEM_OUTBOUND_TEST_INSIDE";

/// Runs `body` in new user, mount and network namespaces: this test binary runs itself again under `unshare`, for
/// `test` alone. As root it is done a second time as an ordinary user.
pub fn isolated(test: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    rerun(test, &[], &std::env::current_exe().unwrap());
    if nix::unistd::geteuid().is_root() {
        rerun(test, &["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"], readable_copy());
    }
}

fn rerun(test: &str, prefix: &[&str], binary: &Path) {
    let mut words: Vec<&str> = prefix.to_vec();
    words.extend(["unshare", "--user", "--map-root-user", "--net", "--mount"]);
    let output = Command::new(words[0])
        .args(&words[1..])
        .arg(binary)
        .args(["--exact", &format!("egress::{test}"), "--nocapture"])
        .env(INSIDE, "1")
        .current_dir("/")
        .output()
        .unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{words:?}\n{said}");
}

/// The test binary where every user can run it, even if the crate lies below somebody's home.
fn readable_copy() -> &'static Path {
    static COPY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = COPY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let path = folder.path().join("it");
        let binary = std::env::current_exe().unwrap();
        std::fs::hard_link(&binary, &path).or_else(|_| std::fs::copy(&binary, &path).map(drop)).unwrap();
        (folder, path)
    });
    path
}

/// A new network namespace with its loopback device up.
pub fn new_netns() -> OwnedFd {
    std::thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        run("ip", &["link", "set", "lo", "up"]);
        File::open("/proc/thread-self/ns/net").unwrap().into()
    })
    .join()
    .unwrap()
}

/// This process's own network namespace.
pub fn own_netns() -> OwnedFd {
    File::open("/proc/self/ns/net").unwrap().into()
}

/// Does `work` as a program in that network namespace would.
pub fn within<T: Send>(netns: &OwnedFd, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                setns(netns, CloneFlags::CLONE_NEWNET).unwrap();
                work()
            })
            .join()
            .unwrap()
    })
}

/// Runs a program that must succeed.
pub fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Puts a text in the place of a file, for this process's mount namespace alone.
pub fn replace_file(path: &str, text: &str) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    run("mount", &["--bind", file.path().to_str().unwrap(), path]);
}
