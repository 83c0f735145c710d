//! A client's socket that is read more slowly the more of the client's bytes are queued.
//!
//! Invariant: reading never stops, because the window adjusts on which all output waits arrive on it.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::flow::{Backlog, HIGH_WATER};

/// How much is read between two pauses: a packet or two.
const STRIDE: usize = 64 << 10;

/// The pause at the high water; it grows with the square of the excess.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// The longest pause, so that a window adjust is never far away.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A TCP stream under the pace of a backlog.
pub struct PacedStream {
    stream: BufReader<TcpStream>,
    backlog: Backlog,
    since_pause: usize,
    pause: Option<Pin<Box<Sleep>>>,
}

impl PacedStream {
    /// The stream, read at full pace for as long as the backlog is small.
    pub fn new(stream: TcpStream, backlog: Backlog) -> Self {
        // russh reads each packet in two pieces; a buffer halves the system calls and more.
        Self { stream: BufReader::with_capacity(STRIDE, stream), backlog, since_pause: 0, pause: None }
    }
}

/// How long to pause with this many bytes queued.
fn pause(backlog: usize) -> Option<Duration> {
    if backlog <= HIGH_WATER {
        return None;
    }
    let times = u32::try_from(backlog / HIGH_WATER).unwrap_or(u32::MAX);
    Some(FIRST_PAUSE.saturating_mul(times.saturating_mul(times)).min(LONGEST_PAUSE))
}

impl AsyncRead for PacedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.since_pause >= STRIDE {
            this.since_pause = 0;
            this.pause = pause(this.backlog.bytes()).map(|time| Box::pin(tokio::time::sleep(time)));
        }
        if let Some(sleep) = &mut this.pause {
            ready!(sleep.as_mut().poll(context));
            this.pause = None;
        }
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut this.stream).poll_read(context, buffer));
        this.since_pause += buffer.filled().len() - before;
        Poll::Ready(result)
    }
}

impl AsyncWrite for PacedStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_with_the_backlog_and_is_bounded() {
        assert_eq!(pause(0), None);
        assert_eq!(pause(HIGH_WATER), None);
        assert_eq!(pause(HIGH_WATER + 1), Some(FIRST_PAUSE));
        assert_eq!(pause(3 * HIGH_WATER), Some(9 * FIRST_PAUSE));
        assert_eq!(pause(usize::MAX), Some(LONGEST_PAUSE));
    }
}
