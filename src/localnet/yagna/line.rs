//! A client's connection to the API: cut when `yagna service run` ends, or when what it leads to is gone.
//!
//! May import nothing of the house. Invariant: a server's end reaches every connection, also one that waits in a long
//! poll or has become a websocket; a task of its own, as each connection is, would outlive the server.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A listener whose connections end with the sender of `end`.
pub struct Lines {
    /// Where clients come from.
    pub listener: TcpListener,
    /// Never says anything; its sender's end is the connections' end.
    pub end: watch::Receiver<()>,
}

impl axum::serve::Listener for Lines {
    type Io = Line;
    /// Where a client comes from matters to nobody here; how its connection is cut does.
    type Addr = Cut;

    async fn accept(&mut self) -> (Line, Cut) {
        // axum's own accept waits where a process has run out of descriptors.
        let (stream, _) = axum::serve::Listener::accept(&mut self.listener).await;
        let mut end = self.end.clone();
        let over = Box::pin(async move { while end.changed().await.is_ok() {} });
        let cut = Cut::default();
        (Line { stream, over: Some(over), cut: cut.clone() }, cut)
    }

    fn local_addr(&self) -> io::Result<Cut> {
        Ok(Cut::default())
    }
}

/// Makes one connection end with a reset. websocat does not take an orderly end for one, with or without a closing frame,
/// and waits for ever; a reset ends it, and with it the ssh that it carries.
#[derive(Clone, Debug, Default)]
pub struct Cut(Arc<AtomicBool>);

impl Cut {
    /// From now on; the connection has still to be dropped.
    pub fn with_a_reset(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One connection.
pub struct Line {
    stream: TcpStream,
    cut: Cut,
    /// Completes at the server's end; taken out then.
    over: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.cut.0.load(Ordering::Relaxed) {
            // Where that is not to be had, the end is an orderly one.
            let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
    }
}

impl Line {
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        if self.over.as_mut().is_some_and(|over| over.as_mut().poll(context).is_ready()) {
            self.over = None;
        }
        self.over.is_none()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Nothing read means that the other side hung up, which ends whatever the server does for it.
        if self.is_over(context) {
            Poll::Ready(Ok(()))
        } else {
            Pin::new(&mut self.stream).poll_read(context, buffer)
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_over(context) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_long_poll_ends_with_the_service() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (hold, end) = watch::channel(());
        let (asked, mut waits) = tokio::sync::mpsc::channel(1);
        let poll = axum::routing::get(move || {
            let asked = asked.clone();
            async move {
                asked.send(()).await.unwrap();
                std::future::pending::<()>().await;
            }
        });
        let router = axum::Router::new().route("/", poll);
        let server = tokio::spawn(async move { axum::serve(Lines { listener, end }, router).await });
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: yagna\r\n\r\n").await.unwrap();
        waits.recv().await.unwrap();
        server.abort();
        drop(hold);
        let mut said = Vec::new();
        let over = tokio::time::timeout(Duration::from_secs(10), client.read_to_end(&mut said)).await;
        over.expect("the connection ends").unwrap();
        assert!(said.is_empty());
    }
}
