//! Against a server on this machine that says what each test tells it to.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;

/// Answers one connection after another with these bytes, and returns its address.
fn server(answers: Vec<String>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/file.csv", listener.local_addr().unwrap())).unwrap();
    std::thread::spawn(move || {
        for answer in answers {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                request.push(byte[0]);
            }
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

fn ok(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{headers}\r\n{body}")
}

fn status(line: &str, headers: &str) -> String {
    format!("HTTP/1.1 {line}\r\nConnection: close\r\nContent-Length: 0\r\n{headers}\r\n")
}

#[derive(Default)]
struct Seen {
    pauses: Vec<(String, Duration)>,
    bytes: u64,
}

impl Watch for Seen {
    fn received(&mut self, bytes: u64, _: Option<u64>) {
        self.bytes = bytes;
    }

    fn pause(&mut self, why: &str, pause: Duration) {
        self.pauses.push((why.to_owned(), pause));
    }
}

fn get(url: &Url, max_size: u64) -> (Fetched, Seen) {
    let mut seen = Seen::default();
    let limits = Limits { max_size, keep: 4, patience: Duration::from_millis(300) };
    (fetch(url, &limits, &mut seen), seen)
}

#[test]
fn a_body_is_measured() {
    let url = server(vec![ok("Content-Type: text/csv\r\nContent-Length: 20\r\n", "Hello from Dropbox!\n")]);
    let (Fetched::Body(body), seen) = get(&url, 20) else { panic!("a body") };
    assert_eq!(body.sha256, "31962f598cb3ff8214dd94cc0ffcab93bd5ff8069b32730ea61d2d2131211cb7");
    assert_eq!((body.bytes, seen.bytes, body.content_type.as_deref()), (20, 20, Some("text/csv")));
    assert_eq!((body.head, body.chain), (b"Hell".to_vec(), vec![url]));
}

#[test]
fn what_is_beyond_the_limit_is_not_taken() {
    let url = server(vec![ok("Content-Length: 20\r\n", "Hello")]);
    assert_eq!(get(&url, 19).0, Fetched::TooLarge(Some(20)));
    let url = server(vec![ok("", "Hello from Dropbox!\n")]);
    assert_eq!(get(&url, 19).0, Fetched::TooLarge(None));
}

#[test]
fn an_answer_without_a_file_is_the_url_s() {
    for (line, what) in
        [("404 Not Found", "nothing is there"), ("403 Forbidden", "not public"), ("204 No Content", "204")]
    {
        let (Fetched::Refused(why), seen) = get(&server(vec![status(line, "")]), 9) else { panic!("{line}") };
        assert!(why.contains(what) && seen.pauses.is_empty(), "{why}");
    }
}

#[test]
fn a_busy_server_is_asked_again_when_it_wants_to_be() {
    let busy = status("429 Too Many Requests", "Retry-After: 7\r\n");
    let url = server(vec![busy.clone(), status("503 Busy", ""), ok("", "x")]);
    let (fetched, seen) = get(&url, 9);
    assert!(matches!(fetched, Fetched::Body(_)), "{fetched:?}");
    let pauses: Vec<Duration> = seen.pauses.iter().map(|(_, pause)| *pause).collect();
    assert_eq!(pauses, [Duration::from_secs(7), Duration::from_millis(1600)]);
    let (fetched, seen) = get(&server(vec![busy; 5]), 9);
    assert_eq!(fetched, Fetched::CannotTell("the server answered with status 429".into()));
    assert_eq!(seen.pauses.len(), 4);
    let patient = status("429 Too Many Requests", "Retry-After: 3600\r\n");
    assert!(get(&server(vec![patient]), 9).1.pauses.is_empty());
}

#[test]
fn a_redirect_is_followed_on_its_own_origin_only() {
    let url = server(vec![status("301 Moved", "Location: /b?c\r\n"), ok("", "x")]);
    let (Fetched::Body(body), _) = get(&url, 9) else { panic!("a body") };
    assert_eq!(body.chain.iter().map(Url::path).collect::<Vec<_>>(), ["/file.csv", "/b"]);

    let url = server(vec![status("302 Found", "Location: https://elsewhere.test/x#y\r\n")]);
    let to = Url::parse("https://elsewhere.test/x#y").unwrap();
    assert_eq!(get(&url, 9).0, Fetched::Elsewhere { chain: vec![url], to, status: 302 });

    let url = server(vec![status("307 There", "Location: /file.csv\r\n"); 4]);
    assert_eq!(get(&url, 9).0, Fetched::Refused("it redirects more than 3 times".into()));
}

#[test]
fn what_breaks_off_or_never_comes_tells_nothing() {
    let short = ok("Content-Length: 20\r\n", "Hello");
    let (fetched, seen) = get(&server(vec![short; 3]), 99);
    assert!(matches!(&fetched, Fetched::CannotTell(why) if why.contains("broke off")), "{fetched:?}");
    assert_eq!(seen.pauses.len(), 2);

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", silent.local_addr().unwrap())).unwrap();
    assert_eq!(get(&url, 9).0, Fetched::CannotTell("no answer came in time".into()));
    drop(silent);
    assert!(matches!(get(&url, 9).0, Fetched::CannotTell(_)));
    let nowhere = Url::parse("http://nowhere.invalid/").unwrap();
    let (fetched, seen) = get(&nowhere, 9);
    assert!(matches!(fetched, Fetched::CannotTell(_)) && seen.pauses.is_empty(), "{fetched:?}");
}

#[test]
fn a_compressed_body_is_not_the_file() {
    let url = server(vec![ok("Content-Encoding: gzip\r\n", "x")]);
    assert_eq!(get(&url, 9).0, Fetched::CannotTell("the server sends it as `gzip` only".into()));
}
