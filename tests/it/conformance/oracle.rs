//! The real yagna: started offline in a folder of its own, and gone with the value that holds it.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::{Request, send};
use crate::python_env;

/// How long a start may take. Alone on a machine it takes a second.
const START: Duration = Duration::from_secs(90);

/// Networks whose chain is the stub.
const CHAINS: [&str; 9] =
    ["AMOY", "GOERLI", "HOLESKY", "HOODI", "MAINNET", "MUMBAI", "POLYGON", "RINKEBY", "SEPOLIA"];

/// A yagna service and its files.
pub struct Daemon {
    program: PathBuf,
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    child: Child,
    /// Where its API listens.
    pub api: SocketAddr,
    /// Where its bus listens, which may be another daemon's network.
    pub bus: SocketAddr,
}

/// The yagna that ray-on-golem brings along: golem-node 0.16.0.
pub fn program() -> PathBuf {
    python_env::environment().join("bin/yagna")
}

fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a listener has an address")
}

impl Daemon {
    /// Starts one whose network is the bus of `hub`, or its own.
    pub fn start(program: &Path, chain: SocketAddr, hub: Option<SocketAddr>) -> Self {
        let bus = free_port();
        let network =
            [("YA_NET_TYPE", "central".into()), ("CENTRAL_NET_HOST", hub.unwrap_or(bus).to_string())];
        Self::start_with(program, chain, bus, &network)
    }

    /// Starts one that finds no network: there is no relay at that address.
    pub fn start_alone(program: &Path, chain: SocketAddr) -> Self {
        let network = [
            ("YA_NET_TYPE", "hybrid".to_owned()),
            ("YA_NET_RELAY_HOST", free_port().to_string()),
            ("YA_NET_BIND_URL", "udp://127.0.0.1:0".to_owned()),
        ];
        Self::start_with(program, chain, free_port(), &network)
    }

    fn start_with(program: &Path, chain: SocketAddr, bus: SocketAddr, network: &[(&str, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let api = free_port();
        let mut environment = vec![
            ("YAGNA_DATADIR".to_owned(), folder.path().display().to_string()),
            ("YAGNA_API_URL".to_owned(), format!("http://{api}")),
            ("GSB_URL".to_owned(), format!("tcp://{bus}")),
            // Whatever else it would look up outside ends at a port where nobody listens.
            ("HTTP_PROXY".to_owned(), "http://127.0.0.1:9".to_owned()),
            ("HTTPS_PROXY".to_owned(), "http://127.0.0.1:9".to_owned()),
            ("NO_PROXY".to_owned(), "127.0.0.1".to_owned()),
        ];
        environment.extend(network.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        environment.extend(CHAINS.map(|name| (format!("{name}_GETH_ADDR"), format!("http://{chain}"))));
        let log = File::create(folder.path().join("service.log")).expect("the log can be made");
        // Ends with the thread that started it, even if nobody gets to say so.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        command.args(["service", "run", "--disable-metrics-push"]).envs(environment.iter().cloned());
        command.stdin(Stdio::null()).stderr(log.try_clone().expect("the log can be shared")).stdout(log);
        let child = command.spawn().expect("setpriv of util-linux runs");
        let mut daemon = Self { program: program.to_owned(), folder, environment, child, api, bus };
        daemon.wait_until_it_answers();
        daemon
    }

    fn wait_until_it_answers(&mut self) {
        let begun = Instant::now();
        while std::net::TcpStream::connect(self.api).is_err() {
            let ended = self.child.try_wait().expect("a child can be asked");
            let log = || std::fs::read_to_string(self.folder.path().join("service.log")).unwrap_or_default();
            assert!(ended.is_none(), "yagna ended: {}", log());
            assert!(begun.elapsed() < START, "yagna did not start: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        let root = Request { method: "GET".into(), path: "/".into(), ..Request::default() };
        assert_eq!(send(self.api, &root).status, 401);
    }

    /// Runs one of its commands.
    pub fn command(&self, arguments: &[String]) -> Output {
        let mut command = Command::new("timeout");
        command.arg("60").arg(&self.program).args(arguments).envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).output().expect("timeout of coreutils runs")
    }

    /// The JSON that a command prints.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let output = self.command(&arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|cause| panic!("{arguments:?}: {cause}: {errors}"))
    }

    /// A new app-key, of an identity or of the default one.
    pub fn app_key(&self, name: &str, identity: Option<&str>) -> String {
        let mut arguments = vec!["app-key", "create", name, "--json"];
        arguments.extend(identity.iter().flat_map(|identity| ["--id", *identity]));
        self.json(&arguments).as_str().expect("a key is a text").to_owned()
    }

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_real_yagna_leaves_no_process_behind() {
    let daemon = Daemon::start(&program(), super::chain::serve(), None);
    let pid = i32::try_from(daemon.pid()).unwrap();
    let family = || golem_outbound::exec::descendants::descendants(pid).len();
    assert_eq!(family(), 0, "the service is one process");
    drop(daemon);
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}
