//! `doctor` on a machine without the programs of the walk: a PATH that holds nothing but an apt-get of ours.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

const PROGRAMS: [&str; 5] = ["rsync", "ssh", "ssh-keygen", "ip", "uptime"];

/// Says its arguments and "installs" what rsync, openssh-client, iproute2 and procps hold.
const APT_GET: &str = "#!/bin/sh
echo \"apt-get $* ($DEBIAN_FRONTEND)\"
[ \"$1\" = install ] || exit 0
for name in rsync ssh ssh-keygen ip uptime; do
    printf '#!/bin/sh\\n' > \"${0%/*}/$name\"
    /bin/chmod 755 \"${0%/*}/$name\"
done
";

const UNREACHABLE: &str = "#!/bin/sh
echo \"E: Failed to fetch http://me:secret@mirror.test/rsync.deb  Could not connect to mirror.test:80\"
exit 100
";

fn machine(apt_get: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    if let Some(script) = apt_get {
        let file = folder.path().join("apt-get");
        std::fs::write(&file, script).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

fn doctor(path: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_golem-outbound"))
        .arg("doctor")
        .args(arguments)
        .env("PATH", path)
        .current_dir(path)
        .output()
        .unwrap()
}

fn root() -> bool {
    nix::unistd::geteuid().is_root()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn everything_is_missing_at_once_and_the_exact_command_is_shown() {
    let machine = machine(Some(APT_GET));
    let output = doctor(machine.path(), &[]);
    assert_eq!(output.status.code(), Some(3));
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    for name in PROGRAMS {
        assert!(found.contains(&format!("missing  {name}\n")), "{found}");
    }
    let sudo = if root() { "" } else { "sudo " };
    let expected = format!("`{sudo}apt-get install -y rsync openssh-client iproute2 procps");
    assert!(stderr(&output).contains(&expected), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("this machine lacks rsync, ssh, ssh-keygen, ip, uptime"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn programs_read_the_same_as_json() {
    let machine = machine(Some(APT_GET));
    let output = doctor(machine.path(), &["--format", "json"]);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["complete"], false);
    assert_eq!(value["findings"][0]["subject"], "rsync");
    assert_eq!(value["findings"][0]["standing"], "missing");
    assert_eq!(value["findings"][0]["packages"][0], "rsync");
    assert_eq!(output.status.code(), Some(3));
    let sudo = if root() { "" } else { "sudo " };
    let install = format!("{sudo}apt-get install -y rsync openssh-client iproute2 procps");
    let commands = value["commands"].as_array().unwrap();
    assert!(commands.iter().any(|command| command.as_str().unwrap().starts_with(&install)), "{commands:?}");
}

#[test]
fn without_consent_nothing_is_installed() {
    let machine = machine(Some(APT_GET));
    let output = doctor(machine.path(), &["--fix"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("hint: type: `"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("(noninteractive)"), "apt-get ran: {}", stderr(&output));
    assert!(!machine.path().join("rsync").exists());
}

#[test]
fn consent_of_root_installs_and_looks_again() {
    let machine = machine(Some(APT_GET));
    let output = doctor(machine.path(), &["--fix", "--yes"]);
    let said = stderr(&output);
    if root() {
        assert!(said.contains("apt-get install -y rsync openssh-client iproute2 procps"), "{said}");
        assert!(said.contains("(noninteractive)"), "{said}");
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        for name in PROGRAMS {
            assert!(found.contains(&format!("ready    {name}\n")), "{found}");
            assert!(machine.path().join(name).is_file(), "{name}");
        }
        assert!(!said.contains("this machine lacks rsync"), "{said}");
    } else {
        // There is no sudo on this PATH, so that a person must type it.
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(!machine.path().join("rsync").exists());
    }
}

#[test]
fn an_archive_that_cannot_be_reached_is_inconclusive_and_credentials_stay_hidden() {
    if !root() {
        return;
    }
    let machine = machine(Some(UNREACHABLE));
    let output = doctor(machine.path(), &["--fix", "--yes"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let error = stderr(&output).split("error: ").nth(1).unwrap().to_owned();
    assert!(error.contains("cannot be reached") && !error.contains("secret"), "{error}");
}

#[test]
fn a_machine_without_apt_get_is_told_the_packages() {
    let machine = machine(None);
    let output = doctor(machine.path(), &["--fix", "--yes"]);
    assert_eq!(output.status.code(), Some(3));
    let expected = "there is no apt-get here; install what these Debian packages hold: rsync openssh-client";
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
}

#[test]
fn an_ordinary_user_without_sudo_gets_the_exact_command() {
    if !root() {
        return;
    }
    let machine = machine(Some(APT_GET));
    std::fs::set_permissions(machine.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    // The program's own folder may be closed to other users. A program of its own copies, because a file that this
    // process wrote could still be open in a child of another test, and then cannot be executed.
    let program = machine.path().join("golem-outbound");
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_golem-outbound")).arg(&program).status().unwrap();
    assert!(copied.success());
    let output = Command::new(&program)
        .uid(65534)
        .gid(65534)
        .args(["doctor", "--fix", "--yes"])
        .env("PATH", machine.path())
        .current_dir(machine.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let command = "hint: type: `sudo apt-get install -y rsync openssh-client iproute2 procps";
    assert!(stderr(&output).contains(command), "{}", stderr(&output));
    assert!(!machine.path().join("rsync").exists(), "installed without rights");
}

/// What `doctor` says of user namespaces when it is started by `unshare` in a mount namespace where `setup` was done.
fn where_the_kernel_refuses(setup: &str) -> (Option<i32>, String) {
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c"])
        .arg(format!("{setup} && exec \"$PROGRAM\" doctor"))
        .env("PROGRAM", env!("CARGO_BIN_EXE_golem-outbound"))
        .output()
        .unwrap();
    (output.status.code(), stderr(&output))
}

#[test]
fn a_masked_proc_is_named() {
    let (code, said) = where_the_kernel_refuses("mount -t tmpfs masked /proc/sys/fs");
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("parts of /proc are masked, as containers have"), "{said}");
    assert!(said.contains("--security-opt systempaths=unconfined"), "{said}");
}

#[test]
fn a_seccomp_filter_is_named() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_golem-outbound"));
    // SAFETY: between fork and exec only system calls are made.
    unsafe { command.arg("doctor").pre_exec(forbid_namespaces) };
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("a seccomp filter forbids it"), "{}", stderr(&output));
    assert!(stderr(&output).contains("--security-opt seccomp=unconfined"), "{}", stderr(&output));
}

/// As the filter of a container does: unshare(2) fails with EPERM.
fn forbid_namespaces() -> std::io::Result<()> {
    use nix::libc::{
        BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, EPERM, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP,
        SECCOMP_MODE_FILTER, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, SYS_unshare, prctl, sock_filter,
        sock_fprog,
    };
    let line = |code: u32, k: u32, jf: u8| sock_filter { code: code as u16, jt: 0, jf, k };
    let mut program = [
        line(BPF_LD | BPF_W | BPF_ABS, 0, 0),
        line(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare as u32, 1),
        line(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM as u32, 0),
        line(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0),
    ];
    let filter = sock_fprog { len: 4, filter: program.as_mut_ptr() };
    // SAFETY: the kernel copies the filter and the program, which live on this stack.
    let set = unsafe {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &raw const filter) == 0
    };
    if set { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// A user namespace in which no other can be made, as a machine has it whose limit is zero.
#[test]
fn where_namespaces_are_refused_the_reason_the_remedy_and_the_walk_without_them_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "sh", "-c", script, "sh", env!("CARGO_BIN_EXE_golem-outbound")])
        .args(["localnet", "up", "--dir", "net"])
        .current_dir(folder.path())
        .env("NO_COLOR", "1")
        .env_remove("VIRTUAL_ENV")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    insta::assert_snapshot!(stderr(&output), @"
    error: failed to start the localnet: this machine refuses user namespaces: user.max_user_namespaces is 0

    hint: type: `sysctl -w user.max_user_namespaces=15000`
    hint: or walk without a localnet, with the downloads on this machine alone: `golem-outbound run --network local`
    ");
}
