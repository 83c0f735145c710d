//! Bytes through a session: many, slowly read, over one connection, by rsync.

use super::*;

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
