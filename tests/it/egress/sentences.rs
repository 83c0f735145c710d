//! What is said of a provider's filter, sentence by sentence, where no other test here shows it; `docs/localnet.md`
//! has the list.

use super::*;

/// A second address of the “machine” (RFC 5737).
const ANOTHER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 8);

/// An outside with these two addresses, and with names for them.
fn outside(hosts: &str) -> Arc<World> {
    replace_file("/etc/hosts", hosts);
    run("ip", &["link", "set", "lo", "up"]);
    for address in [MACHINE, ANOTHER] {
        run("ip", &["addr", "add", &format!("{address}/32"), "dev", "lo"]);
    }
    let (ours, keepers) = UnixStream::pair().unwrap();
    std::thread::spawn(move || serve_outside(keepers));
    Arc::new(World::live(Outside::new(ours)))
}

#[test]
fn a_url_without_a_port_opens_its_schemes_and_no_other() {
    isolated("sentences::a_url_without_a_port_opens_its_schemes_and_no_other", || {
        let localnet = Localnet::new();
        let world = outside("");
        for port in [21, 80, 443] {
            greet(TcpListener::bind((MACHINE, port)).unwrap(), "open");
        }
        for (scheme, opened) in [("http", 80), ("ws", 80), ("https", 443), ("wss", 443), ("ftp", 21)] {
            let node = new_netns();
            let access = urls(&[&format!("{scheme}://{MACHINE}")]);
            let egress = localnet.attach_to(&node, access, Arc::clone(&world)).unwrap();
            for port in [21, 80, 443] {
                let address = (MACHINE, port);
                match within(&node, || connect_and_read(address)) {
                    Ok(said) => assert!(port == opened && said == b"open", "{scheme}: {port}"),
                    Err(error) => {
                        let reset = error.kind() == ErrorKind::ConnectionReset;
                        assert!(port != opened && reset, "{scheme}: {port}: {error}");
                    }
                }
            }
            egress.close();
        }
    });
}

/// Answers `/to-NAME` with a redirect to that host, everything else with `arrived`.
fn redirecting(listener: TcpListener) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default();
            let answer = match path.strip_prefix("/to-") {
                Some(host) => format!(
                    "302 Found\r\nLocation: http://{host}:8080/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                ),
                None => "200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\narrived".to_owned(),
            };
            stream.write_all(format!("HTTP/1.1 {answer}").as_bytes()).unwrap();
        }
    });
}

#[test]
fn a_redirect_is_followed_to_the_same_address_and_to_no_other() {
    isolated("sentences::a_redirect_is_followed_to_the_same_address_and_to_no_other", || {
        let localnet = Localnet::new();
        let world = outside(&format!("{MACHINE} one.example same.example\n{ANOTHER} other.example\n"));
        redirecting(TcpListener::bind((MACHINE, 8080)).unwrap());
        redirecting(TcpListener::bind((ANOTHER, 8080)).unwrap());
        let node = new_netns();
        let access = urls(&["http://one.example:8080"]);
        let _egress = localnet.attach_to(&node, access, world).unwrap();
        let follow = |url: &str| {
            const PYTHON: &str = "import sys,urllib.request\nprint(urllib.request.urlopen(sys.argv[1],timeout=20).read().decode())";
            within(&node, || Command::new("python3").args(["-c", PYTHON, url]).output().unwrap())
        };
        let same = follow("http://one.example:8080/to-same.example");
        assert_eq!(
            String::from_utf8_lossy(&same.stdout),
            "arrived\n",
            "the filter knows addresses, not names"
        );
        let other = follow("http://one.example:8080/to-other.example");
        let said = String::from_utf8_lossy(&other.stderr).into_owned();
        assert!(!other.status.success() && said.contains("Connection reset"), "{said}");
    });
}

#[test]
fn addresses_are_those_of_the_start_for_the_nodes_whole_life() {
    isolated("sentences::addresses_are_those_of_the_start_for_the_nodes_whole_life", || {
        let localnet = Localnet::new();
        let world = outside(&format!("{MACHINE} moving.example\n"));
        greet(TcpListener::bind((MACHINE, 8080)).unwrap(), "old");
        greet(TcpListener::bind((ANOTHER, 8080)).unwrap(), "new");
        let node = new_netns();
        let access = || urls(&["http://moving.example:8080"]);
        let _egress = localnet.attach_to(&node, access(), Arc::clone(&world)).unwrap();
        // The file that lies over the machine's own, see `outside`.
        std::fs::write("/etc/hosts", format!("{ANOTHER} moving.example\n")).unwrap();
        assert_eq!(within(&node, || connect_and_read((MACHINE, 8080))).unwrap(), b"old");
        assert_reset(&node, ("203.0.113.8", 8080));
        let later = new_netns();
        let _egress = localnet.attach_to(&later, access(), world).unwrap();
        assert_eq!(within(&later, || connect_and_read((ANOTHER, 8080))).unwrap(), b"new");
    });
}

#[test]
fn no_resolver_is_asked_over_tcp_tls_or_https() {
    isolated("sentences::no_resolver_is_asked_over_tcp_tls_or_https", || {
        let localnet = Localnet::new();
        let node = new_netns();
        let _egress = localnet.attach(&node, urls(&["https://ipfs.io"])).unwrap();
        for resolver in ["1.1.1.1", "8.8.8.8", "9.9.9.9", "208.67.222.222"] {
            for port in [53, 853, 443] {
                assert_reset(&node, (resolver, port));
            }
        }
        assert!(!within(&node, || look_up("ipfs.io")).unwrap().is_empty(), "asked over UDP, it answers");
    });
}

#[test]
fn there_is_no_ipv6() {
    isolated("sentences::there_is_no_ipv6", || {
        let localnet = Localnet::new();
        let node = new_netns();
        let _egress = localnet.attach(&node, OutboundAccess::Unrestricted).unwrap();
        let error = within(&node, || connect_and_read("[2001:db8::1]:443")).unwrap_err();
        let unreachable = matches!(error.kind(), ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable);
        assert!(unreachable, "{error}");
        let addresses = within(&node, || look_up("ipfs.io")).unwrap();
        assert!(addresses.iter().all(IpAddr::is_ipv4) && !addresses.is_empty(), "{addresses:?}");
    });
}

#[test]
fn an_unrestricted_node_reaches_every_port_of_every_host() {
    isolated("sentences::an_unrestricted_node_reaches_every_port_of_every_host", || {
        let localnet = Localnet::new();
        let world = outside("");
        greet(TcpListener::bind((MACHINE, 4321)).unwrap(), "one");
        greet(TcpListener::bind((ANOTHER, 80)).unwrap(), "two");
        let node = new_netns();
        let _egress = localnet.attach_to(&node, OutboundAccess::Unrestricted, world).unwrap();
        assert_eq!(within(&node, || connect_and_read((MACHINE, 4321))).unwrap(), b"one");
        assert_eq!(within(&node, || connect_and_read((ANOTHER, 80))).unwrap(), b"two");
    });
}

#[test]
fn live_content_passes_without_our_touching_tls() {
    isolated("sentences::live_content_passes_without_our_touching_tls", || {
        let localnet = Localnet::new();
        let world = outside(&format!("{MACHINE} files.example\n"));
        // Bytes of a handshake that no TLS library would pass on as they are; the server gives them back.
        let hello: Vec<u8> = [0x16, 3, 1, 0, 200].into_iter().chain((0..=255).cycle().take(5000)).collect();
        let length = hello.len();
        let server = TcpListener::bind((MACHINE, 443)).unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut heard = vec![0; length];
            stream.read_exact(&mut heard).unwrap();
            stream.write_all(&heard).unwrap();
        });
        let node = new_netns();
        let _egress = localnet.attach_to(&node, urls(&["https://files.example"]), world).unwrap();
        let heard = within(&node, || {
            let mut stream = TcpStream::connect((MACHINE, 443)).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream.write_all(&hello).unwrap();
            let mut heard = vec![0; length];
            stream.read_exact(&mut heard).map(|()| heard)
        });
        assert_eq!(heard.unwrap(), hello);
    });
}
