//! What a client has sent and nobody has taken yet: one queue per channel, counted over the connection.
//!
//! russh hands a channel's messages over through a short buffer and stops the whole connection while it is full
//! (Eugeny/russh#730), so one process that does not read would stall all others, and the window adjusts on which
//! their output waits. So a task per channel always empties that buffer, and the window and the socket's pace
//! (`pacing`) hold the client back instead.
//!
//! Invariant: every queued byte is counted exactly as long as it exists, however its queue ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use russh::{ChannelMsg, ChannelReadHalf, Sig};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;

use super::terminal::Size;

/// Above this many queued bytes a connection is slowed down.
pub const HIGH_WATER: usize = 8 << 20;

/// The window of a channel while there is room; russh's own default.
const OPEN_WINDOW: u32 = 2 << 20;

/// The window of a channel while there is none: two packets, so that a client still makes progress.
const NARROW_WINDOW: u32 = 64 << 10;

/// What a queued message costs beside its bytes, so that many small ones count as well.
const MESSAGE_OVERHEAD: usize = 128;

/// The bytes that are queued on one connection.
#[derive(Clone, Debug, Default)]
pub struct Backlog(Arc<AtomicUsize>);

impl Backlog {
    /// How many bytes are queued.
    pub fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// The window to grant from now on.
    pub fn window(&self) -> u32 {
        if self.bytes() > HIGH_WATER { NARROW_WINDOW } else { OPEN_WINDOW }
    }
}

/// Bytes from a client, counted until they are dropped.
pub struct Chunk {
    data: Box<dyn AsRef<[u8]> + Send + Sync>,
    cost: usize,
    backlog: Backlog,
}

impl Chunk {
    fn new(data: impl AsRef<[u8]> + Send + Sync + 'static, backlog: &Backlog) -> Self {
        let cost = data.as_ref().len() + MESSAGE_OVERHEAD;
        backlog.0.fetch_add(cost, Ordering::Relaxed);
        Self { data: Box::new(data), cost, backlog: backlog.clone() }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        (*self.data).as_ref()
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.backlog.0.fetch_sub(self.cost, Ordering::Relaxed);
    }
}

/// What a client asks of a running session, beside sending bytes.
#[derive(Debug)]
pub enum Request {
    /// Its terminal has another size.
    Resize(Size),
    /// A signal for the process.
    Signal(Sig),
}

/// The receiving side of a channel. Dropping it ends its task and uncounts what is queued.
pub struct Inbound {
    /// The client's bytes; the end is the client's EOF, or the channel's end.
    pub data: UnboundedReceiver<Chunk>,
    /// The client's requests; the end is the channel's end.
    pub requests: UnboundedReceiver<Request>,
    /// The task that empties russh's buffer.
    _receiver: AbortOnDrop,
}

impl Inbound {
    /// Starts to empty russh's buffer of a channel.
    pub fn receive(channel: ChannelReadHalf, backlog: Backlog) -> Self {
        let (data_sender, data) = mpsc::unbounded_channel();
        let (request_sender, requests) = mpsc::unbounded_channel();
        let receiver = tokio::spawn(receive(channel, backlog, data_sender, request_sender));
        Self { data, requests, _receiver: AbortOnDrop(receiver) }
    }

    /// Waits for the channel's end, whatever else the client asks for.
    pub async fn closed(&mut self) {
        while self.requests.recv().await.is_some() {}
    }
}

/// Sorts a channel's messages until it ends. A queue whose reader is gone swallows what it gets.
async fn receive(
    mut channel: ChannelReadHalf,
    backlog: Backlog,
    data: UnboundedSender<Chunk>,
    requests: UnboundedSender<Request>,
) {
    let mut data = Some(data);
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Data { data: bytes } => {
                if let Some(queue) = &data {
                    let _ = queue.send(Chunk::new(bytes, &backlog));
                }
            }
            ChannelMsg::Eof => data = None,
            ChannelMsg::Close => break,
            ChannelMsg::WindowChange { col_width, row_height, pix_width, pix_height } => {
                let size = Size::new(col_width, row_height, pix_width, pix_height);
                let _ = requests.send(Request::Resize(size));
            }
            ChannelMsg::Signal { signal } => {
                let _ = requests.send(Request::Signal(signal));
            }
            // Requests that need an answer are answered by the connection; the rest means nothing to a server.
            _ => {}
        }
    }
}

/// A task that ends with its owner.
pub struct AbortOnDrop(pub JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_until_they_are_dropped() {
        let backlog = Backlog::default();
        let (sender, receiver) = mpsc::unbounded_channel();
        for _ in 0..10 {
            sender.send(Chunk::new(vec![0; 1 << 20], &backlog)).ok().unwrap();
        }
        assert!(backlog.bytes() > HIGH_WATER);
        assert_eq!(backlog.window(), NARROW_WINDOW);
        drop(receiver);
        assert_eq!(backlog.bytes(), 0);
        assert_eq!(backlog.window(), OPEN_WINDOW);
        assert!(sender.send(Chunk::new(vec![0; 10], &backlog)).is_err());
        assert_eq!(backlog.bytes(), 0, "a chunk that finds no reader is uncounted too");
    }
}
