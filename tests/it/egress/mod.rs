//! What a node reaches, seen from a real network namespace with real programs, as root and as an ordinary user.

mod live;
mod localnet;
mod namespaces;
mod sentences;

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use golem_outbound::localnet::egress::outside::{Outside, internet_reachable, serve_outside};
use golem_outbound::localnet::egress::{Egress, EgressSpec, World, attach};
use golem_outbound::localnet::exe_unit::OutboundAccess;
use golem_outbound::localnet::market::Faults;
use golem_outbound::localnet::mirror::{
    Authority, BUNDLE_VARIABLES, Content, Mirror, Served, Store, hosts_file,
};
use tokio::runtime::Runtime;

use self::localnet::Localnet;
use self::namespaces::{isolated, new_netns, own_netns, replace_file, run, within};

const OUTSIDE_IP: Ipv4Addr = Ipv4Addr::new(10, 42, 42, 3);

/// An address of the “machine” in tests of live content; no network routes it (RFC 5737).
const MACHINE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 7);

fn urls(texts: &[&str]) -> OutboundAccess {
    OutboundAccess::Urls(texts.iter().map(|text| text.parse().unwrap()).collect())
}

/// curl, or python3 where there is no curl; neither is told of a proxy.
fn fetch(url: &str, bundle: &Path) -> Result<(u16, String), String> {
    const PYTHON: &str = "import sys,urllib.request,urllib.error\n\
        try: r=urllib.request.urlopen(sys.argv[1],timeout=20)\n\
        except urllib.error.HTTPError as e: r=e\n\
        print(r.read().decode()+'\\n'+str(r.status),end='')";
    let mut program = if which::which("curl").is_ok() {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}", url]);
        curl
    } else {
        let mut python = Command::new("python3");
        python.args(["-c", PYTHON, url]);
        python
    };
    let output = program.envs(BUNDLE_VARIABLES.map(|name| (name, bundle))).output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let said = String::from_utf8(output.stdout).unwrap();
    let (body, status) = said.rsplit_once('\n').unwrap();
    Ok((status.parse().unwrap(), body.to_owned()))
}

/// Connects and reads to the end, as a program that knows nothing of proxies.
fn connect_and_read(address: impl ToSocketAddrs) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn look_up(name: &str) -> std::io::Result<Vec<IpAddr>> {
    Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
}

/// Asserts that the connection comes about and is then reset, as on a provider.
fn assert_reset(netns: &OwnedFd, address: (&str, u16)) {
    let error = within(netns, || connect_and_read(address)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{address:?}: {error}");
}

#[test]
fn a_declared_url_is_fetched_over_tls_and_nothing_else_is() {
    isolated("a_declared_url_is_fetched_over_tls_and_nothing_else_is", || {
        let localnet = Localnet::new();
        let node = new_netns();
        let access = urls(&["https://ipfs.io/ipfs/anything", "https://pypi.dev.golem.network"]);
        let _egress = localnet.attach(&node, access).unwrap();

        let fetched = localnet.fetch(&node, "https://ipfs.io/ipfs/bafkrei").unwrap();
        assert_eq!(fetched, (200, "rocks".to_owned()));
        let untrusting = within(&node, || fetch("https://ipfs.io/ipfs/bafkrei", Path::new("/dev/null")));
        assert!(untrusting.unwrap_err().contains("certificate"), "only the bundle makes it trusted");

        let (status, body) = localnet.fetch(&node, "https://pypi.dev.golem.network/simple/").unwrap();
        assert_eq!(status, 404);
        assert!(body.contains("does not carry pypi.dev.golem.network (simulated)"), "{body}");

        // The scheme beside it, another port, another host, and DNS other than a provider's.
        assert!(localnet.fetch(&node, "http://ipfs.io/ipfs/bafkrei").is_err());
        assert_reset(&node, ("ipfs.io", 80));
        assert_reset(&node, ("ipfs.io", 65535));
        assert!(!within(&node, || look_up("github.com")).unwrap().is_empty(), "an undeclared host resolves");
        assert_reset(&node, ("github.com", 443));
        assert_reset(&node, ("1.1.1.1", 53));

        let address = within(&node, || look_up("github.com")).unwrap()[0];
        let line = format!("URL validation error: address not allowed: {address}:443 (");
        let log = localnet.log.text();
        assert!(log.lines().any(|logged| logged.contains(&line) && logged.contains("provider-1")), "{log}");
    });
}

#[test]
fn every_undeclared_port_is_accepted_and_then_reset() {
    isolated("every_undeclared_port_is_accepted_and_then_reset", || {
        let localnet = Localnet::new();
        let node = new_netns();
        let _egress = localnet.attach(&node, urls(&["https://ipfs.io"])).unwrap();
        // As a port scanner would: many at once, over the whole range.
        let swept: Vec<u16> = (1..=65535).step_by(97).collect();
        within(&node, || {
            std::thread::scope(|scope| {
                for ports in swept.chunks(16) {
                    scope.spawn(move || {
                        for port in ports {
                            let error = connect_and_read(("198.51.100.1", *port)).unwrap_err();
                            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{port}");
                        }
                    });
                }
            });
        });
    });
}

#[test]
fn udp_beside_the_well_known_resolvers_vanishes() {
    isolated("udp_beside_the_well_known_resolvers_vanishes", || {
        let localnet = Localnet::new();
        let node = new_netns();
        let _egress = localnet.attach(&node, urls(&["https://ipfs.io"])).unwrap();
        let query = dns_query("ipfs.io");
        for (resolver, answers) in [
            ("1.1.1.1:53", true),
            ("149.112.112.112:53", true),
            ("4.2.2.1:53", false),
            ("198.18.0.1:123", false),
        ] {
            let patience = if answers { PATIENCE } else { SILENCE };
            let received = within(&node, || ask(resolver, &query, patience));
            match received {
                Ok(reply) => assert!(answers && reply[..2] == query[..2], "{resolver}"),
                // Neither an error nor an answer: a port that is closed would say so at once.
                Err(error) => {
                    assert!(!answers && error.kind() == ErrorKind::WouldBlock, "{resolver}: {error}")
                }
            }
        }
        let unknown = within(&node, || look_up("nothing.invalid")).unwrap_err();
        assert!(unknown.to_string().contains("Name or service not known"), "{unknown}");
    });
}

fn dns_query(name: &str) -> Vec<u8> {
    let mut query = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        query.push(u8::try_from(label.len()).unwrap());
        query.extend_from_slice(label.as_bytes());
    }
    query.extend_from_slice(&[0, 0, 1, 0, 1]);
    query
}

/// How long an answer may take on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long to listen for what must not come.
const SILENCE: Duration = Duration::from_millis(500);

/// A kernel that is busy may drop a datagram; every resolver asks again.
const BEFORE_ASKING_AGAIN: Duration = Duration::from_secs(2);

fn ask(resolver: &str, query: &[u8], patience: Duration) -> std::io::Result<Vec<u8>> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.connect(resolver)?;
    socket.set_read_timeout(Some(patience.min(BEFORE_ASKING_AGAIN)))?;
    let begun = Instant::now();
    loop {
        socket.send(query)?;
        let mut reply = vec![0; 512];
        match socket.recv(&mut reply) {
            Err(error) if error.kind() == ErrorKind::WouldBlock && begun.elapsed() < patience => {}
            received => {
                reply.truncate(received?);
                return Ok(reply);
            }
        }
    }
}

#[test]
fn where_dns_fails_on_purpose_names_do_not_resolve_and_the_node_started_all_the_same() {
    isolated("where_dns_fails_on_purpose_names_do_not_resolve_and_the_node_started_all_the_same", || {
        let localnet = Localnet::new();
        let node = new_netns();
        let faults: Faults = serde_yaml::from_str("dns_fails: 1").unwrap();
        let world = World::mirror(Arc::clone(&localnet.mirror)).with_failing_queries(&faults);
        let _egress = localnet.attach_to(&node, urls(&["https://ipfs.io"]), Arc::new(world)).unwrap();
        let error = within(&node, || look_up("ipfs.io")).unwrap_err();
        assert!(error.to_string().contains("failure in name resolution"), "{error}");
    });
}

#[test]
fn without_a_manifest_names_fail_at_once() {
    isolated("without_a_manifest_names_fail_at_once", || {
        let localnet = Localnet::new();
        let node = new_netns();
        let _egress = localnet.attach(&node, OutboundAccess::None).unwrap();
        let started = Instant::now();
        let error = within(&node, || look_up("ipfs.io")).unwrap_err();
        assert!(error.to_string().contains("Temporary failure in name resolution"), "{error}");
        let error = within(&node, || connect_and_read("1.1.1.1:443")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkUnreachable);
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    });
}

#[test]
fn the_internet_is_not_reachable_where_there_is_no_network() {
    isolated("the_internet_is_not_reachable_where_there_is_no_network", || {
        assert!(!internet_reachable(Duration::from_secs(20)));
        // The probe asks for the name and the port that the tutorial needs, and takes any answer.
        let localnet = Localnet::new();
        let _egress = localnet.attach(&own_netns(), urls(&["https://ipfs.io"])).unwrap();
        assert!(internet_reachable(Duration::from_secs(20)));
    });
}

#[test]
fn the_vpn_and_loopback_are_left_alone() {
    isolated("the_vpn_and_loopback_are_left_alone", || {
        let localnet = Localnet::new();
        let (node, peer) = (new_netns(), new_netns());
        join(&node, "192.168.0.3/16", &peer, "192.168.0.4/16");
        let _egress = localnet.attach(&node, urls(&["https://ipfs.io"])).unwrap();

        // The port that is declared for elsewhere is an ordinary one on the VPN and on loopback.
        let at_peer = within(&peer, || TcpListener::bind("0.0.0.0:443").unwrap());
        let at_node = within(&node, || TcpListener::bind("0.0.0.0:443").unwrap());
        greet(at_peer, "peer");
        greet(at_node, "node");
        assert_eq!(within(&node, || connect_and_read("192.168.0.4:443")).unwrap(), b"peer");
        assert_eq!(within(&peer, || connect_and_read("192.168.0.3:443")).unwrap(), b"node");
        assert_eq!(within(&node, || connect_and_read("192.168.0.3:443")).unwrap(), b"node");
        assert_eq!(within(&node, || connect_and_read("127.0.0.1:443")).unwrap(), b"node");
        let refused = within(&node, || connect_and_read("192.168.0.4:444")).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "the VPN refuses as a VPN does");
        assert_eq!(localnet.fetch(&node, "https://ipfs.io/ipfs/bafkrei").unwrap().0, 200);
    });
}

/// Joins two namespaces by a cable.
fn join(one: &OwnedFd, one_address: &str, other: &OwnedFd, other_address: &str) {
    let there = format!("/proc/{}/fd/{}", std::process::id(), other.as_raw_fd());
    within(one, || {
        run("ip", &["link", "add", "name", "vpn0", "type", "veth", "peer", "name", "vpn0", "netns", &there]);
    });
    for (netns, address) in [(one, one_address), (other, other_address)] {
        within(netns, || {
            run("ip", &["addr", "add", address, "dev", "vpn0"]);
            run("ip", &["link", "set", "vpn0", "up"]);
        });
    }
}

/// Says `greeting` to whoever connects, for the test's life.
fn greet(listener: TcpListener, greeting: &'static str) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            stream.unwrap().write_all(greeting.as_bytes()).unwrap();
        }
    });
}

#[test]
fn a_manifest_that_cannot_be_used_is_an_error_in_yagnas_words() {
    isolated("a_manifest_that_cannot_be_used_is_an_error_in_yagnas_words", || {
        let localnet = Localnet::new();
        let error = |text: &str| {
            localnet.attach(&new_netns(), urls(&["https://ipfs.io", text])).err().unwrap().to_string()
        };
        assert_eq!(error("foo://ipfs.io"), "manifest initialization error: unknown port: foo://ipfs.io");
        let unresolved = error("https://nothing.invalid");
        assert!(unresolved.starts_with("manifest initialization error: "), "{unresolved}");
        assert!(unresolved.contains("nothing.invalid"), "{unresolved}");
    });
}

#[test]
fn closing_cuts_what_is_open() {
    isolated("closing_cuts_what_is_open", || {
        let localnet = Localnet::new();
        let node = new_netns();
        let egress = localnet.attach(&node, urls(&["https://ipfs.io"])).unwrap();
        let mut open = within(&node, || TcpStream::connect("ipfs.io:443")).unwrap();
        egress.close();
        open.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let ended = open.read(&mut [0; 1]);
        assert!(
            matches!(&ended, Ok(0)) || ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
        );
    });
}
