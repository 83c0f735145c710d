//! Bodies that end too early or come slowly.
//!
//! May import nothing of the house. Invariant: what comes is a beginning of the content, never anything else.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use http_body::{Body, Frame};
use tokio::time::{Sleep, sleep};

/// How often a slow body gives something.
const TICK: Duration = Duration::from_millis(100);

/// The first bytes of a content, and then the end of the connection.
pub struct Truncated(Option<Bytes>);

impl Truncated {
    /// So many bytes of it.
    pub fn new(mut content: Bytes, length: u64) -> Self {
        content.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Self(Some(content))
    }
}

impl Body for Truncated {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(beginning) => Ok(Frame::data(beginning)),
            None => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut off (simulated)")),
        }))
    }
}

/// A content that comes so many bytes a second.
pub struct Slow {
    rest: Bytes,
    at_once: usize,
    every: Duration,
    pause: Pin<Box<Sleep>>,
}

impl Slow {
    /// The content at this speed.
    pub fn new(content: Bytes, bytes_per_second: u32) -> Self {
        let at_once = usize::try_from(bytes_per_second / 10).unwrap_or(1).max(1);
        // Fewer than ten bytes a second come one by one.
        let every =
            if bytes_per_second < 10 { Duration::from_secs(1) / bytes_per_second.max(1) } else { TICK };
        Self { rest: content, at_once, every, pause: Box::pin(sleep(every)) }
    }
}

impl Body for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        ready!(self.pause.as_mut().poll(context));
        let length = self.at_once.min(self.rest.len());
        let piece = self.rest.split_to(length);
        let next = self.pause.deadline() + self.every;
        self.pause.as_mut().reset(next);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}
