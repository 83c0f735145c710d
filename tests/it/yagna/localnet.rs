//! A localnet in the test's own process: real API, real control socket, pretended nodes.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use golem_outbound::localnet::control::{ControlHooks, Reply, Request, ask, serve_control};
use golem_outbound::localnet::exe_unit::{Boxed, OutboundAccess};
use golem_outbound::localnet::http;
use golem_outbound::localnet::market::{Faults, MarketFile, Provider};
use golem_outbound::localnet::yagna::line::Lines;
use golem_outbound::localnet::yagna::{Yagna, YagnaConfig};
use serde_json::Value;

use super::client::Api;
use super::pretended::Pretended;

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
                http::serve(Lines { listener, end }, http::PATIENCE, router).await;
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
        self.closed.recv_timeout(Duration::from_secs(20)).expect("the API is closed");
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
        Self { child, output, log, api: Api::at(address) }
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
