//! A localnet in the test's own process: real API, real control socket, nodes that only pretend.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use golem_outbound::localnet::control::{ControlHooks, Reply, Request, ask, serve_control};
use golem_outbound::localnet::exe_unit::{
    Boxed, ExeUnit, Node, NodeSpec, OutboundAccess, RunOutput, RuntimeError,
};
use golem_outbound::localnet::http;
use golem_outbound::localnet::market::{Faults, MarketFile, Provider};
use golem_outbound::localnet::yagna::line::Lines;
use golem_outbound::localnet::yagna::{Yagna, YagnaConfig};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

struct Pretended;

/// Ports of a pretended node whose program closes every connection at once; at the second, because the node is dying.
pub const CLOSING: u16 = 7001;
pub const DYING: u16 = 7002;

struct PretendedNode {
    alive: AtomicBool,
    end: tokio::sync::watch::Sender<bool>,
}

impl ExeUnit for Pretended {
    fn deploy(&self, _: NodeSpec) -> Boxed<'_, Result<Arc<dyn Node>, RuntimeError>> {
        let (end, _) = tokio::sync::watch::channel(false);
        Box::pin(async { Ok(Arc::new(PretendedNode { alive: AtomicBool::new(true), end }) as Arc<dyn Node>) })
    }
}

impl Node for PretendedNode {
    fn start(&self) -> Boxed<'_, Result<(), RuntimeError>> {
        Box::pin(async { Ok(()) })
    }

    /// Echoes the command line; `exit N` ends with N.
    fn run(&self, program: String, args: Vec<String>) -> Boxed<'_, Result<RunOutput, RuntimeError>> {
        let code =
            args.last().and_then(|line| line.strip_prefix("exit ")).map_or(0, |code| code.parse().unwrap());
        let stdout = format!("{program} {}", args.join(" ")).into_bytes();
        Box::pin(async move { Ok(RunOutput { code, stdout, stderr: Vec::new() }) })
    }

    /// A peer that sends everything back, but for the ports above.
    fn connect(&self, port: u16) -> Boxed<'_, std::io::Result<tokio::net::TcpStream>> {
        Box::pin(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            let ours = tokio::net::TcpStream::connect(listener.local_addr()?).await?;
            let (mut theirs, _) = listener.accept().await?;
            if port == DYING {
                let end = self.end.clone();
                tokio::spawn(async move {
                    // As its processes die one after the other.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    end.send_replace(true);
                });
            }
            if [CLOSING, DYING].contains(&port) {
                return Ok(ours);
            }
            tokio::spawn(async move {
                let (mut read, mut write) = theirs.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
                let _ = write.shutdown().await;
            });
            Ok(ours)
        })
    }

    fn ended(&self) -> Boxed<'static, ()> {
        let mut end = self.end.subscribe();
        Box::pin(async move {
            // Without an end a pretended node lasts as long as the test.
            if end.wait_for(|end| *end).await.is_err() {
                std::future::pending().await
            }
        })
    }

    fn is_alive(&self) -> bool {
        self.alive.load(Ordering::SeqCst)
    }

    fn terminate(&self) -> Boxed<'_, ()> {
        self.alive.store(false, Ordering::SeqCst);
        Box::pin(async {})
    }
}

struct Hooks {
    yagna: Yagna,
    serving: tokio::sync::Mutex<Option<tokio::task::JoinHandle<()>>>,
    closed: Sender<()>,
}

impl ControlHooks for Hooks {
    fn open_api(&self) -> Boxed<'_, Result<String, String>> {
        Box::pin(async {
            let listener =
                tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
            let address = listener.local_addr().map_err(|error| error.to_string())?;
            let router = self.yagna.router();
            let serving = tokio::spawn(async move {
                let (_hold, end) = tokio::sync::watch::channel(());
                http::serve(Lines { listener, end }, http::PATIENCE, |_| router.clone()).await;
            });
            *self.serving.lock().await = Some(serving);
            Ok(format!("http://{address}"))
        })
    }

    fn close_api(&self) -> Boxed<'_, ()> {
        Box::pin(async {
            if let Some(serving) = self.serving.lock().await.take() {
                serving.abort();
            }
            let _ = self.closed.send(());
        })
    }

    fn stop(&self) {}
}

pub struct Localnet {
    pub yagna: Yagna,
    folder: tempfile::TempDir,
    closed: Receiver<()>,
    _runtime: tokio::runtime::Runtime,
}

impl Localnet {
    pub fn start() -> Self {
        Self::suffering(&[])
    }

    /// One in which this goes wrong, in the words of `--fault`.
    pub fn suffering(faults: &[&str]) -> Self {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Self::on(MarketFile::read(None, &faults).unwrap())
    }

    /// One with a market of its own.
    pub fn start_with(providers: Vec<Provider>) -> Self {
        Self::on(MarketFile { providers, faults: Faults::default() })
    }

    fn on(market: MarketFile) -> Self {
        let folder = tempfile::tempdir().unwrap();
        symlink(env!("CARGO_BIN_EXE_golem-outbound"), folder.path().join("yagna")).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut config = YagnaConfig::new(market.providers, Arc::new(|_, _| Ok(OutboundAccess::None)));
        config.suffer(&market.faults);
        let yagna = Yagna::new(config, Arc::new(Pretended));
        let (closed, closings) = channel();
        let hooks = Hooks { yagna: yagna.clone(), serving: tokio::sync::Mutex::default(), closed };
        let served = yagna.clone();
        let socket = folder.path().join("control");
        let listener = runtime.block_on(async { tokio::net::UnixListener::bind(socket).unwrap() });
        runtime.spawn(serve_control(listener, served, Arc::new(hooks)));
        Self { yagna, folder, closed: closings, _runtime: runtime }
    }

    /// A walk begins this step.
    pub fn enter_step(&self, step: &str) {
        let request = Request::EnterStep { step: step.to_owned() };
        assert_eq!(ask(&self.folder.path().join("control"), &request).unwrap(), Reply::Done);
    }

    /// The control socket.
    pub fn control(&self) -> PathBuf {
        self.folder.path().join("control")
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("yagna")
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("GOLEM_OUTBOUND_CONTROL", self.folder.path().join("control"));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    pub fn yagna(&self, arguments: &[&str]) -> Output {
        self.command(self.program()).args(arguments).output().unwrap()
    }

    pub fn yagna_json(&self, arguments: &[&str]) -> Value {
        let output = self.yagna(arguments);
        assert!(output.status.success(), "{arguments:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub fn app_key(&self) -> String {
        self.yagna_json(&["app-key", "create", "ray-on-golem", "--json"]).as_str().unwrap().to_owned()
    }

    pub fn service_run(&self) -> Service {
        Service::new(self.command(self.program()).args(["service", "run"]).spawn().unwrap())
    }

    /// The shell's process; the service is its child and has opened the API.
    pub fn service_run_below_a_shell(&self) -> Child {
        let script = format!("'{}' service run & wait", self.program().display());
        let mut shell = self.command("sh").args(["-c", &script]).spawn().unwrap();
        wait_for_url(&mut BufReader::new(shell.stdout.as_mut().unwrap()), &mut String::new());
        shell
    }

    pub fn wait_until_closed(&self) {
        self.closed.recv_timeout(std::time::Duration::from_secs(20)).expect("the API is closed");
    }
}

pub struct Service {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    log: String,
    pub api: Api,
}

fn wait_for_url(output: &mut impl BufRead, log: &mut String) -> SocketAddr {
    loop {
        let from = log.len();
        assert!(output.read_line(log).unwrap() > 0, "the service ended: {log}");
        if let Some((_, address)) = log[from..].split_once("http://") {
            return address.trim().parse().unwrap();
        }
    }
}

impl Service {
    fn new(mut child: Child) -> Self {
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut log = String::new();
        let address = wait_for_url(&mut output, &mut log);
        Self { child, output, log, api: Api { address, key: None } }
    }

    pub fn end(&mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.output.read_to_string(&mut self.log).unwrap();
        self.log.clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that speaks just enough HTTP.
pub struct Api {
    address: SocketAddr,
    key: Option<String>,
}

pub struct Authorized(Api);

impl Api {
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
        let hour = std::time::Duration::from_secs(3600);
        let expiration =
            (std::time::SystemTime::now() + hour).duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
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
