//! Accepting connections, and how russh is set up.
//!
//! Invariant: one broken connection never ends the server.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use russh::keys::{Algorithm, HashAlg};
use russh::{Disconnect, MethodKind, MethodSet, Preferred, SshId};
use tokio::net::{TcpListener, TcpStream};

use super::connection::Connection;
use super::flow::Backlog;
use super::host_key;
use super::pacing::PacedStream;

/// How long a client may take to log in; the same as sshd's `LoginGraceTime`.
const LOGIN_GRACE: Duration = Duration::from_secs(120);

/// How long a refused key takes, so that guessing stays slow while a client with several keys does not wait.
const REJECTION_TIME: Duration = Duration::from_millis(100);

/// How long to leave a listener alone that cannot accept, for example for want of file descriptors.
pub const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Where the server finds its files and whom it lets in.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// The keys that may log in, in OpenSSH's format; read anew at each login.
    pub authorized_keys: PathBuf,
    /// Where the host key lies; made with mode 0700 if it is missing.
    pub host_key_dir: PathBuf,
    /// `/etc/environment`: variables for every session, as `pam_env` reads them. It may be missing.
    pub environment_file: PathBuf,
    /// The home directory, where every session starts.
    pub home: PathBuf,
    /// The login shell, for example `/bin/bash`.
    pub shell: PathBuf,
    /// The only user who may log in, for example `root`. Sessions run as the user of this process.
    pub user: String,
}

/// Serves SSH on `listener` for ever, inside a tokio runtime with I/O and time enabled.
///
/// Connections are tasks of their own: they outlive a dropped future and end with the runtime, which kills their
/// processes.
///
/// # Errors
///
/// Only at the start: the host key cannot be read or made, or the listener cannot be registered.
pub async fn serve(listener: std::net::TcpListener, config: ServerConfig) -> io::Result<()> {
    let host_key = host_key::load_or_create(&config.host_key_dir)?;
    let protocol = Arc::new(protocol_config(host_key));
    let config = Arc::new(config);
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (protocol, config) = (Arc::clone(&protocol), Arc::clone(&config));
                tokio::spawn(async move {
                    if let Err(error) = serve_connection(stream, protocol, config).await {
                        tracing::debug!("an SSH connection ended: {error}");
                    }
                });
            }
            Err(error) => {
                tracing::warn!("failed to accept an SSH connection: {error}");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

/// Public keys only, no second of waiting per login, and no end of idle connections: Ray keeps its own open.
fn protocol_config(host_key: russh::keys::PrivateKey) -> russh::server::Config {
    let rsa = |hash| Algorithm::Rsa { hash: Some(hash) };
    russh::server::Config {
        server_id: SshId::Standard(Cow::Borrowed(concat!(
            "SSH-2.0-golem_outbound_",
            env!("CARGO_PKG_VERSION")
        ))),
        methods: MethodSet::from(&[MethodKind::PublicKey][..]),
        auth_rejection_time: REJECTION_TIME,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![host_key],
        preferred: Preferred {
            key: Cow::Owned(vec![Algorithm::Ed25519, rsa(HashAlg::Sha512), rsa(HashAlg::Sha256)]),
            ..Preferred::DEFAULT
        },
        inactivity_timeout: None,
        ..Default::default()
    }
}

/// One connection from its first byte to its last.
async fn serve_connection(
    stream: TcpStream,
    protocol: Arc<russh::server::Config>,
    config: Arc<ServerConfig>,
) -> Result<(), russh::Error> {
    // russh sets this only in its own accept loop; without it every keystroke waits for the client's delayed ACK.
    stream.set_nodelay(true)?;
    let (client, server) = (stream.peer_addr()?, stream.local_addr()?);
    let authenticated = Arc::new(AtomicBool::new(false));
    let backlog = Backlog::default();
    let connection = Connection::new(config, (client, server), backlog.clone(), Arc::clone(&authenticated));
    let running = russh::server::run_stream(protocol, PacedStream::new(stream, backlog), connection);
    let mut running =
        tokio::time::timeout(LOGIN_GRACE, running).await.map_err(|_| russh::Error::ConnectionTimeout)??;
    let handle = running.handle();
    tokio::select! {
        ended = &mut running => return ended,
        () = tokio::time::sleep(LOGIN_GRACE) => {}
    }
    if !authenticated.load(Ordering::Relaxed) {
        let reason = "login took too long".to_owned();
        // An error means that the connection has just ended by itself.
        let _ = handle.disconnect(Disconnect::ByApplication, reason, String::new()).await;
    }
    running.await
}
