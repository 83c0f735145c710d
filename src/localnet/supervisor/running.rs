//! The parts of a localnet, joined: certificate authority, mirror, world, nodes, yagna, registry, control socket.
//!
//! May import `error`, `content` and the parts of `localnet`. Invariant: everything here lives in the sandbox; what
//! leaves it goes through the keeper.

use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::content;
use crate::error::{Error, Result};
use crate::localnet::control::{ControlHooks, Reply, Request, serve_control};
use crate::localnet::egress::outside::Outside;
use crate::localnet::egress::{Egress, EgressSpec, World, attach};
use crate::localnet::exe_unit::{Boxed, ExeUnit, OutboundAccess};
use crate::localnet::http;
use crate::localnet::market::MarketFile;
use crate::localnet::market::faults::OddUrls;
use crate::localnet::market::outbound_decision::by_the_rules;
use crate::localnet::mirror::{Authority, Clock, Content, Lookup, Mirror, Served, Store};
use crate::localnet::node::{AttachEgress, Nodes, NodesConfig};
use crate::localnet::sandbox::config::{SandboxConfig, create_private_dir};
use crate::localnet::sandbox::environment::{CONTROL_SOCKET, YAGNA_API_URL};
use crate::localnet::sandbox::logs::{self, Logs};
use crate::localnet::yagna::line::Lines;
use crate::localnet::yagna::{Yagna, YagnaConfig};

/// Where yagna's API listens while `yagna service run` lives.
const YAGNA_PORT: u16 = 7465;
/// The requestor's own address toward the outside when its content is live.
const REQUESTOR_IP: Ipv4Addr = Ipv4Addr::new(10, 42, 42, 1);
/// Certificates that programs trust anyway, if the environment has no certifi.
const SYSTEM_BUNDLES: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// A running localnet, as the supervisor holds it.
pub struct Running {
    stop: Arc<Notify>,
    logs: Logs,
    _requestor: Option<Egress>,
}

impl Running {
    /// Starts every part; returns when all of them listen.
    pub async fn start(config: &SandboxConfig, outside: OwnedFd, visible_logs: OwnedFd) -> Result<Self> {
        let MarketFile { providers, faults } = MarketFile::read(config.providers.as_deref(), &config.faults)?;
        let authority = Authority::on(Clock { ahead: faults.clock_ahead });
        let authority = Arc::new(authority.map_err(|e| Error::io("make", "a certificate authority", e))?);
        let base = trusted_bundle(&config.venv)?;
        let bundle = authority
            .write_bundle(&config.dir.join("ca"), &base)
            .map_err(|e| Error::io("write the certificates of", config.ca_bundle(), e))?;

        // The nodes need the world, the world needs the mirror, and the mirror serves the registry of yagna.
        let world: Arc<OnceLock<Arc<World>>> = Arc::default();
        let nodes = Nodes::new(NodesConfig {
            program: config.program.clone(),
            venv: config.venv.clone(),
            ca_bundle: Some(bundle),
            egress: Some(node_egress(Arc::clone(&world))),
        })?;
        let exe_unit: Arc<dyn ExeUnit> = Arc::new(nodes);
        let mut simulated = YagnaConfig::new(providers, by_the_rules());
        simulated.suffer(&faults);
        let yagna = Yagna::new(simulated, exe_unit);
        let mirror = Mirror::start(
            authority,
            store(OddUrls::new(faults.chance(), faults.urls.clone())),
            yagna.registry_router(),
        );
        let outside = Outside::new(UnixStream::from(outside));
        let content = config.content();
        let world = world.get_or_init(|| {
            let world = match content {
                Content::Mirror => World::mirror(Arc::clone(&mirror)),
                Content::Live => World::live(outside),
            };
            Arc::new(world.without_names(faults.unresolved_names.clone()).with_failing_queries(&faults))
        });
        for port in [443, 80] {
            tokio::spawn(Arc::clone(&mirror).serve_listener(listen(port).await?));
        }
        let requestor = match content {
            Content::Mirror => None,
            Content::Live => Some(requestor_egress(Arc::clone(world)).await?),
        };
        let stop = Arc::new(Notify::new());
        serve_requests(yagna.clone(), Arc::clone(&stop))?;
        let keys = Box::new(move || app_keys(&yagna));
        let logs = Logs::follow(&logs::folder(&config.dir), visible_logs, keys);
        Ok(Self { stop, logs, _requestor: requestor })
    }

    /// Returns when somebody asked over the control socket.
    pub async fn asked_to_stop(&self) {
        self.stop.notified().await;
    }

    /// Writes what is left of ray-on-golem's logs.
    pub fn finish_logs(&self) {
        self.logs.finish();
    }
}

/// Every app-key that was made so far.
fn app_keys(yagna: &Yagna) -> Vec<String> {
    match yagna.control(&Request::AppKeyList) {
        Reply::AppKeys(keys) => keys.into_iter().map(|key| key.key).collect(),
        _ => Vec::new(),
    }
}

/// What the mirror carries.
fn store(odd: OddUrls) -> Store {
    let lookup: Lookup = Arc::new(|host, path| {
        content::mirror::lookup(host, path)
            .map(|served| Served { body: served.body.to_vec(), content_type: served.content_type.to_owned() })
    });
    Store { hosts: content::mirror::hosts().iter().map(ToString::to_string).collect(), lookup, odd }
}

/// The certificates that the walk's programs would trust without us: certifi's, else the system's.
fn trusted_bundle(venv: &Path) -> Result<PathBuf> {
    let versions = std::fs::read_dir(venv.join("lib")).into_iter().flatten().flatten();
    versions
        .map(|version| version.path().join("site-packages/certifi/cacert.pem"))
        .chain(SYSTEM_BUNDLES.map(PathBuf::from))
        .find(|path| path.is_file())
        .ok_or_else(|| {
            Error::machine(format!(
                "failed to find trusted certificates: neither certifi in `{}` nor the system has any",
                venv.display()
            ))
            .hint("install them: `apt-get install ca-certificates`")
        })
}

async fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|e| Error::io("listen in the sandbox on", format!("127.0.0.1:{port}"), e))
}

fn node_egress(world: Arc<OnceLock<Arc<World>>>) -> AttachEgress {
    Arc::new(move |netns, spec| {
        let world = world.get().map(Arc::clone);
        Box::pin(async move {
            let world = world.ok_or_else(|| std::io::Error::other("the localnet is not up yet"))?;
            let [.., last] = spec.vpn_ip.octets();
            let egress = attach(EgressSpec {
                netns,
                access: spec.outbound,
                local_ip: Ipv4Addr::new(10, 42, 42, last),
                world,
                label: spec.provider_name,
            })
            .await?;
            Ok(Box::new(egress) as Box<dyn std::any::Any + Send + Sync>)
        })
    })
}

async fn requestor_egress(world: Arc<World>) -> Result<Egress> {
    let path = "/proc/self/ns/net";
    let netns = File::open(path).map_err(|e| Error::io("open", path, e))?.into();
    attach(EgressSpec {
        netns,
        access: OutboundAccess::Unrestricted,
        local_ip: REQUESTOR_IP,
        world,
        label: "requestor".into(),
    })
    .await
    .map_err(|e| Error::io("open the way out of", "the sandbox", e))
}

fn serve_requests(yagna: Yagna, stop: Arc<Notify>) -> Result<()> {
    let socket = Path::new(CONTROL_SOCKET);
    if let Some(folder) = socket.parent() {
        create_private_dir(folder)?;
    }
    let listener = UnixListener::bind(socket).map_err(|e| Error::io("listen on", socket, e))?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))
        .map_err(|e| Error::io("protect", socket, e))?;
    let hooks = Arc::new(Hooks { yagna: yagna.clone(), api: Mutex::new(None), stop });
    tokio::spawn(serve_control(listener, yagna, hooks));
    Ok(())
}

/// What the control socket may do to the supervisor.
struct Hooks {
    yagna: Yagna,
    api: Mutex<Option<JoinHandle<()>>>,
    stop: Arc<Notify>,
}

impl Hooks {
    fn replace_api(&self, api: Option<JoinHandle<()>>) -> Option<JoinHandle<()>> {
        std::mem::replace(&mut *self.api.lock().unwrap_or_else(PoisonError::into_inner), api)
    }
}

impl ControlHooks for Hooks {
    fn open_api(&self) -> Boxed<'_, std::result::Result<String, String>> {
        Box::pin(async move {
            let listener = listen(YAGNA_PORT).await.map_err(|error| error.message().to_owned())?;
            let router = self.yagna.router();
            let server = tokio::spawn(async move {
                // Ends with this task, and every connection with it.
                let (_hold, end) = watch::channel(());
                http::serve(Lines { listener, end }, http::PATIENCE, router).await;
            });
            self.replace_api(Some(server));
            Ok(YAGNA_API_URL.to_owned())
        })
    }

    fn close_api(&self) -> Boxed<'_, ()> {
        Box::pin(async move {
            if let Some(server) = self.replace_api(None) {
                server.abort();
                // The port is free when the task is gone.
                let _ = server.await;
            }
        })
    }

    fn stop(&self) {
        self.stop.notify_one();
    }
}
