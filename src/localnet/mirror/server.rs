//! The mirror's server: any stream in, HTTP out, with or without TLS, under whatever name was asked for.
//!
//! May import `localnet::http` and its siblings. Invariant: a connection to the address of one host is never given another host's
//! certificate, whatever name the client sends.

use std::io;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{HeaderMap, HeaderValue, Response};
use axum::serve::Listener;
use axum::{Extension, Router};
use rustls::server::Acceptor;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::LazyConfigAcceptor;

use super::{Authority, BoxedStream, REGISTRY_HOSTS, Store, pages};
use crate::localnet::http;

/// The first byte of a TLS handshake; no HTTP request begins with it.
const TLS_HANDSHAKE: u8 = 0x16;

/// Connections that wait for their HTTP server.
const WAITING: usize = 64;

/// The name by which a connection's client asked: the TLS server name, or the name of the address that it dialed.
/// Empty when neither is known; then the request's Host header decides.
#[derive(Clone, Debug)]
struct AskedHost(String);

/// A running mirror; dropping it ends its servers.
pub struct Mirror {
    authority: Arc<Authority>,
    hosts: Vec<String>,
    content: mpsc::Sender<(BoxedStream, AskedHost)>,
    registry: mpsc::Sender<(BoxedStream, AskedHost)>,
    servers: [JoinHandle<()>; 2],
}

impl Drop for Mirror {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

impl Mirror {
    /// Starts a mirror of `store`, from inside a tokio runtime. `registry` answers for [`REGISTRY_HOSTS`].
    pub fn start(authority: Arc<Authority>, store: Store, registry: Router) -> Arc<Self> {
        let hosts = store.hosts.clone();
        let pages = Router::new().fallback(page).with_state(Arc::new(store));
        let (content, arrivals) = arrivals();
        let content_server = tokio::spawn(async move {
            http::serve(arrivals, http::PATIENCE, pages).await;
        });
        let (registry_sender, arrivals) = self::arrivals();
        let registry_server = tokio::spawn(async move {
            http::serve(arrivals, http::PATIENCE, registry).await;
        });
        Arc::new(Self {
            authority,
            hosts,
            content,
            registry: registry_sender,
            servers: [content_server, registry_server],
        })
    }

    /// The hosts whose content it carries.
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// Serves one connection in the background. `dialed` is the name of the address that the client connected to,
    /// where that is known.
    pub fn serve(self: &Arc<Self>, stream: BoxedStream, dialed: Option<String>) {
        let mirror = Arc::clone(self);
        tokio::spawn(async move {
            let taken = tokio::time::timeout(http::PATIENCE, mirror.take(stream, dialed)).await;
            // Nobody has said anything, or not all of a TLS handshake.
            let silent = |_| Err(io::ErrorKind::TimedOut.into());
            if let Err(error) = taken.unwrap_or_else(silent) {
                tracing::debug!(%error, "a connection to the mirror failed");
            }
        });
    }

    /// Serves the connections of a listener until dropped: the sandbox's 127.0.0.1:443 and 127.0.0.1:80.
    pub async fn serve_listener(self: Arc<Self>, mut listener: TcpListener) {
        loop {
            let (stream, _) = Listener::accept(&mut listener).await;
            self.serve(Box::new(stream), None);
        }
    }

    async fn take(&self, mut stream: BoxedStream, dialed: Option<String>) -> io::Result<()> {
        let mut first = [0];
        if stream.read(&mut first).await? == 0 {
            return Ok(());
        }
        let tls = first[0] == TLS_HANDSHAKE;
        let (read, write) = tokio::io::split(stream);
        let stream = tokio::io::join(io::Cursor::new(first).chain(read), write);
        let (stream, host): (BoxedStream, String) = if tls {
            let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
            let name = dialed
                .or_else(|| start.client_hello().server_name().map(str::to_owned))
                .unwrap_or_else(|| "localhost".to_owned());
            let name = name.to_ascii_lowercase();
            let settings = self.authority.settings_for(&name)?;
            (Box::new(start.into_stream(settings).await?), name)
        } else {
            (Box::new(stream), dialed.unwrap_or_default())
        };
        let server = if REGISTRY_HOSTS.contains(&host.as_str()) { &self.registry } else { &self.content };
        server.send((stream, AskedHost(host))).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

async fn page(
    State(store): State<Arc<Store>>,
    Extension(AskedHost(asked)): Extension<AskedHost>,
    headers: HeaderMap,
    request: Request,
) -> Response<axum::body::Body> {
    let host = if asked.is_empty() { named_host(&headers) } else { asked };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    pages::answer(&store, &host, request.method(), path, &headers)
}

/// The Host header without its port.
fn named_host(headers: &HeaderMap) -> String {
    let text = headers.get(HOST).map(HeaderValue::to_str).and_then(Result::ok).unwrap_or_default();
    let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
    host.to_ascii_lowercase()
}

/// A listener whose connections are handed in.
struct Arrivals(mpsc::Receiver<(BoxedStream, AskedHost)>);

fn arrivals() -> (mpsc::Sender<(BoxedStream, AskedHost)>, Arrivals) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (sender, Arrivals(receiver))
}

impl Listener for Arrivals {
    type Io = BoxedStream;
    type Addr = AskedHost;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.0.recv().await {
            Some(arrival) => arrival,
            // The mirror is gone and will abort this task.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(AskedHost(String::new()))
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, ServerName};
    use rustls::{ClientConfig, RootCertStore};
    use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
    use tokio_rustls::TlsConnector;

    use super::super::Served;
    use super::*;
    use crate::localnet::market::faults::OddUrls;

    fn mirror() -> (Arc<Mirror>, TlsConnector) {
        let authority = Arc::new(Authority::new().unwrap());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let store = Store {
            hosts: vec!["ipfs.io".into()],
            lookup: Arc::new(|host, path| {
                let known = (host, path) == ("ipfs.io", "/ipfs/x");
                known.then(|| Served { body: b"rocks".to_vec(), content_type: "text/plain".into() })
            }),
            odd: OddUrls::default(),
        };
        let registry = Router::new().fallback(|| async { "the registry" });
        (Mirror::start(authority, store, registry), TlsConnector::from(Arc::new(client)))
    }

    async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
        let request = format!("{request} HTTP/1.1\r\nHost: ipfs.io:443\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn handshake(
        dialed: Option<&str>,
        name: &'static str,
    ) -> io::Result<tokio_rustls::client::TlsStream<tokio::io::DuplexStream>> {
        let (mirror, connector) = mirror();
        let (ours, theirs) = tokio::io::duplex(4096);
        mirror.serve(Box::new(theirs), dialed.map(str::to_owned));
        let stream = connector.connect(ServerName::try_from(name).unwrap(), ours).await?;
        // The servers end with the mirror, which must outlive the answer.
        tokio::spawn(async move {
            let _kept = mirror;
            std::future::pending::<()>().await;
        });
        Ok(stream)
    }

    #[tokio::test]
    async fn the_same_port_speaks_tls_and_plain_http() {
        let tls = handshake(None, "ipfs.io").await.unwrap();
        let answer = ask(tls, "GET /ipfs/x").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("rocks"), "{answer}");

        let (mirror, _) = mirror();
        let (ours, theirs) = tokio::io::duplex(4096);
        mirror.serve(Box::new(theirs), None);
        let answer = ask(ours, "GET /ipfs/x").await;
        assert!(answer.ends_with("rocks"), "{answer}");
    }

    #[tokio::test]
    async fn a_head_request_gets_the_length_and_no_body() {
        let answer = ask(handshake(Some("ipfs.io"), "ipfs.io").await.unwrap(), "HEAD /ipfs/x").await;
        assert!(answer.contains("content-length: 5\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    }

    #[tokio::test]
    async fn the_registrys_names_lead_to_the_registry() {
        for name in REGISTRY_HOSTS {
            let answer = ask(handshake(None, name).await.unwrap(), "GET /v1/image/info").await;
            assert!(answer.ends_with("the registry"), "{answer}");
        }
    }

    #[tokio::test]
    async fn one_hosts_address_does_not_lead_to_another_host() {
        let error = handshake(Some("github.com"), "ipfs.io").await.unwrap_err();
        assert!(error.to_string().contains("certificate"), "{error}");
    }
}
