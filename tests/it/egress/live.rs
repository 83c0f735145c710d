//! Live content: what the keeper dials for a node and for the sandbox, and the sandbox's own loopback.

use super::*;

#[test]
fn live_content_is_fetched_by_the_keeper_and_still_filtered() {
    isolated("live::live_content_is_fetched_by_the_keeper_and_still_filtered", || {
        let localnet = Localnet::new();
        replace_file("/etc/hosts", &format!("{MACHINE} files.golem.network\n"));
        run("ip", &["link", "set", "lo", "up"]);
        run("ip", &["addr", "add", &format!("{MACHINE}/32"), "dev", "lo"]);
        let (ours, keepers) = UnixStream::pair().unwrap();
        std::thread::spawn(move || serve_outside(keepers));
        echo_after_end(TcpListener::bind((MACHINE, 8080)).unwrap());

        let node = new_netns();
        let access = urls(&["http://files.golem.network:8080/data"]);
        let world = Arc::new(World::live(Outside::new(ours)));
        let _egress = localnet.attach_to(&node, access, world).unwrap();

        let reply = within(&node, || ask("8.8.8.8:53", &dns_query("files.golem.network"), PATIENCE)).unwrap();
        assert!(reply.ends_with(&MACHINE.octets()), "the node gets the address that the filter has");
        let echoed = within(&node, || {
            let mut stream = TcpStream::connect((MACHINE, 8080)).unwrap();
            stream.write_all(b"through the keeper").unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut echoed = String::new();
            stream.read_to_string(&mut echoed).unwrap();
            echoed
        });
        assert_eq!(echoed, "through the keeper", "one direction may end before the other");
        assert_reset(&node, ("203.0.113.7", 8081));
    });
}

#[test]
fn a_declared_udp_destination_answers_and_another_port_does_not() {
    isolated("live::a_declared_udp_destination_answers_and_another_port_does_not", || {
        let localnet = Localnet::new();
        run("ip", &["link", "set", "lo", "up"]);
        run("ip", &["addr", "add", &format!("{MACHINE}/32"), "dev", "lo"]);
        let (ours, keepers) = UnixStream::pair().unwrap();
        std::thread::spawn(move || serve_outside(keepers));
        for port in [5300, 5301] {
            echo_datagrams(UdpSocket::bind((MACHINE, port)).unwrap());
        }
        let node = new_netns();
        let world = Arc::new(World::live(Outside::new(ours)));
        let access = urls(&[&format!("udp://{MACHINE}:5300")]);
        let _egress = localnet.attach_to(&node, access, world).unwrap();

        let declared = format!("{MACHINE}:5300");
        assert_eq!(within(&node, move || ask(&declared, b"ping", PATIENCE)).unwrap(), b"ping");
        let undeclared = format!("{MACHINE}:5301");
        assert!(within(&node, move || ask(&undeclared, b"ping", SILENCE)).is_err(), "other ports vanish");
    });
}

/// Sends back every datagram.
fn echo_datagrams(server: UdpSocket) {
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        while let Ok((length, from)) = server.recv_from(&mut buffer) {
            server.send_to(&buffer[..length], from).unwrap();
        }
    });
}

/// Sends back what it got once the client has ended its side.
fn echo_after_end(listener: TcpListener) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).unwrap();
            stream.write_all(&bytes).unwrap();
        }
    });
}

#[test]
fn the_sandbox_itself_reaches_everything_when_content_is_live() {
    isolated("live::the_sandbox_itself_reaches_everything_when_content_is_live", || {
        let localnet = Localnet::new();
        run("ip", &["link", "set", "lo", "up"]);
        // This process is the sandbox; the machine's network is another namespace.
        let machine = new_netns();
        let (ours, keepers) = UnixStream::pair().unwrap();
        within(&machine, || {
            run("ip", &["addr", "add", &format!("{MACHINE}/32"), "dev", "lo"]);
            greet(TcpListener::bind((MACHINE, 9999)).unwrap(), "machine");
            echo_datagrams(UdpSocket::bind((MACHINE, 5300)).unwrap());
            std::thread::spawn(move || serve_outside(keepers));
        });
        greet(TcpListener::bind("127.0.0.1:7465").unwrap(), "yagna");
        let world = Arc::new(World::live(Outside::new(ours)));
        let _egress = localnet.attach_to(&own_netns(), OutboundAccess::Unrestricted, world).unwrap();
        for _ in 0..2 {
            assert_eq!(connect_and_read((MACHINE, 9999)).unwrap(), b"machine");
            assert_eq!(ask(&format!("{MACHINE}:5300"), b"ping", PATIENCE).unwrap(), b"ping");
        }
        let asking = UdpSocket::bind("0.0.0.0:0").unwrap();
        asking.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // An answer that came twice would be taken for that of the next question.
        for question in [b"one", b"two", b"six", b"ten"] {
            asking.send_to(question, (MACHINE, 5300)).unwrap();
            let mut answer = [0; 8];
            let length = asking.recv(&mut answer).unwrap();
            assert_eq!(&answer[..length], question);
        }
        assert_eq!(connect_and_read("127.0.0.1:7465").unwrap(), b"yagna");
        let refused = connect_and_read((MACHINE, 9998)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn the_sandbox_has_the_registry_and_the_mirror_on_its_loopback() {
    isolated("live::the_sandbox_has_the_registry_and_the_mirror_on_its_loopback", || {
        let localnet = Localnet::new();
        run("ip", &["link", "set", "lo", "up"]);
        replace_file("/etc/hosts", &hosts_file(Content::Mirror, localnet.mirror.hosts()));
        for port in [80, 443] {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            let listener = localnet.runtime.block_on(tokio::net::TcpListener::bind(address)).unwrap();
            localnet.runtime.spawn(Arc::clone(&localnet.mirror).serve_listener(listener));
        }
        let fetch = |url: &str| fetch(url, &localnet.bundle).unwrap();
        assert_eq!(fetch("https://ipfs.io/ipfs/bafkrei"), (200, "rocks".to_owned()));
        assert_eq!(fetch("http://ipfs.io/ipfs/bafkrei"), (200, "rocks".to_owned()));
        assert_eq!(fetch("https://ipfs.io/ipfs/bafkqaaa"), (200, String::new()));
        let image = "https://registry.golem.network/v1/image/info?tag=golem/ray:0.13.0&count=true";
        assert_eq!(fetch(image), (200, "the registry".to_owned()));
    });
}
