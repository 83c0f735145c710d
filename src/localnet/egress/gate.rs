//! The gate: each TCP connection of a node is compared with the filter, then carried outside or reset.
//!
//! May import its siblings. Invariant: nothing is dialed before the filter has let the destination pass.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::World;
use super::filter_binding::FilterBinding;

/// How long a refused connection stays open, so that the client sees it accepted and then reset, as it does on a
/// provider, whose stack accepts before the exe-unit looks. Without it `connect` itself often fails.
pub const BEFORE_RESET: Duration = Duration::from_millis(20);

/// One activity's gate.
pub struct Gate {
    /// What may pass.
    pub filter: FilterBinding,
    /// What lies outside.
    pub world: Arc<World>,
    /// The provider's name, for its log.
    pub label: String,
}

/// Keeps the gate at one listener until aborted; then every connection ends too.
pub async fn keep(gate: Arc<Gate>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let gate = Arc::clone(&gate);
                connections.spawn(async move { gate.handle(stream).await });
            }
            // Out of descriptors, or the client was gone again: the next one may fare better.
            Err(error) => {
                tracing::warn!(provider = %gate.label, %error, "a connection could not be accepted");
                tokio::time::sleep(BEFORE_RESET).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

impl Gate {
    async fn handle(&self, inner: TcpStream) {
        let Ok(SocketAddr::V4(destination)) = inner.local_addr() else { return };
        let (ip, port) = (*destination.ip(), destination.port());
        if let Err(refusal) = self.filter.check_tcp(ip, port) {
            tracing::info!(provider = %self.label, "{refusal}");
            tokio::time::sleep(BEFORE_RESET).await;
            return reset(&inner);
        }
        if let Err(error) = self.carry(inner, ip, port).await {
            tracing::info!(provider = %self.label, %error, "connection to {ip}:{port} (tcp) failed");
        }
    }

    /// Carries bytes both ways; the end of one direction is passed on while the other goes on.
    async fn carry(&self, mut inner: TcpStream, ip: Ipv4Addr, port: u16) -> io::Result<()> {
        let mut outer = match self.world.dial(ip, port).await {
            Ok(outer) => outer,
            Err(error) => {
                reset(&inner);
                return Err(error);
            }
        };
        inner.set_nodelay(true)?;
        let carried = tokio::io::copy_bidirectional(&mut inner, &mut outer).await;
        if carried.is_err() {
            reset(&inner);
        }
        carried.map(|_| ())
    }
}

/// Makes the coming close a reset instead of an orderly end.
fn reset(stream: &TcpStream) {
    if let Err(error) = SockRef::from(stream).set_linger(Some(Duration::ZERO)) {
        tracing::debug!(%error, "a connection is closed, not reset");
    }
}
