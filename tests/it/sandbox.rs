//! The sandbox and its nodes, as root (when the tests are run by root) and as an ordinary user.

mod killed;
mod logs;
mod nodes;

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
