//! Clients that send nonsense, too much, or nothing: each is refused or waited for, and the others do not notice.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::{Value, json};

use super::localnet::Localnet;

/// How long an answer may take on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// Every route of the API; `ID` stands for whatever names something.
pub const ROUTES: &[&str] = &[
    "POST /market-api/v1/demands",
    "GET /market-api/v1/demands",
    "DELETE /market-api/v1/demands/ID",
    "GET /market-api/v1/demands/ID/events",
    "POST /market-api/v1/demands/ID/proposals/ID",
    "GET /market-api/v1/demands/ID/proposals/ID",
    "POST /market-api/v1/demands/ID/proposals/ID/reject",
    "POST /market-api/v1/agreements",
    "GET /market-api/v1/agreements",
    "GET /market-api/v1/agreementEvents",
    "GET /market-api/v1/agreements/ID",
    "POST /market-api/v1/agreements/ID/confirm",
    "POST /market-api/v1/agreements/ID/wait",
    "POST /market-api/v1/agreements/ID/cancel",
    "POST /market-api/v1/agreements/ID/terminate",
    "POST /payment-api/v1/allocations",
    "GET /payment-api/v1/allocations",
    "GET /payment-api/v1/allocations/ID",
    "DELETE /payment-api/v1/allocations/ID",
    "GET /payment-api/v1/demandDecorations",
    "GET /payment-api/v1/requestorAccounts",
    "GET /payment-api/v1/providerAccounts",
    "GET /payment-api/v1/debitNoteEvents",
    "GET /payment-api/v1/debitNotes",
    "GET /payment-api/v1/debitNotes/ID",
    "POST /payment-api/v1/debitNotes/ID/accept",
    "GET /payment-api/v1/invoiceEvents",
    "GET /payment-api/v1/invoices",
    "GET /payment-api/v1/invoices/ID",
    "POST /payment-api/v1/invoices/ID/accept",
    "POST /activity-api/v1/activity",
    "DELETE /activity-api/v1/activity/ID",
    "POST /activity-api/v1/activity/ID/exec",
    "GET /activity-api/v1/activity/ID/exec/ID",
    "GET /activity-api/v1/activity/ID/state",
    "GET /activity-api/v1/activity/ID/usage",
    "POST /net-api/v1/net",
    "GET /net-api/v1/net",
    "GET /net-api/v1/net/ID",
    "DELETE /net-api/v1/net/ID",
    "POST /net-api/v1/net/ID/addresses",
    "GET /net-api/v1/net/ID/addresses",
    "POST /net-api/v1/net/ID/nodes",
    "GET /net-api/v1/net/ID/nodes",
    "DELETE /net-api/v1/net/ID/nodes/ID",
    "GET /net-api/v1/net/ID/tcp/ID/ID",
    "GET /me",
    "GET /version/get",
];

/// Names and queries that no client means.
const IDS: &[&str] =
    &["x", "%00", "%ff%fe", "..%2f..%2fetc", "%F0%9F%98%80", "-", "R-", "99999999999999999999", "a%0d%0ab"];
const QUERIES: &[&str] = &[
    "timeout=0&maxEvents=99999999999999999999",
    "timeout=-1&maxEvents=-1",
    "timeout=0&afterTimestamp=9999-99-99",
    "timeout=0&afterTimestamp=9999-12-31T23:59:59.999999999-23:59&appSessionId=%ff",
    "timeout=nan",
    "timeout=0&%ff=%ff&&&==",
];

/// Bodies that nothing can be made of.
fn bodies() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = ["", "{", "[]", "nul", "\"x", "{\"totalAmount\":1e999}", "{\"text\":7}"]
        .iter()
        .map(|text| text.as_bytes().to_vec())
        .collect();
    bodies.push(b"{\"ip\":\"\xff\xfe\"}".to_vec());
    bodies.push(b"[".repeat(100_000));
    bodies.push(b"{\"properties\":".repeat(20_000));
    bodies.push(vec![b' '; 3 * 1024 * 1024]);
    bodies
}

/// The status of the answer, or nothing if the API hangs up without any.
fn status_of(address: SocketAddr, head: &str, body: &[u8]) -> Option<u16> {
    answer_to(address, head, body).map(|(status, _)| status)
}

/// The status of the answer and, if it is a failure, what is said of it.
fn answer_to(address: SocketAddr, head: &str, body: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // A body that is not wanted may not be taken to its end.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let (mut line, mut said) = (Vec::new(), Vec::new());
    let mut reader = BufReader::new(stream);
    match reader.read_until(b'\n', &mut line) {
        Ok(_) => {
            let status =
                String::from_utf8_lossy(&line).split(' ').nth(1).and_then(|code| code.parse().ok())?;
            if status >= 500 {
                reader.read_to_end(&mut said).unwrap();
            }
            Some((status, String::from_utf8_lossy(&said).into_owned()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
        Err(error) => panic!("no answer to {head:?}: {error}"),
    }
}

fn head(route: &str, key: &str, length: usize) -> String {
    format!(
        "{route} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// All that a request could have changed.
fn state(localnet: &Localnet) -> Value {
    let mut status = serde_json::to_value(localnet.yagna.status()).unwrap();
    for volatile in ["market_idle_for_ms", "unknown_routes", "more_unknown_routes"] {
        status.as_object_mut().unwrap().remove(volatile);
    }
    status
}

#[test]
fn nonsense_to_any_route_is_refused_and_changes_nothing() {
    let localnet = Localnet::start();
    let key = localnet.app_key();
    let service = localnet.service_run();
    let (address, api) = (service.api.address(), service.api.with_key(&key));
    let before = state(&localnet);
    let (nets, allocations) = (api.get("/net-api/v1/net"), api.get("/payment-api/v1/allocations"));
    let check = |route: &str, body: &[u8]| {
        let answer = answer_to(address, &head(route, &key, body.len()), body);
        // The real yagna has the first for what it does not find, and the second for a node that is not there.
        let as_yagna_does = match &answer {
            Some((500, said)) => said.contains(match () {
                () if route.contains("/activity-api/v1/activity/") => "agreement id for activity: ",
                () if route.contains("/reject") => "] not found (",
                () => "contains non hexadecimal characters.",
            }),
            Some((504, _)) => route.contains("/tcp/"),
            answer => answer.as_ref().is_none_or(|(status, _)| (200..500).contains(status)),
        };
        assert!(as_yagna_does, "{answer:?} for {route} with {} bytes", body.len());
        let status = answer.map(|(status, _)| status);
        let harmless = route.starts_with("GET") || status.is_none_or(|status| status >= 400);
        assert!(harmless, "{status:?} for {route} with {:?}", String::from_utf8_lossy(body));
    };
    let bodies = bodies();
    std::thread::scope(|scope| {
        for routes in ROUTES.chunks(ROUTES.len().div_ceil(4)) {
            let (check, bodies) = (&check, &bodies);
            scope.spawn(move || {
                for route in routes {
                    for id in IDS {
                        check(&format!("{}?timeout=0", route.replace("ID", id)), b"");
                    }
                    for query in QUERIES {
                        check(&format!("{}?{query}", route.replace("ID", "0a")), b"");
                    }
                    for body in bodies.iter().filter(|body| body.len() < 200_000 || route.starts_with('P')) {
                        check(&format!("{}?timeout=0", route.replace("ID", "0a")), body);
                    }
                }
            });
        }
    });
    assert_eq!(state(&localnet), before);
    assert_eq!((api.get("/net-api/v1/net"), api.get("/payment-api/v1/allocations")), (nets, allocations));
    assert_eq!(localnet.yagna.status().unknown_routes, Vec::<String>::new(), "each of them is a route");
}

#[test]
fn what_is_no_http_is_refused_and_the_next_client_is_served() {
    let localnet = Localnet::start();
    let key = localnet.app_key();
    let service = localnet.service_run();
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(1_000_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X-Y: z\r\n".repeat(10_000));
    for nonsense in [
        "\r\n\r\n\r\n\0\0\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
        "GET\r\n\r\n",
        "GET / a HTTP/1.1\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST /me HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST /me HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        &long,
        &many,
    ] {
        let status = status_of(service.api.address(), nonsense, b"");
        assert!(status.is_none_or(|status| (400..500).contains(&status)), "{status:?} for {nonsense:.60?}");
    }
    assert_eq!(service.api.get("/me", Some(&key)).0, 200);
}

#[test]
fn unknown_routes_are_listed_up_to_a_hundred_and_counted_beyond() {
    let localnet = Localnet::start();
    let key = localnet.app_key();
    let service = localnet.service_run();
    for number in 0..130 {
        let route = format!("PATCH /future-api/v{number}/{}", "x".repeat(1000));
        assert_eq!(status_of(service.api.address(), &head(&route, &key, 0), b""), Some(404));
    }
    let status = localnet.yagna.status();
    assert_eq!((status.unknown_routes.len(), status.more_unknown_routes), (100, 30));
    assert!(status.unknown_routes.iter().all(|route| route.len() < 300), "{:?}", status.unknown_routes[0]);
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn a_thousand_idle_connections_keep_nobody_waiting_and_leave_nothing_open() {
    const IDLE: usize = 1000;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, soft.max(8192).min(hard), hard).unwrap();
    let localnet = Localnet::start();
    let key = localnet.app_key();
    let service = localnet.service_run();
    let before = open_descriptors();
    // A third says nothing, a third stops in a head, a third in a body. Both ends are in this process.
    let begun = [String::new(), "GET /me HTTP/1.1\r\nHo".into(), head("POST /net-api/v1/net", &key, 99)];
    let idle: Vec<TcpStream> = (0..IDLE)
        .map(|number| {
            let mut stream = TcpStream::connect(service.api.address()).unwrap();
            stream.write_all(begun[number % 3].as_bytes()).unwrap();
            stream
        })
        .collect();
    for _ in 0..10 {
        assert_eq!(service.api.get("/me", Some(&key)).0, 200);
    }
    drop(idle);
    // Other tests open and close some, too, but not hundreds.
    let dropped = Instant::now();
    while open_descriptors() > before + IDLE / 2 {
        assert!(dropped.elapsed() < PATIENCE, "{} of {before} are open", open_descriptors());
        std::thread::yield_now();
    }
}

#[test]
fn who_does_not_read_keeps_nobody_waiting() {
    let localnet = Localnet::start();
    let key = localnet.app_key();
    let service = localnet.service_run();
    let api = service.api.with_key(&key);
    // Requests one after the other, whose answers pile up unread until there is no room for more.
    let ask = head("GET /payment-api/v1/requestorAccounts", &key, 0).replace("Connection: close\r\n", "");
    let mut unread = TcpStream::connect(service.api.address()).unwrap();
    unread.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let asked = (0..200_000).take_while(|_| unread.write_all(ask.as_bytes()).is_ok()).count();
    assert!(asked < 200_000, "the pipe is never full");
    assert_eq!(api.get("/me").0, 200);

    let activity = api.activity();
    let (_, network) = api.post("/net-api/v1/net", &json!({"ip": "192.168.0.1/16"}));
    let network = network["id"].as_str().unwrap();
    let net = json!({"id": network, "mask": "255.255.0.0", "nodeIp": "192.168.0.3"});
    api.exec(&activity, &json!([{"deploy": {"net": [net]}}, {"start": {}}]));
    let tcp = format!("/net-api/v1/net/{network}/tcp/192.168.0.3/22");
    // The node sends everything back, and nobody takes it.
    let (_, mut deaf) = api.upgrade(&tcp);
    deaf.get_ref().set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut frame = vec![0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0];
    frame.resize(8 + 0xffff, b'x');
    let sent = (0..10_000).take_while(|_| deaf.get_mut().write_all(&frame).is_ok()).count();
    assert!(sent < 10_000, "the tunnel is never full");
    let (status, socket) = api.upgrade(&tcp);
    assert_eq!((status, super::client::echoed(socket, b"hi")), (101, b"hi".to_vec()));
    assert_eq!(api.get(&format!("{activity}/state")).1["state"][0], "Ready");
}

#[test]
fn nonsense_on_the_control_socket_is_answered_and_forgotten() {
    let localnet = Localnet::start();
    let before = state(&localnet);
    let answer = |bytes: &[u8]| {
        let mut stream = UnixStream::connect(localnet.control()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let _ = stream.write_all(bytes);
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line
    };
    for nonsense in [
        &b"\n"[..],
        b"{}\n",
        b"\xff\xfe\n",
        b"{\"request\":\"fly\"}\n",
        &[b"[".repeat(10_000), b"\n".to_vec()].concat(),
    ] {
        let said = answer(nonsense);
        assert!(said.contains("invalid control request"), "{said}");
    }
    let said = answer(&b"x".repeat(65 * 1024));
    assert!(said.contains("longer than 65536 bytes"), "a line without an end: {said}");
    let mut silent = UnixStream::connect(localnet.control()).unwrap();
    silent.write_all(b"{\"request\":").unwrap();
    assert!(answer(b"{\"request\":\"id-list\"}\n").contains("identity"));
    drop(silent);
    assert_eq!(state(&localnet), before);
}
