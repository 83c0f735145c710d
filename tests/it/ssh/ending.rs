//! What is left when a process, a client or a session ends.

use super::*;

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
