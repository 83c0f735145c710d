//! The nodes' SSH server, driven by the real OpenSSH client and rsync.

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

#[test]
fn exec_gives_output_errors_and_the_exit_code_apart() {
    let server = Server::start();
    let output = server.exec("echo out; echo err >&2; exit 42");
    assert_eq!(output.status.code(), Some(42));
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
}

#[test]
fn an_rsa_4096_key_logs_in() {
    let server = Server::with_key(&["-t", "rsa", "-b", "4096"]);
    assert_eq!(server.stdout(&["-o", "PubkeyAcceptedAlgorithms=rsa-sha2-512"], "echo in"), "in\n");
}

#[test]
fn a_wrong_key_and_a_wrong_user_are_refused_and_a_new_key_counts_at_once() {
    let server = Server::start();
    make_key(&server.path("other"), &["-t", "ed25519"]);
    fs::copy(server.path("other.pub"), server.path("authorized_keys")).unwrap();
    let refused = server.exec("echo in");
    assert_eq!(refused.status.code(), Some(255));
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("Permission denied (publickey)"),
        "{refused:?}"
    );

    fs::copy(server.path("key.pub"), server.path("authorized_keys")).unwrap();
    assert_eq!(server.stdout(&[], "echo in"), "in\n");
    let stranger = server.ssh(&["-l", "nobody"], &["true"]).output().unwrap();
    assert_eq!(stranger.status.code(), Some(255), "the first -l wins over root@: {stranger:?}");
}

#[test]
fn the_environment_is_sshds() {
    let server = Server::start();
    let mut ssh = server.ssh(&["-o", "SendEnv=LC_TEST", "-o", "SendEnv=SECRET"], &["env; pwd"]);
    let output = ssh.env("LC_TEST", "yes").env("SECRET", "no").output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = output.lines().collect();
    let home = text(&server.path("home"));
    for expected in [
        "NODE_IP=192.168.0.3",
        "QUOTED=a b",
        "USER=root",
        "LOGNAME=root",
        "SHELL=/bin/bash",
        "LC_TEST=yes",
        &format!("HOME={home}"),
        &home,
    ] {
        assert!(lines.contains(&expected), "{expected} in {output}");
    }
    let port = server.port;
    let connection = lines.iter().find_map(|line| line.strip_prefix("SSH_CONNECTION=127.0.0.1 ")).unwrap();
    assert!(connection.ends_with(&format!(" 127.0.0.1 {port}")), "{connection}");
    assert!(!output.contains("SECRET") && !output.contains("CARGO"), "{output}");
}

#[test]
fn a_shell_is_a_login_shell() {
    let server = Server::start();
    fs::write(server.path("home").join(".bash_profile"), "echo profile\n").unwrap();
    let output = feed(server.ssh(&["-T"], &[]), b"echo \"$0\"; exit 3\n".to_vec());
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "profile\n-bash\n");
}

#[test]
fn ten_megabytes_survive_the_round_trip_also_across_key_exchanges() {
    let server = Server::start();
    let sent = noise(10 << 20);
    for more in [&[][..], &["-o", "RekeyLimit=1M"]] {
        let output = feed(server.ssh(more, &["cat"]), sent.clone());
        assert!(output.status.success(), "{more:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(checksum(&output.stdout), checksum(&sent), "{more:?}");
    }
}

#[test]
fn a_process_that_does_not_read_stalls_nobody_else() {
    let server = Server::start();
    let socket = text(&server.path("master"));
    let control = ["-o", "ControlMaster=auto", "-o", "ControlPath=none", "-o", "ControlPersist=no"];
    let control = control.map(|option| option.replace("none", &socket));
    let control: Vec<&str> = control.iter().map(String::as_str).collect();
    let mut deaf = server
        .ssh(&control, &["echo ready; exec sleep 1000"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = [0; 6];
    deaf.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
    let mut stdin = deaf.stdin.take().unwrap();
    // More than a pipe, russh's buffer and a window hold together.
    let writer = std::thread::spawn(move || stdin.write_all(&noise(24 << 20)));
    for number in 0..20 {
        let command = format!("echo {number}");
        assert_eq!(server.stdout(&control, &command), format!("{number}\n"));
    }
    deaf.kill().unwrap();
    deaf.wait().unwrap();
    let _ = writer.join();
}

#[test]
fn a_terminal_has_a_name_modes_and_a_size() {
    let server = Server::start();
    let output = server.stdout(&["-tt"], "tty; test \"$(tty)\" = \"$SSH_TTY\" && stty -echo && stty -a");
    assert!(output.starts_with("/dev/pts/"), "{output}");
    assert!(output.contains(" -echo "), "{output}");
    let mut ssh = Command::new("script");
    let inner = server.ssh(&["-tt"], &["stty size"]);
    let line: Vec<String> =
        inner.get_args().map(|argument| format!("'{}'", argument.to_str().unwrap())).collect();
    let line = format!("stty cols 132 rows 43; ssh {}", line.join(" "));
    let output = ssh.args(["-q", "-e", "-c", &line, "/dev/null"]).stdin(Stdio::null()).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("43 132"), "{output:?}");
}

#[test]
fn a_command_runs_as_ray_runs_it() {
    let server = Server::start();
    fs::write(server.path("home").join(".bashrc"), "export FROM_RC=yes\n").unwrap();
    let socket = text(&server.path("ray"));
    let path = format!("ControlPath={socket}/%C");
    fs::create_dir(&socket).unwrap();
    let more = ["-tt", "-o", "ControlMaster=auto", "-o", &path, "-o", "ControlPersist=10s"];
    let command = "bash --login -c -i 'true && source ~/.bashrc && export OMP_NUM_THREADS=1 \
                   PYTHONWARNINGS=ignore && (echo $FROM_RC $OMP_NUM_THREADS; exit 7)'";
    for _ in 0..2 {
        let output = server.ssh(&more, &[command]).output().unwrap();
        assert_eq!(output.status.code(), Some(7), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), "yes 1", "{output:?}");
    }
    let stopped = server.ssh(&["-o", &path, "-O", "exit"], &[]).output().unwrap();
    assert!(stopped.status.success(), "{stopped:?}");
}

#[test]
fn a_daemon_that_holds_the_terminal_does_not_hold_the_session_and_survives_it() {
    let server = Server::start();
    // The command ends once the daemon has left the terminal's session; before, the terminal's end would end it.
    let command = "setsid sh -c 'echo $$ > pid; exec sleep 1000' & until test -s pid; do :; done; cat pid";
    let pid = server.stdout(&["-tt"], command);
    assert!(lives(&pid), "{pid}");
    assert!(Command::new("kill").arg(pid.trim()).status().unwrap().success());
}

#[test]
fn one_connection_carries_twenty_commands() {
    let server = Server::start();
    let path = format!("ControlPath={}", text(&server.path("master")));
    let mut master = server.ssh(&["-N", "-M", "-o", &path], &[]).spawn().unwrap();
    let check = || server.ssh(&["-o", &path, "-O", "check"], &[]).output().unwrap().status.success();
    until("the master is ready", || check().then_some(()));
    let at_once: Vec<_> = (0..20)
        .map(|number| {
            let command = format!("echo {number}; echo $SSH_CLIENT; exit {number}");
            server.ssh(&["-o", &path], &[&command]).stdout(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut clients = Vec::new();
    for (number, child) in at_once.into_iter().enumerate() {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), i32::try_from(number).ok());
        let lines = String::from_utf8(output.stdout).unwrap();
        assert!(lines.starts_with(&format!("{number}\n")), "{lines}");
        clients.extend(lines.lines().nth(1).map(str::to_owned));
    }
    clients.dedup();
    assert_eq!(clients.len(), 1, "all came over the same connection: {clients:?}");
    master.kill().unwrap();
    master.wait().unwrap();
}

#[test]
fn rsync_carries_a_tree_up_and_down() {
    let server = Server::start();
    let (tree, back) = (server.path("tree"), server.path("back"));
    let names: Vec<String> = (0..50).map(|number| format!("{}/file {number}", number % 5)).collect();
    for (number, name) in names.iter().enumerate() {
        let path = tree.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, noise(number * 3001)).unwrap();
    }
    let remote = format!("root@127.0.0.1:{}/", text(&server.path("home/tree")));
    server.rsync(&format!("{}/", text(&tree)), &remote);
    server.rsync(&remote, &format!("{}/", text(&back)));
    for name in &names {
        let checksum_of = |root: &Path| checksum(&fs::read(root.join(name)).unwrap());
        assert_eq!(checksum_of(&back), checksum_of(&tree), "{name}");
    }
}

/// A port that answers each connection with what it was sent, backwards, once the client has said its end.
fn backwards() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).unwrap();
            bytes.reverse();
            let _ = stream.write_all(&bytes);
        }
    });
    port
}

fn check_round_trip(port: u16) {
    let mut sent = noise(1 << 20);
    // Before anybody listens, a connection to a port of the ephemeral range can be one to itself.
    let mut stream = until("the forwarded port is open", || {
        let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        (stream.local_addr().unwrap() != stream.peer_addr().unwrap()).then_some(stream)
    });
    stream.write_all(&sent).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    sent.reverse();
    assert_eq!(checksum(&received), checksum(&sent));
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_local_port_reaches_the_nodes_side() {
    let server = Server::start();
    let (local, target) = (free_port(), backwards());
    let forward = format!("127.0.0.1:{local}:localhost:{target}");
    let mut ssh = server.ssh(&["-N", "-L", &forward], &[]).spawn().unwrap();
    check_round_trip(local);
    check_round_trip(local);
    ssh.kill().unwrap();
    ssh.wait().unwrap();
}

#[test]
fn a_node_port_reaches_the_clients_side_whatever_address_was_asked_for_and_closes_with_it() {
    let server = Server::start();
    let target = backwards();
    for address in ["*:", "", "0.0.0.0:", "localhost:"] {
        let port = free_port();
        let forward = format!("{address}{port}:127.0.0.1:{target}");
        let more = ["-N", "-o", "ExitOnForwardFailure=yes", "-R", &forward];
        let mut ssh = server.ssh(&more, &[]).spawn().unwrap();
        check_round_trip(port);
        let mut elsewhere = Command::new("ss");
        let listening = elsewhere.args(["-Hltn", &format!("sport = :{port}")]).output().unwrap();
        let listening = String::from_utf8(listening.stdout).unwrap();
        assert!(listening.contains(&format!("127.0.0.1:{port} ")), "{address}: {listening}");
        assert_eq!(listening.lines().count(), 1, "{address}: {listening}");
        ssh.kill().unwrap();
        ssh.wait().unwrap();
        until("the port is closed", || TcpStream::connect(("127.0.0.1", port)).err());
    }
}

#[test]
fn a_forward_can_be_cancelled_and_a_taken_port_is_refused() {
    let server = Server::start();
    let path = format!("ControlPath={}", text(&server.path("master")));
    let (port, target) = (free_port(), backwards());
    let forward = format!("*:{port}:127.0.0.1:{target}");
    let mut master = server.ssh(&["-N", "-M", "-o", &path, "-R", &forward], &[]).spawn().unwrap();
    check_round_trip(port);
    let second = server.ssh(&["-N", "-o", "ExitOnForwardFailure=yes", "-R", &forward], &[]).output().unwrap();
    assert_eq!(second.status.code(), Some(255), "{second:?}");
    let cancel = server.ssh(&["-o", &path, "-O", "cancel", "-R", &forward], &[]).output().unwrap();
    assert!(cancel.status.success(), "{cancel:?}");
    until("the port is closed", || TcpStream::connect(("127.0.0.1", port)).err());
    master.kill().unwrap();
    master.wait().unwrap();
}

#[test]
fn a_refused_target_and_sftp_end_in_an_error_and_the_connection_goes_on() {
    let server = Server::start();
    let nobody = format!("127.0.0.1:{}", free_port());
    let refused = server.ssh(&["-o", "LogLevel=INFO", "-W", &nobody], &[]).output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("open failed"), "{refused:?}");
    let sftp = server.ssh(&["-s"], &["sftp"]).output().unwrap();
    assert!(String::from_utf8_lossy(&sftp.stderr).contains("subsystem request failed"), "{sftp:?}");
    let with_agent_and_x11 = server.ssh(&["-A", "-X"], &["echo $DISPLAY$SSH_AUTH_SOCK."]).output().unwrap();
    assert_eq!(with_agent_and_x11.stdout, b".\n");
}

#[test]
fn a_signal_that_ends_the_process_is_reported() {
    let server = Server::start();
    let output = server.ssh(&["-o", "LogLevel=DEBUG2"], &["kill -KILL $$"]).output().unwrap();
    assert_eq!(output.status.code(), Some(255));
    assert!(String::from_utf8_lossy(&output.stderr).contains("exit-signal"), "{output:?}");
}

#[test]
fn keepalives_are_answered() {
    let server = Server::start();
    let more = ["-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1"];
    assert_eq!(server.stdout(&more, "sleep 3; echo alive"), "alive\n");
}

#[test]
fn a_killed_client_leaves_no_process() {
    let server = Server::start();
    let stubborn = "trap '' HUP TERM; (trap '' HUP; sleep 1000; true) & echo $$ $!; wait";
    for more in [&["-T"][..], &["-tt"]] {
        let mut ssh = server.ssh(more, &[stubborn]).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = ssh.stdout.take().unwrap();
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            let mut byte = [0];
            stdout.read_exact(&mut byte).unwrap();
            line.push(byte[0]);
        }
        let line = String::from_utf8(line).unwrap();
        let pids: Vec<&str> = line.split_whitespace().collect();
        assert!(pids.len() == 2 && pids.iter().all(|pid| lives(pid)), "{more:?}: {line}");
        ssh.kill().unwrap();
        assert_eq!(ssh.wait().unwrap().signal(), Some(9));
        until("the session's processes are gone", || (!pids.iter().any(|pid| lives(pid))).then_some(()));
    }
}

#[test]
fn a_session_starts_with_default_signals_and_three_descriptors() {
    let server = Server::start();
    let status = server.stdout(&[], "grep -E '^Sig(Ign|Blk)' /proc/self/status; ls /proc/self/fd");
    let ignored_and_blocked: Vec<&str> = status.lines().take(2).collect();
    assert_eq!(ignored_and_blocked, ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"]);
    // The fourth is the listing's own.
    assert_eq!(status.lines().skip(2).collect::<Vec<_>>(), ["0", "1", "2", "3"]);
}

#[test]
fn many_sessions_leave_neither_descriptors_nor_zombies() {
    let server = Server::start();
    // Other tests share this process, so only what belongs to this server is counted: its children, by their home.
    let marker = text(&server.path("home"));
    for _ in 0..10 {
        assert!(server.exec("true").status.success());
        assert!(server.ssh(&["-tt"], &["true"]).output().unwrap().status.success());
    }
    until("no process of the server is left", || {
        let left = fs::read_dir("/proc").unwrap().flatten().any(|entry| {
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&format!("HOME={marker}"))
        });
        (!left).then_some(())
    });
}
