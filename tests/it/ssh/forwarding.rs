//! Ports forwarded both ways, and what is refused.

use super::*;

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
