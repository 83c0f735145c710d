//! What a walk could leave behind on the machine, looked up where the kernel tells it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Ports that ray-on-golem, yagna and Ray take on a requestor's machine.
const PORTS: [u16; 4] = [4578, 6379, 7465, 8265];

/// The machine before a walk.
pub struct Machine {
    listening: BTreeSet<u16>,
    ray_in_tmp: BTreeSet<PathBuf>,
}

impl Machine {
    pub fn look() -> Self {
        Self { listening: listening(), ray_in_tmp: ray_in_tmp() }
    }

    /// Nothing of the walk listens on the machine itself, not even while it goes on.
    pub fn assert_no_new_listener(&self) {
        let new: Vec<u16> = listening().difference(&self.listening).copied().collect();
        assert!(new.is_empty(), "the walk listens on the machine at {new:?}");
    }

    /// Nothing of a walk below `folder` is left: no process, no mount, no port, no file in /tmp.
    pub fn assert_nothing_left(&self, folder: &Path) {
        let left = processes(folder);
        assert!(left.is_empty(), "still alive: {left:#?}");
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains(folder.to_str().unwrap()), "{mounts}");
        self.assert_no_new_listener();
        let new: Vec<PathBuf> = ray_in_tmp().difference(&self.ray_in_tmp).cloned().collect();
        assert!(new.is_empty(), "the walk wrote {new:?}");
    }

    /// The same, within a time that only a defect needs: for an end that nobody waited for.
    pub fn assert_nothing_left_soon(&self, folder: &Path) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !processes(folder).is_empty() && Instant::now() < deadline {
            std::thread::yield_now();
        }
        self.assert_nothing_left(folder);
    }
}

/// Processes that have to do with a folder: by command line, program, working directory, or environment. A localnet's
/// processes are seen from outside of their namespaces, too.
pub fn processes(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    let concerned = |process: &Path| {
        let texts = ["cmdline", "environ"].map(|file| fs::read(process.join(file)).unwrap_or_default());
        let links = ["exe", "cwd"].map(|link| fs::read_link(process.join(link)).unwrap_or_default());
        texts.iter().any(|text| String::from_utf8_lossy(text).contains(folder))
            || links.iter().any(|link| link.to_string_lossy().contains(folder))
    };
    let numbered =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().parse::<u32>().is_ok());
    let all = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path()).filter(numbered);
    all.filter(|process| concerned(process))
        .map(|process| {
            let command = fs::read(process.join("cmdline")).unwrap_or_default();
            format!("{} {}", process.display(), String::from_utf8_lossy(&command).replace('\0', " "))
        })
        .collect()
}

/// Which of the walk's ports somebody listens on, in the machine's own network.
fn listening() -> BTreeSet<u16> {
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"]
        .map(|table| fs::read_to_string(table).unwrap_or_default());
    let sockets = tables.iter().flat_map(|table| table.lines().skip(1));
    sockets.filter_map(listening_port).filter(|port| PORTS.contains(port)).collect()
}

/// `  0: 0100007F:1D29 00000000:0000 0A …`: local address and port in hexadecimal, the peer's, the state; 0A listens.
fn listening_port(line: &str) -> Option<u16> {
    let mut fields = line.split_whitespace().skip(1);
    let (local, _, state) = (fields.next()?, fields.next()?, fields.next()?);
    (state == "0A").then(|| u16::from_str_radix(local.rsplit_once(':')?.1, 16).ok())?
}

/// The fixed places in /tmp that Ray, ray-on-golem and yagna use.
fn ray_in_tmp() -> BTreeSet<PathBuf> {
    let ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        ["ray", "yagna", "golem"].iter().any(|start| name.starts_with(start))
    };
    fs::read_dir("/tmp").unwrap().flatten().map(|entry| entry.path()).filter(ours).collect()
}

#[test]
fn a_listening_socket_is_told_from_others() {
    let line = |state| {
        format!("   0: 0100007F:1D29 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 0 0 1")
    };
    assert_eq!(listening_port(&line("0A")), Some(7465));
    assert_eq!(listening_port(&line("01")), None);
}

#[test]
fn a_process_is_found_by_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(processes(folder.path()), Vec::<String>::new());
    let mut cat = std::process::Command::new("cat")
        .current_dir(folder.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(processes(folder.path()).len(), 1);
    cat.kill().unwrap();
    cat.wait().unwrap();
}
