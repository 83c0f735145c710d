//! The parts of a localnet that make a node's egress, put together without the rest.

use golem_outbound::localnet::market::faults::OddUrls;

use super::*;

/// One localnet's egress parts with a store of a single block.
pub(super) struct Localnet {
    pub(super) runtime: Runtime,
    pub(super) mirror: Arc<Mirror>,
    pub(super) world: Arc<World>,
    pub(super) bundle: PathBuf,
    pub(super) log: Log,
    _folder: tempfile::TempDir,
}

impl Localnet {
    pub(super) fn new() -> Self {
        replace_file("/etc/resolv.conf", "nameserver 1.1.1.1\nnameserver 8.8.8.8\n");
        // A machine may ask a resolver of its own over a Unix socket, which no network namespace confines.
        if Path::new("/etc/nsswitch.conf").exists() {
            replace_file("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
        }
        let log = Log::default();
        let writer = log.clone();
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();
        let runtime = Runtime::new().unwrap();
        let authority = Arc::new(Authority::new().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let bundle = authority.write_bundle(folder.path(), Path::new("/dev/null")).unwrap();
        let store = Store {
            hosts: vec!["ipfs.io".to_owned()],
            odd: OddUrls::default(),
            lookup: Arc::new(|host, path| {
                ((host, path) == ("ipfs.io", "/ipfs/bafkrei"))
                    .then(|| Served { body: b"rocks".to_vec(), content_type: "text/plain".to_owned() })
            }),
        };
        let registry = Router::new().route("/v1/image/info", get(|| async { "the registry" }));
        let mirror = {
            let _inside = runtime.enter();
            Mirror::start(authority, store, registry)
        };
        let world = Arc::new(World::mirror(Arc::clone(&mirror)));
        Self { runtime, mirror, world, bundle, log, _folder: folder }
    }

    pub(super) fn attach(&self, netns: &OwnedFd, access: OutboundAccess) -> std::io::Result<Egress> {
        self.attach_to(netns, access, Arc::clone(&self.world))
    }

    pub(super) fn attach_to(
        &self,
        netns: &OwnedFd,
        access: OutboundAccess,
        world: Arc<World>,
    ) -> std::io::Result<Egress> {
        let netns = netns.try_clone().unwrap();
        let label = "provider-1".to_owned();
        self.runtime.block_on(attach(EgressSpec { netns, access, local_ip: OUTSIDE_IP, world, label }))
    }

    /// The status and body that a program of the node gets; else what the program said.
    pub(super) fn fetch(&self, netns: &OwnedFd, url: &str) -> Result<(u16, String), String> {
        within(netns, || fetch(url, &self.bundle))
    }
}

/// What the localnet logged.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}
