//! `environment` with a uv of ours, which makes an environment in no time, or fails, or never ends.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::secrets;

/// Makes what the real one makes, as far as anybody looks; `$INSTALL` is what happens while installing.
const UV: &str = r#"#!/bin/sh
case "$1 $2" in
    "--version ") echo "uv 0.0.0" ;;
    "python find") exit 1 ;;
    "python install") printf 'error: Failed to download python\n  cause: dns error\n' >&2; exit 2 ;;
    "venv --no-project")
        for venv in "$@"; do :; done
        mkdir -p "$venv/bin"; touch "$venv/bin/python" ;;
    "pip install")
        eval "$INSTALL"
        printf '#!/bin/sh\necho ray-on-golem %s\n' "${RELEASE-0.13.0}" > venv/bin/ray-on-golem
        printf '#!/bin/sh\necho ray, version 2.9.3\n' > venv/bin/ray
        chmod 755 venv/bin/ray*  ;;
esac
"#;

/// A Python of the given version, as far as anybody asks.
const PYTHON: &str = "#!/bin/sh\nprintf '%s\\n' VERSION \"$0\" /usr True\n";

struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(machine.path("bin")).unwrap();
        std::fs::create_dir_all(machine.path("project")).unwrap();
        std::fs::write(machine.path("project/requirements.lock"), "ray==2.9.3\n").unwrap();
        machine.program("uv", UV);
        machine.python("3.10.13");
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    fn program(&self, name: &str, script: &str) {
        let file = self.path("bin").join(name);
        std::fs::write(&file, script).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn python(&self, version: &str) {
        self.program("python3", &PYTHON.replace("VERSION", version));
    }

    /// A Python whose environments have a python that does this, whatever pip is asked for.
    fn python_with_pip(&self, script: &str) {
        self.program("pip-of-venv", &format!("#!/bin/sh\nbin=${{0%/*}}\n{script}\n"));
        let make = "#!/bin/sh\nif [ \"$1 $2\" = '-m venv' ]; then\n    mkdir -p \"$3/bin\"\n    \
                    cp \"${0%/*}/pip-of-venv\" \"$3/bin/python\"\n    exit\nfi\n";
        self.program("python3", &PYTHON.replace("#!/bin/sh\n", make).replace("VERSION", "3.10.13"));
    }

    fn command(&self, project: &str, install: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_golem-outbound"));
        command
            .arg("environment")
            .arg(self.path(project))
            .arg("--python")
            .arg(self.path("bin/python3"))
            .env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()))
            .env("INSTALL", install);
        command
    }

    fn environment(&self, project: &str, install: &str) -> Output {
        self.command(project, install).output().unwrap()
    }

    /// `environment` with the real Python of this machine and its pip. No uv: `.golem-outbound/uv` has to be a file,
    /// where none could be put.
    fn with_pip(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_golem-outbound"));
        command.arg("environment").arg(self.path("project"));
        command.arg("--python").arg(crate::python_env::interpreter()).env("PATH", "/usr/bin:/bin");
        command
    }

    /// Starts one whose installation says its process id in a file and never ends.
    fn endless(&self) -> (Child, i32) {
        let said = self.path("pid");
        let install = format!("echo $$ > {0}.new; mv {0}.new {0}; exec sleep 600", said.display());
        let child = self
            .command("project", &install)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually("the installation did not begin", || said.exists());
        (child, std::fs::read_to_string(said).unwrap().trim().parse().unwrap())
    }
}

fn eventually(what: &str, state: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !state() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn process_exists(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn the_second_call_does_nothing_in_no_time() {
    let machine = Machine::new();
    let output = machine.environment("project", "");
    assert!(output.status.success(), "{}", said(&output));
    let python = format!("{}\n", machine.path("project/venv/bin/python").display());
    assert_eq!(String::from_utf8_lossy(&output.stdout), python);
    let started = Instant::now();
    let output = machine.environment("project", "exit 1");
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    assert_eq!(said(&output), "the environment is current\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout), python);
}

#[test]
fn what_it_keeps_for_itself_is_private() {
    let machine = Machine::new();
    assert!(machine.environment("project", "").status.success());
    let folder = machine.path("project/.golem-outbound");
    assert_eq!(secrets::mode(&folder), 0o700);
    for file in secrets::files(&folder) {
        assert_eq!(secrets::mode(&file), 0o600, "`{}`", file.display());
    }
}

#[test]
fn a_moved_project_and_a_deleted_environment_are_noticed_and_made_anew() {
    let machine = Machine::new();
    assert!(machine.environment("project", "").status.success());
    std::fs::rename(machine.path("project"), machine.path("moved")).unwrap();
    let output = machine.environment("moved", "");
    assert!(output.status.success(), "{}", said(&output));
    let expected = format!("the project was moved here from `{}`", machine.path("project").display());
    assert!(said(&output).contains(&expected), "{}", said(&output));
    std::fs::remove_dir_all(machine.path("moved/venv")).unwrap();
    let output = machine.environment("moved", "");
    assert!(output.status.success());
    assert!(said(&output).contains("the environment was deleted; making it anew"), "{}", said(&output));
}

#[test]
fn a_registry_that_cannot_be_reached_leaves_nothing_half_made() {
    let machine = Machine::new();
    machine
        .python_with_pip("echo 'WARNING: Retrying (Retry(total=0)) http://me:secret@registry.test/'; exit 1");
    let install = "echo 'error: Failed to fetch: `http://me:secret@registry.test/simple/ray/`'; exit 2";
    let output = machine.environment("project", install);
    assert_eq!(output.status.code(), Some(4));
    assert!(said(&output).contains("the package registry cannot be reached"), "{}", said(&output));
    assert!(said(&output).contains("wheels"), "{}", said(&output));
    assert!(!said(&output).contains("secret"), "{}", said(&output));
    assert!(!machine.path("project/venv").exists());
}

#[test]
fn a_full_disk_leaves_nothing_half_made() {
    let machine = Machine::new();
    let output = machine.environment("project", "echo 'No space left on device (os error 28)'; exit 2");
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(!machine.path("project/venv").exists());
}

/// Runs the program with the project's folder on a disk of its own that takes so many files, and says what is in it
/// afterwards. Files without content fill a disk as well, and cost nothing.
fn on_a_small_disk(machine: &Machine, files: u32, command: &Command) -> (Output, String) {
    let script =
        "mount -t tmpfs -o size=900m,nr_inodes=\"$FILES\" disk \"$PROJECT\" && cd \"$PROJECT\" || exit 99
        echo ray==2.9.3 > requirements.lock; mkdir -m 700 .golem-outbound; touch .golem-outbound/uv
        \"$@\"; code=$?; ls; exit $code";
    let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]);
    unshare.arg(command.get_program()).args(arguments);
    unshare.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    unshare.env("FILES", files.to_string()).env("PROJECT", machine.path("project"));
    let output = unshare.output().unwrap();
    let left = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, left)
}

#[test]
fn a_disk_that_fills_while_uv_installs_is_named_and_left_as_it_was() {
    let machine = Machine::new();
    let install = "for name in $(seq 100); do : > venv/$name || exit 2; done";
    let (output, left) = on_a_small_disk(&machine, 40, &machine.command("project", install));
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("install `requirements.lock`: the disk is full"), "{}", said(&output));
    assert!(said(&output).contains("`df -h . /tmp ~/.cache`"), "{}", said(&output));
    assert_eq!(left, "requirements.lock\n");
}

/// The real Python, and the real pip that comes with it.
#[test]
fn a_disk_that_fills_before_pip_can_install_is_named_and_left_as_it_was() {
    let machine = Machine::new();
    for files in [6, 60] {
        let (output, left) = on_a_small_disk(&machine, files, &machine.with_pip());
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(said(&output).contains("the disk is full") || files < 10, "{}", said(&output));
        assert!(said(&output).contains("No space left on device") || files > 10, "{}", said(&output));
        assert!(said(&output).contains("`df -h . /tmp ~/.cache`"), "{}", said(&output));
        assert_eq!(left, "requirements.lock\n");
    }
}

/// The real pip again: nobody listens on port 9.
#[test]
fn a_registry_that_refuses_connections_is_not_the_readers_fault() {
    let machine = Machine::new();
    std::fs::create_dir(machine.path("project/.golem-outbound")).unwrap();
    std::fs::write(machine.path("project/.golem-outbound/uv"), "").unwrap();
    let mut command = machine.with_pip();
    command.env("PIP_INDEX_URL", "http://me:secret@127.0.0.1:9/simple").env("PIP_CONFIG_FILE", "/dev/null");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(said(&output).contains("the package registry cannot be reached"), "{}", said(&output));
    assert!(said(&output).contains("hint: try the same command again"), "{}", said(&output));
    assert!(!said(&output).contains("secret"), "{}", said(&output));
    assert!(!machine.path("project/venv").exists());
}

#[test]
fn another_release_than_the_locks_is_refused() {
    let machine = Machine::new();
    let output = machine.environment("project", "RELEASE=0.8.0");
    assert_eq!(output.status.code(), Some(3));
    assert!(
        said(&output).contains("should say `ray-on-golem 0.13.0`, and said `ray-on-golem 0.8.0`"),
        "{}",
        said(&output)
    );
    assert!(!machine.path("project/venv").exists());
}

#[test]
fn a_python_that_is_too_new_is_refused_before_anything_is_written() {
    let machine = Machine::new();
    machine.python("3.12.1");
    let output = machine.environment("project", "");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("Python 3.12.1 is too new: Ray 2.9.3 has no wheels for it"),
        "{}",
        said(&output)
    );
    assert!(!machine.path("project/venv").exists());
}

#[test]
fn somebody_elses_environment_is_not_touched() {
    let machine = Machine::new();
    std::fs::create_dir(machine.path("project/venv")).unwrap();
    std::fs::write(machine.path("project/venv/mine"), "").unwrap();
    let output = machine.environment("project", "");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("`mv venv venv.mine`"), "{}", said(&output));
    assert!(machine.path("project/venv/mine").exists());
}

#[test]
fn an_environment_made_by_hand_from_the_same_releases_is_taken() {
    let machine = Machine::new();
    assert!(machine.environment("project", "").status.success());
    std::fs::remove_file(machine.path("project/venv/golem-outbound.json")).unwrap();
    let output = machine.environment("project", "exit 1");
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_folder_that_is_no_project_is_said_to_be_none() {
    let machine = Machine::new();
    let output = machine.environment("bin", "");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("requirements.lock") && said(&output).contains("golem-outbound new"));
}

#[test]
fn ctrl_c_takes_the_half_made_environment_back() {
    let machine = Machine::new();
    let (mut child, installer) = machine.endless();
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!process_exists(installer));
    assert!(!machine.path("project/venv").exists());
}

#[test]
fn after_a_kill_no_process_is_left_and_the_next_call_repairs() {
    let machine = Machine::new();
    let (mut child, installer) = machine.endless();
    let output = machine.environment("project", "");
    assert!(
        said(&output).contains("half made") || said(&output).contains("another run"),
        "{}",
        said(&output)
    );
    assert_eq!(output.status.code(), Some(2), "two at once: the second is refused");
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("the installer outlived its runner", || !process_exists(installer));
    let output = machine.environment("project", "");
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("the environment was left half made"), "{}", said(&output));
}

/// A machine whose only Python is one that cannot work, and which cannot make another; with a uv, because that finds no
/// download.
fn only(version: &str, has_venv: &str, has_uv: bool) -> String {
    let machine = Machine::new();
    if !has_uv {
        std::fs::remove_file(machine.path("bin/uv")).unwrap();
    }
    machine.program("python3", &PYTHON.replace("VERSION", version).replace("True", has_venv));
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c"])
        // Nothing but this Python is left in the system's folder of programs.
        .arg("cp /bin/dash \"$BIN/sh\"; mount --bind \"$BIN\" /usr/bin && exec \"$PROGRAM\" environment \"$PROJECT\"")
        .env("BIN", machine.path("bin"))
        .env("PATH", format!("{}:/usr/bin:/bin", machine.path("bin").display()))
        .env("PROGRAM", env!("CARGO_BIN_EXE_golem-outbound"))
        .env("PROJECT", machine.path("project"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(!machine.path("project/venv").exists());
    said(&output)
}

#[test]
fn a_machine_with_unsuitable_pythons_alone_is_told_why_and_what_to_do() {
    let new = only("3.13.0", "False", false);
    assert!(new.contains("Python 3.13.0 is too new: Ray 2.9.3 has no wheels for it"), "{new}");
    assert!(new.contains("silently install ray-on-golem 0.8.0"), "{new}");
    assert!(new.contains("`sudo apt-get install -y python3-venv`, then the same command again"), "{new}");
    let old = only("3.7.16", "False", false);
    assert!(old.contains("Python 3.7.16 is too old"), "{old}");
    assert!(old.contains("`uv python install 3.11`"), "{old}");
}

#[test]
fn a_uv_that_can_download_no_python_does_not_hide_why_one_is_needed() {
    for (version, why) in
        [("3.12.1", "is too new: Ray 2.9.3 has no wheels"), ("3.8.18", "is too old: pip would")]
    {
        let said = only(version, "True", true);
        assert!(said.contains(&format!("on this machine; Python {version} {why}")), "{said}");
        assert!(said.contains("hint: uv could not download one just now: dns error"), "{said}");
        assert!(said.contains("`sudo apt-get install -y python3 python3-venv`"), "{said}");
    }
}

#[test]
fn pip_takes_over_where_uv_cannot_reach_the_registry() {
    let machine = Machine::new();
    machine.python_with_pip(
        "printf '#!/bin/sh\\necho ray-on-golem 0.13.0\\n' > \"$bin/ray-on-golem\"
         printf '#!/bin/sh\\necho ray, version 2.9.3\\n' > \"$bin/ray\"
         chmod 755 \"$bin\"/ray*",
    );
    let output =
        machine.environment("project", "echo 'error: Failed to fetch: `https://registry.test/`'; exit 2");
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("uv cannot reach the package registry; trying pip"), "{}", said(&output));
    assert!(
        std::fs::read_to_string(machine.path("project/venv/golem-outbound.json"))
            .unwrap()
            .contains("\"pip\"")
    );
}
