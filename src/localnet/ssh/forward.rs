//! TCP through a connection: `-L` (direct-tcpip) and `-R` (tcpip-forward, forwarded-tcpip).
//!
//! Invariant: a forwarded port is bound to 127.0.0.1, whatever address the client asks for, as sshd does without
//! `GatewayPorts`; and the client is told the address that it asked for, by which alone it knows the forward again.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use russh::server::{ChannelOpenHandle, Handle, Msg};
use russh::{Channel, ChannelOpenFailure, ChannelWriteHalf};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;

use super::flow::{AbortOnDrop, Backlog, Chunk, Inbound};
use super::session::READ_SIZE;

/// Connects to `host`:`port` for a client, then answers the open request and carries the bytes.
pub async fn connect(
    host: String,
    port: u16,
    channel: Channel<Msg>,
    reply: ChannelOpenHandle,
    backlog: Backlog,
) {
    match TcpStream::connect((host.as_str(), port)).await {
        Ok(stream) => {
            reply.accept().await;
            carry(stream, channel, backlog).await;
        }
        Err(error) => {
            tracing::debug!("failed to connect to `{host}:{port}` for a client: {error}");
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
        }
    }
}

/// The ports that a connection's client has forwarded to itself; they are closed with it.
#[derive(Default)]
pub struct Forwards {
    listeners: HashMap<(String, u32), AbortOnDrop>,
}

impl Forwards {
    /// Opens a port of 127.0.0.1, any free one for 0, and gives its number.
    ///
    /// # Errors
    ///
    /// The port is no port, or cannot be bound.
    pub fn open(&mut self, address: &str, port: u32, handle: Handle, backlog: Backlog) -> io::Result<u32> {
        let number = u16::try_from(port).map_err(|_| io::ErrorKind::InvalidInput)?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, number))?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let bound = u32::from(listener.local_addr()?.port());
        let accepting = accept(listener, address.to_owned(), bound, handle, backlog);
        self.listeners.insert((address.to_owned(), bound), AbortOnDrop(tokio::spawn(accepting)));
        Ok(bound)
    }

    /// Closes a port; whether it was open. Connections made through it go on.
    pub fn close(&mut self, address: &str, port: u32) -> bool {
        self.listeners.remove(&(address.to_owned(), port)).is_some()
    }
}

/// Opens a channel to the client for each connection to a forwarded port.
async fn accept(listener: TcpListener, address: String, port: u32, handle: Handle, backlog: Backlog) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (address, handle, backlog) = (address.clone(), handle.clone(), backlog.clone());
                tokio::spawn(offer(stream, peer, address, port, handle, backlog));
            }
            Err(error) => {
                tracing::warn!("failed to accept on the forwarded port {port}: {error}");
                tokio::time::sleep(super::server::ACCEPT_RETRY).await;
            }
        }
    }
}

/// Offers one connection to the client; if the client refuses, the connection is closed.
async fn offer(
    stream: TcpStream,
    peer: SocketAddr,
    address: String,
    port: u32,
    handle: Handle,
    backlog: Backlog,
) {
    let (originator, originator_port) = (peer.ip().to_string(), u32::from(peer.port()));
    match handle.channel_open_forwarded_tcpip(address, port, originator, originator_port).await {
        Ok(channel) => carry(stream, channel, backlog).await,
        Err(error) => tracing::debug!("a client refused a connection to its port {port}: {error}"),
    }
}

/// Carries bytes both ways, each way with an end of its own.
async fn carry(stream: TcpStream, channel: Channel<Msg>, backlog: Backlog) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("failed to set TCP_NODELAY on a forwarded connection: {error}");
    }
    let (read, channel) = channel.split();
    let mut inbound = Inbound::receive(read, backlog);
    let (from_stream, to_stream) = stream.into_split();
    let Inbound { data, requests, .. } = &mut inbound;
    // A client that has sent everything closes at once, so its CLOSE ends the way out alone: what it sent before may
    // still be on its way in.
    let way_out = async {
        tokio::select! {
            ended = outward(from_stream, &channel) => ended,
            _ = requests.recv() => Ok(()),
        }
    };
    let in_order = matches!(tokio::try_join!(way_out, inward(data, to_stream)), Ok(((), true)));
    if in_order {
        // Both sides have said EOF, so the client closes or has closed. If the server did it, russh would keep the channel's
        // remains until the connection ends.
        inbound.closed().await;
    } else {
        // An error means that the connection is gone.
        let _ = channel.close().await;
    }
}

/// From the stream to the client, at the pace of the client's window.
async fn outward(mut stream: OwnedReadHalf, channel: &ChannelWriteHalf<Msg>) -> io::Result<()> {
    loop {
        let mut bytes = Vec::with_capacity(READ_SIZE);
        if stream.read_buf(&mut bytes).await? == 0 {
            return channel.eof().await.map_err(io::Error::other);
        }
        channel.data_bytes(bytes).await.map_err(io::Error::other)?;
    }
}

/// From the client to the stream. `false` if the stream took no more; what it still sends is worth waiting for.
async fn inward(data: &mut UnboundedReceiver<Chunk>, mut stream: OwnedWriteHalf) -> io::Result<bool> {
    while let Some(chunk) = data.recv().await {
        if stream.write_all(chunk.bytes()).await.is_err() {
            // Later bytes find no reader and are dropped where they arrive.
            data.close();
            while data.recv().await.is_some() {}
            return Ok(false);
        }
    }
    Ok(stream.shutdown().await.is_ok())
}
