//! The sandbox and its nodes, as root (when the tests are run by root) and as an ordinary user.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use golem_outbound::localnet::sandbox::state::{State, ended_within, send_signal};
use nix::sys::signal::Signal;

use crate::secrets;

/// An ordinary user that every machine has.
const NOBODY: u32 = 65534;

/// Far more than anything here takes; only a defect waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A localnet's directory, environment and user for one test.
pub(crate) struct Bench {
    root: tempfile::TempDir,
    user: Option<u32>,
}

impl Bench {
    pub(crate) fn new(user: Option<u32>) -> Self {
        let root = tempfile::tempdir().unwrap();
        // The build's directory may be closed to other users. A program of its own copies, because a file that this
        // process wrote could still be open in a child of another test, and then cannot be executed.
        let program = env!("CARGO_BIN_EXE_golem-outbound");
        assert!(Command::new("cp").arg(program).arg(root.path()).status().unwrap().success());
        make_venv(&root.path().join("venv"));
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        chown(root.path(), user, user).unwrap();
        Self { root, user }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Longer than the path of a Unix socket may be.
    fn dir(&self) -> PathBuf {
        self.path(&"long/".repeat(30)).join("localnet")
    }

    fn localnet(&self, command: &str, rest: &[&str]) -> Command {
        let mut call = Command::new(self.path("golem-outbound"));
        call.args(["localnet", command, "--dir"]).arg(self.dir()).args(rest).current_dir(self.root.path());
        call.env("HOME", self.root.path()).env_remove("VIRTUAL_ENV").stdin(Stdio::null());
        if let Some(user) = self.user {
            call.uid(user).gid(user);
        }
        call
    }

    pub(crate) fn up(&self) -> State {
        let output = self.localnet("up", &[]).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        self.state()
    }

    fn state(&self) -> State {
        State::read_live(&self.dir()).unwrap().expect("it runs")
    }

    pub(crate) fn exec(&self, command: &[&str]) -> Output {
        self.localnet("exec", &[&["--"], command].concat()).output().unwrap()
    }

    fn shell(&self, script: &str) -> String {
        let output = self.exec(&["sh", "-c", script]);
        assert!(output.status.success(), "{script}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs a shell's script on a node of its own.
    fn on_node(&self, options: &[&str], script: &str) -> Output {
        let (program, dir) = (self.path("golem-outbound"), self.dir());
        let (program, dir) = (program.to_str().unwrap(), dir.to_str().unwrap());
        let start = [program, "__localnet", "try-node", "--dir", dir];
        self.exec(&[&start[..], options, &["/bin/bash", "-c", script]].concat())
    }

    /// Nothing of this bench lives, and the machine has no mount of it.
    fn assert_nothing_left(&self) {
        let own = self.root.path().to_str().unwrap();
        let left: Vec<String> = fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
            .map(|command| text(&command))
            .filter(|command| command.contains(own))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains(own) && !mounts.contains("golem-outbound"), "{mounts}");
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.localnet("down", &[]).output();
    }
}

/// A virtual environment whose Ray says only that it is there: nodes need no more to be made.
fn make_venv(venv: &Path) {
    let asked =
        Command::new(python()).args(["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).output();
    let version = format!("python{}", text(&asked.unwrap().stdout).trim());
    let packages = venv.join("lib").join(version).join("site-packages");
    fs::create_dir_all(packages.join("ray/scripts")).unwrap();
    fs::write(packages.join("ray/__init__.py"), "").unwrap();
    fs::write(packages.join("ray/scripts/__init__.py"), "").unwrap();
    fs::write(packages.join("ray/scripts/scripts.py"), "def main():\n    print('ray runs')\n").unwrap();
    fs::create_dir_all(venv.join("bin")).unwrap();
    fs::write(venv.join("bin/ray"), "#!/bin/sh\necho ray\n").unwrap();
    fs::set_permissions(venv.join("bin/ray"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(venv.join("pyvenv.cfg"), "home = /usr/bin\n").unwrap();
    symlink(python(), venv.join("bin/python")).unwrap();
}

/// The system's interpreter, which every user may run, before one of a user's own.
fn python() -> PathBuf {
    let path = which::which_in("python3", Some("/usr/bin:/usr/local/bin"), "/");
    path.or_else(|_| which::which("python3")).expect("python3 is installed")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Each test is for the user who runs it and, if that is root, for an ordinary one too.
fn for_every_user(test: impl Fn(&Bench)) {
    test(&Bench::new(None));
    if nix::unistd::geteuid().is_root() {
        test(&Bench::new(Some(NOBODY)));
    }
}

fn assert_ends(process: &OwnedFd) {
    assert!(ended_within(process, PATIENCE), "a process outlived the localnet");
}

/// A command in the sandbox that has said a line and goes on until its stdin ends.
fn start_and_hear(mut command: Command, line: &str) -> Child {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut heard = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut heard).unwrap();
    assert_eq!(heard.trim(), line);
    child
}

#[test]
fn a_command_sees_a_machine_of_its_own() {
    for_every_user(|bench| {
        bench.up();
        assert_eq!(bench.shell("id -u; cat /proc/1/comm"), "0\ninit\n");
        assert_eq!(bench.shell("command -v ray"), format!("{}\n", bench.path("venv/bin/ray").display()));
        assert_eq!(bench.shell("echo $HOME"), format!("{}\n", bench.dir().join("home").display()));
        let registry = bench.shell("getent hosts registry.golem.network");
        assert!(registry.starts_with("127.0.0.1 "), "{registry}");
        bench.shell("echo private > /tmp/sandbox-test-is-private; test -k /tmp");
        assert!(!Path::new("/tmp/sandbox-test-is-private").exists());
        assert_eq!(bench.shell("cat /tmp/sandbox-test-is-private"), "private\n");
    });
}

#[test]
fn exit_codes_and_arguments_pass_through() {
    for_every_user(|bench| {
        bench.up();
        assert_eq!(bench.exec(&["sh", "-c", "exit 7"]).status.code(), Some(7));
        assert_eq!(bench.exec(&["sh", "-c", "kill -9 $$"]).status.code(), Some(137));
        assert_eq!(text(&bench.exec(&["printf", "<%s>", "a b", "--dir", ""]).stdout), "<a b><--dir><>");
        let set = bench.localnet("exec", &["--env", "A=b c", "--", "printenv", "A"]).output().unwrap();
        assert_eq!(text(&set.stdout), "b c\n");
        let missing = bench.exec(&["no-such-program"]);
        assert_eq!(missing.status.code(), Some(3));
        assert!(text(&missing.stderr).contains("failed to find the program `no-such-program`"));
    });
}

#[test]
fn a_signal_reaches_the_command() {
    for_every_user(|bench| {
        bench.up();
        let script = "import signal, sys\ndef end(*_):\n  print('ended', flush=True)\n  sys.exit(5)\n\
                      signal.signal(signal.SIGTERM, end)\nprint('ready', flush=True)\nsignal.pause()\n";
        let mut child = start_and_hear(bench.localnet("exec", &["--", "python3", "-c", script]), "ready");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
        let mut rest = String::new();
        child.stdout.as_mut().unwrap().read_to_string(&mut rest).unwrap();
        assert_eq!((rest.as_str(), child.wait().unwrap().code()), ("ended\n", Some(5)));
    });
}

#[test]
fn the_registry_listens_on_port_443_and_the_machine_does_not_see_it() {
    for_every_user(|bench| {
        bench.up();
        let inside = bench.shell("cat /proc/net/tcp");
        assert!(inside.contains("0100007F:01BB 00000000:0000 0A"), "{inside}");
        let outside = fs::read_to_string("/proc/net/tcp").unwrap();
        assert!(!outside.contains("0100007F:01BB 00000000:0000 0A"), "{outside}");
        // A command of the requestor may have a port below 1024 too.
        let script = "import socket; socket.create_server(('127.0.0.1', 444)); print('bound')";
        assert_eq!(text(&bench.exec(&["python3", "-c", script]).stdout), "bound\n");
    });
}

#[test]
fn a_second_up_is_refused_and_down_leaves_nothing() {
    for_every_user(|bench| {
        let state = bench.up();
        let second = bench.localnet("up", &[]).output().unwrap();
        assert_eq!(second.status.code(), Some(2));
        assert!(text(&second.stderr).contains("hint: end it: `golem-outbound localnet down`"));
        assert_eq!(bench.state(), state);
        let sleeper = start_and_hear(bench.localnet("exec", &["--", "sh", "-c", "echo ready; cat"]), "ready");
        assert!(bench.localnet("down", &[]).output().unwrap().status.success());
        sleeper.wait_with_output().unwrap();
        bench.assert_nothing_left();
        let absent = bench.exec(&["true"]);
        assert_eq!(absent.status.code(), Some(2));
        assert!(text(&absent.stderr).contains("hint: start it: `golem-outbound localnet up`"));
        assert!(bench.localnet("down", &[]).output().unwrap().status.success());
    });
}

#[test]
fn sigkill_of_the_keeper_ends_everything_and_up_works_again() {
    for_every_user(|bench| {
        let state = bench.up();
        let sleeper = start_and_hear(bench.localnet("exec", &["--", "sh", "-c", "echo ready; cat"]), "ready");
        let below = [state.init, state.stage].map(|process| process.open().unwrap());
        send_signal(&state.keeper.open().unwrap(), Signal::SIGKILL);
        let told = bench.localnet("status", &[]).output().unwrap();
        assert_eq!(text(&told.stdout).lines().next(), Some("localnet    down"), "{}", text(&told.stderr));
        below.iter().for_each(assert_ends);
        sleeper.wait_with_output().unwrap();
        bench.assert_nothing_left();
        assert_ne!(bench.up().init, state.init);
    });
}

#[test]
fn sigkill_of_the_starter_ends_everything_when_it_holds_the_lifeline() {
    for_every_user(|bench| {
        let mut starter = bench.localnet("up", &["--foreground"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(starter.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("The localnet is up (simulated)"), "{line}");
        let state = bench.state();
        let processes = [state.keeper, state.stage, state.init].map(|process| process.open().unwrap());
        starter.kill().unwrap();
        starter.wait().unwrap();
        processes.iter().for_each(assert_ends);
        bench.assert_nothing_left();
    });
}

/// As ray-on-golem behaves: a private key and a database beside the logs, app-keys on command lines, rotated logs.
#[test]
fn what_ray_on_golem_writes_is_in_memory_and_its_logs_are_shown_without_keys() {
    for_every_user(|bench| {
        let state = bench.up();
        let key =
            bench.shell("$YAGNA_PATH app-key create ray-on-golem --json").trim().trim_matches('"').to_owned();
        assert_eq!(key.len(), 32, "{key}");
        let script = "cd $RAY_ON_GOLEM_DATADIR && mkdir db && echo $0 > db/reputation.sqlite3 && \
                      echo \"first 'Bearer $0'\" > webserver.log && gzip -c webserver.log > webserver.log.1.gz && \
                      rm webserver.log && echo \"second $0\" > webserver.log && pwd -P && cat webserver.log";
        let said = bench.shell(&script.replace("$0", &key));
        let folder = bench.dir().join("ray-on-golem");
        assert_eq!(said, format!("{}\nsecond {key}\n", folder.display()));
        until_it_holds(&folder.join("webserver.log"), "second [redacted]\n");
        bench.shell(&format!("printf 'unfinished {key}' >> $RAY_ON_GOLEM_DATADIR/webserver.log"));
        assert_private(&bench.dir(), &key);

        assert!(bench.localnet("down", &[]).output().unwrap().status.success());
        let log = fs::read_to_string(folder.join("webserver.log")).unwrap();
        assert!(
            log.ends_with("second [redacted]\nunfinished [redacted]"),
            "an orderly end loses nothing: {log}"
        );
        assert_private(&bench.dir(), &key);
        assert_ne!(bench.up().init, state.init);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "a new localnet begins with no logs");
        assert_eq!(bench.shell("ls -A $RAY_ON_GOLEM_DATADIR"), "");
    });
}

/// Waits for a log that is written behind our back; how long is for the defect that never writes it.
fn until_it_holds(log: &Path, line: &str) {
    let deadline = Instant::now() + PATIENCE;
    let read = || fs::read_to_string(log).unwrap_or_default();
    while !read().contains(line) {
        assert!(Instant::now() < deadline, "`{}` holds {}", log.display(), read());
        std::thread::yield_now();
    }
}

/// All below the localnet's directory is its owner's alone, and no file holds the key.
fn assert_private(dir: &Path, key: &str) {
    secrets::assert_private(dir);
    assert_eq!(secrets::holders(dir, &[key]), Vec::<PathBuf>::new());
}

#[test]
fn a_node_has_its_address_its_root_and_ray() {
    for_every_user(|bench| {
        bench.up();
        let script = "echo hi; ip -4 -o addr show eth0; mv /root_copy/{.bashrc,.profile,.config,.local,venv} /root && \
                      source /root/.bashrc && command -v ray && ray && python -c 'import ray; print(ray.__file__)' && \
                      touch $VIRTUAL_ENV/written && ls -d /home/* /root/* 2> /dev/null; cat /proc/1/comm";
        let output = bench.on_node(&[], script);
        let said = text(&output.stdout);
        assert!(output.status.success(), "{said}{}", text(&output.stderr));
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[0], "hi");
        assert!(lines[1].contains("inet 192.168.0.3/16"), "{}", lines[1]);
        assert_eq!(
            lines[2..],
            [
                "/root/venv/bin/ray",
                "ray runs",
                "/opt/golem/site-packages/ray/__init__.py",
                "/root/venv",
                "init"
            ]
        );
    });
}

#[test]
fn a_node_cannot_write_to_the_machine_or_see_the_requestors_network() {
    for_every_user(|bench| {
        bench.up();
        let script = "touch /usr/written; touch /opt/golem/site-packages/written; ls /etc/shadow; \
                      ls /sys/class/net; ip route; test -e /tmp/golem-outbound || echo own /tmp";
        let output = bench.on_node(&[], script);
        assert_eq!(
            text(&output.stdout),
            "eth0\nlo\n192.168.0.0/16 dev eth0 proto kernel scope link src 192.168.0.3 \nown /tmp\n"
        );
        assert_eq!(text(&output.stderr).matches("Read-only file system").count(), 2);
    });
}

#[test]
fn a_port_of_a_node_is_reached_over_the_vpn() {
    for_every_user(|bench| {
        bench.up();
        let server = "import os, socket\ns = socket.create_server(('', 7000))\nif os.fork() == 0:\n  \
                      c, peer = s.accept()\n  c.sendall(peer[0].encode())\n";
        let output = bench.on_node(&["--connect", "7000"], &format!("python3 -c \"{server}\""));
        assert_eq!(text(&output.stdout), "192.168.0.1", "{}", text(&output.stderr));
        let closed = bench.on_node(&["--connect", "7001"], "true");
        assert!(text(&closed.stderr).contains("failed to connect to the node: Connection refused"));
    });
}

#[test]
fn nodes_reach_each_other_and_all_end() {
    for_every_user(|bench| {
        bench.up();
        let script = "exec 3<> /dev/tcp/192.168.0.4/22 && echo reached; cat < /dev/tcp/192.168.0.5/22";
        let output = bench.on_node(&["--peer"], script);
        assert_eq!(text(&output.stdout), "reached\n", "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("No route to host"), "{}", text(&output.stderr));
        assert_eq!(
            bench.shell("cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c -- '--pla[n]' || true"),
            "0\n"
        );
    });
}

#[test]
fn a_machine_without_user_namespaces_is_told_the_setting_and_the_remedy() {
    for_every_user(|bench| {
        // In a user namespace of its own the limit can be set without touching the machine.
        let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" \"$@\"";
        let up = bench.localnet("up", &[]);
        let mut call = Command::new("unshare");
        call.args(["--user", "--map-root-user", "sh", "-c", script])
            .arg(up.get_program())
            .args(up.get_args());
        call.current_dir(bench.root.path()).stdin(Stdio::null());
        if let Some(user) = bench.user {
            call.uid(user).gid(user);
        }
        let output = call.output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("user.max_user_namespaces is 0"), "{said}");
        assert!(said.contains("hint: type: `sysctl -w user.max_user_namespaces=15000`"), "{said}");
    });
}

#[test]
fn the_ssh_service_listens_when_its_command_returns() {
    for_every_user(|bench| {
        bench.up();
        let script = "service ssh status; service ssh start && service ssh status && service ssh restart && \
                      grep -c ':0016 00000000:0000 0A' /proc/net/tcp; service other start";
        let output = bench.on_node(&[], script);
        let start = "Starting OpenBSD Secure Shell server: sshd.";
        assert_eq!(text(&output.stdout), format!("{start}\nsshd is running.\n{start}\n1\n"));
        assert_eq!(text(&output.stderr), "sshd is not running ... failed!\nother: unrecognized service\n");
        assert_eq!(output.status.code(), Some(1));
    });
}

#[test]
fn an_environment_without_ray_is_named() {
    let bench = Bench::new(None);
    fs::remove_file(bench.path("venv/bin/ray")).unwrap();
    let output = bench.localnet("up", &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = text(&output.stderr);
    assert!(said.contains("there is no `ray` in the Python environment"), "{said}");
    assert!(said.contains("hint: make the project's environment: `golem-outbound environment`"), "{said}");
}

/// The keeper stays in the machine's network, and listens on nothing there; all that listens has a network of its own.
#[test]
fn nothing_of_a_localnet_listens_on_the_machine() {
    let bench = Bench::new(None);
    let state = bench.up();
    let listening: Vec<String> = ["tcp", "tcp6", "udp", "udp6"]
        .iter()
        .flat_map(|table| {
            fs::read_to_string(format!("/proc/self/net/{table}"))
                .unwrap_or_default()
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter_map(|line| line.split_whitespace().nth(9).map(|inode| format!("socket:[{inode}]")))
        .collect();
    let machine = fs::read_link("/proc/self/ns/net").unwrap();
    let network = |pid: i32| fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
    assert_eq!(network(state.keeper.pid), machine);
    assert_ne!(network(state.init.pid), machine, "the sandbox has a network of its own");
    for descriptor in fs::read_dir(format!("/proc/{}/fd", state.keeper.pid)).unwrap().flatten() {
        let target = fs::read_link(descriptor.path()).unwrap_or_default();
        assert!(!listening.iter().any(|socket| target == Path::new(socket)), "{}", target.display());
    }
    for process in golem_outbound::exec::descendants::descendants(state.init.pid) {
        if let Ok(link) = fs::read_link(format!("/proc/{}/ns/net", process.pid)) {
            assert_ne!(link, machine, "process {}", process.pid);
        }
    }
}
