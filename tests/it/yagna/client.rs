//! A requestor: HTTP by hand, and the few requests that lead to a node.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// A client that speaks just enough HTTP.
pub struct Api {
    address: SocketAddr,
    key: Option<String>,
}

/// The same with an app-key, and what a requestor does with it.
pub struct Authorized(Api);

impl Api {
    pub fn at(address: SocketAddr) -> Self {
        Self { address, key: None }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn with_key(&self, key: &str) -> Authorized {
        Authorized(Self { address: self.address, key: Some(key.to_owned()) })
    }

    pub fn get(&self, path: &str, key: Option<&str>) -> (u16, Value) {
        let api = Self { address: self.address, key: key.map(str::to_owned) };
        api.request("GET", path, &Value::Null)
    }

    fn send(&self, method: &str, path: &str, more: &str, body: &str) -> (u16, BufReader<TcpStream>, usize) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let key = self.key.as_ref().map(|key| format!("Authorization: Bearer {key}\r\n")).unwrap_or_default();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: x\r\n{key}{more}Content-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).unwrap() > 0, "the API hung up: {head}");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head
            .to_lowercase()
            .split("content-length: ")
            .nth(1)
            .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse().unwrap());
        (status, reader, length)
    }

    fn request(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let json = "Connection: close\r\nContent-Type: application/json\r\n";
        let (status, mut reader, length) = self.send(method, path, json, &text);
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer).unwrap();
        (status, serde_json::from_slice(&answer).unwrap_or(Value::Null))
    }
}

impl Authorized {
    pub fn get(&self, path: &str) -> (u16, Value) {
        self.0.request("GET", path, &Value::Null)
    }

    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.0.request("POST", path, body)
    }

    pub fn delete(&self, path: &str) -> u16 {
        self.0.request("DELETE", path, &Value::Null).0
    }

    pub fn upgrade(&self, path: &str) -> (u16, BufReader<TcpStream>) {
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let (status, reader, _) = self.0.send("GET", path, upgrade, "");
        (status, reader)
    }

    /// Negotiates with the first provider for heads and confirms an agreement.
    pub fn agreement(&self) -> String {
        let (demand, body) = self.demand();
        let draft = self.counter(&demand, &body);
        assert_eq!(draft["proposal"]["state"], "Draft", "{draft}");
        let agreement =
            json!({"proposalId": draft["proposal"]["proposalId"], "validTo": "2100-01-01T00:00:00Z"});
        let (_, agreement) = self.post("/market-api/v1/agreements", &agreement);
        let agreement = agreement.as_str().unwrap().to_owned();
        self.post(&format!("/market-api/v1/agreements/{agreement}/confirm?appSessionId=s1"), &Value::Null);
        agreement
    }

    /// Counters the first offer for a demand; the event that answers.
    pub fn counter(&self, demand: &str, body: &Value) -> Value {
        let initial = self.get(&format!("{demand}/events?timeout=5&maxEvents=10")).1;
        let initial = initial[0]["proposal"]["proposalId"].as_str().unwrap().to_owned();
        self.post(&format!("{demand}/proposals/{initial}"), body);
        self.get(&format!("{demand}/events?timeout=5&maxEvents=10")).1[0].clone()
    }

    /// Subscribes a demand for heads; its path, and what it asks for.
    pub fn demand(&self) -> (String, Value) {
        let hour = Duration::from_secs(3600);
        let expiration = (SystemTime::now() + hour).duration_since(UNIX_EPOCH).unwrap().as_millis();
        let expiration = u64::try_from(expiration).unwrap();
        let body = json!({
            "properties": {
                "golem.node.debug.subnet": "ray-on-golem-heads",
                "golem.srv.comp.expiration": expiration,
                "golem.com.payment.debit-notes.accept-timeout?": 1,
                "golem.com.scheme.payu.debit-note.interval-sec?": 1,
                "golem.com.payment.chosen-platform": "erc20-holesky-tglm",
            },
            "constraints": "(golem.runtime.name=vm)",
        });
        let (_, demand) = self.post("/market-api/v1/demands", &body);
        (format!("/market-api/v1/demands/{}", demand.as_str().unwrap()), body)
    }

    /// An activity under a new agreement; its path.
    pub fn activity(&self) -> String {
        self.activity_under(&self.agreement())
    }

    /// An activity under an agreement; its path.
    pub fn activity_under(&self, agreement: &str) -> String {
        self.post(&format!("/market-api/v1/agreements/{agreement}/wait?timeout=5"), &Value::Null);
        let (_, activity) = self.post("/activity-api/v1/activity", &json!(agreement));
        format!("/activity-api/v1/activity/{}", activity.as_str().unwrap())
    }

    pub fn exec(&self, activity: &str, script: &Value) -> Vec<Value> {
        let (_, batch) = self.post(&format!("{activity}/exec"), &json!({"text": script.to_string()}));
        let batch = batch.as_str().unwrap().to_owned();
        let (_, results) = self.get(&format!("{activity}/exec/{batch}?timeout=10"));
        results.as_array().unwrap().clone()
    }
}

/// Sends a masked binary frame and reads the answer's payload.
pub fn echoed(mut socket: BufReader<TcpStream>, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x82, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    socket.get_mut().write_all(&frame).unwrap();
    let mut head = [0; 2];
    socket.read_exact(&mut head).unwrap();
    assert_eq!(head[0], 0x82, "one binary frame");
    let mut answer = vec![0; usize::from(head[1])];
    socket.read_exact(&mut answer).unwrap();
    answer
}
