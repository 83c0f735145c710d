//! Logging in, and what a command finds: keys, environment, terminal, signals.

use super::*;

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
fn a_session_starts_with_default_signals_and_three_descriptors() {
    let server = Server::start();
    let status = server.stdout(&[], "grep -E '^Sig(Ign|Blk)' /proc/self/status; ls /proc/self/fd");
    let ignored_and_blocked: Vec<&str> = status.lines().take(2).collect();
    assert_eq!(ignored_and_blocked, ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"]);
    // The fourth is the listing's own.
    assert_eq!(status.lines().skip(2).collect::<Vec<_>>(), ["0", "1", "2", "3"]);
}
