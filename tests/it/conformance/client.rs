//! A client that speaks just enough HTTP and keeps all of an answer that is compared.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than any request of these tests takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is sent.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub key: Option<String>,
    pub content_type: Option<String>,
    pub body: Option<String>,
}

/// What comes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub content_type: Option<String>,
    pub body: String,
}

impl Answer {
    /// The body, if it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.body).ok()
    }
}

/// Sends a request over a connection of its own.
pub fn send(address: SocketAddr, request: &Request) -> Answer {
    exchange(address, request).unwrap_or_else(|cause| panic!("{address} did not answer {request:?}: {cause}"))
}

fn exchange(address: SocketAddr, request: &Request) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let Request { method, path, key, content_type, body } = request;
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: yagna\r\nConnection: close\r\n");
    for (name, value) in [("Authorization: Bearer", key), ("Content-Type:", content_type)] {
        if let Some(value) = value {
            head += &format!("{name} {value}\r\n");
        }
    }
    if let Some(body) = body {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    write!(stream, "{head}\r\n{}", body.as_deref().unwrap_or_default())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let chunked = header("transfer-encoding").is_some_and(|encoding| encoding == "chunked");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Answer {
        status: status.ok_or_else(|| std::io::Error::other(format!("no HTTP: {text}")))?,
        content_type: header("content-type"),
        body: if chunked { unchunked(body) } else { body.to_owned() },
    })
}

fn unchunked(body: &str) -> String {
    let mut text = String::new();
    let mut rest = body;
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap_or(0);
        let Some(chunk) = after.get(..length).filter(|chunk| !chunk.is_empty()) else { break };
        text += chunk;
        rest = after[length..].trim_start_matches("\r\n");
    }
    text
}
