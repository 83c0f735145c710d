//! The nodes' SSH server, driven by the real OpenSSH client and rsync.

mod ending;
mod forwarding;
mod session;
mod transfer;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use golem_outbound::localnet::ssh::{ServerConfig, serve};
use sha2::{Digest as _, Sha256};

/// How long any state may take to come about on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// A server on a free port with a home of its own, and a client's key that it accepts.
struct Server {
    directory: tempfile::TempDir,
    port: u16,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Server {
    fn start() -> Self {
        Self::with_key(&["-t", "ed25519"])
    }

    fn with_key(kind: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        make_key(&root.join("key"), kind);
        fs::create_dir(root.join("home")).unwrap();
        fs::copy(root.join("key.pub"), root.join("authorized_keys")).unwrap();
        fs::write(root.join("environment"), "NODE_IP=192.168.0.3\nQUOTED=\"a b\"\n").unwrap();
        let config = ServerConfig {
            authorized_keys: root.join("authorized_keys"),
            host_key_dir: root.join("host"),
            environment_file: root.join("environment"),
            home: root.join("home"),
            shell: PathBuf::from("/bin/bash"),
            user: "root".to_owned(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.spawn(async { serve(listener, config).await.unwrap() });
        Self { directory, port, runtime: Some(runtime) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The client's arguments, which keep it away from the user's own configuration.
    fn options(&self) -> Vec<String> {
        let key = self.path("key");
        let mut options = vec!["-F".to_owned(), "/dev/null".to_owned(), "-i".to_owned(), text(&key)];
        for option in [
            "UserKnownHostsFile=/dev/null",
            "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=no",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "BatchMode=yes",
            "LogLevel=ERROR",
        ] {
            options.extend(["-o".to_owned(), option.to_owned()]);
        }
        options.extend(["-p".to_owned(), self.port.to_string()]);
        options
    }

    /// `ssh <options> <more> root@127.0.0.1 <command>`, not started.
    fn ssh(&self, more: &[&str], command: &[&str]) -> Command {
        let mut ssh = Command::new("ssh");
        ssh.args(more).args(self.options()).arg("root@127.0.0.1").args(command).stdin(Stdio::null());
        ssh
    }

    fn exec(&self, command: &str) -> Output {
        self.ssh(&[], &[command]).output().unwrap()
    }

    fn stdout(&self, more: &[&str], command: &str) -> String {
        let output = self.ssh(more, &[command]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn rsync(&self, from: &str, to: &str) {
        let rsh = format!("ssh {}", self.options().join(" "));
        let output = Command::new("rsync").args(["-a", "-z", "--rsh", &rsh, from, to]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(DEADLINE);
        }
    }
}

fn make_key(path: &Path, kind: &[&str]) {
    let made = Command::new("ssh-keygen").args(kind).args(["-q", "-N", "", "-f"]).arg(path).status().unwrap();
    assert!(made.success());
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Waits for a state by asking for it again and again.
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < DEADLINE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Bytes that look random and are always the same.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(length).collect()
}

fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a process lives; a zombie does not.
fn lives(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
        .is_ok_and(|stat| !stat.rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" Z")))
}

/// Runs `ssh` with `input` on its standard input.
fn feed(mut ssh: Command, input: Vec<u8>) -> Output {
    let mut child = ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    output
}
