//! HTTP for clients that may be slow, silent or gone.
//!
//! May import nothing of the house. Invariant: a connection whose client stops in the middle of a request ends.

use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;

/// How long a request may take to arrive, its head and its body each, and how long a connection is kept for the next
/// one. Several times of what the requestor's clients keep theirs open.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Serves every connection of a listener in a task of its own, which outlives this one. Ends with its task alone.
/// Each request finds the address of its connection, as the listener tells it, among its extensions.
pub async fn serve<L: Listener>(mut listener: L, patience: Duration, router: Router)
where
    L::Addr: Clone + Sync + 'static,
{
    loop {
        let (stream, from) = listener.accept().await;
        let router = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(from.clone());
            router.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an HTTP connection failed");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn a_client_that_stops_in_the_middle_of_a_head_is_dropped() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(|| async { "answered" });
        tokio::spawn(serve(listener, Duration::from_millis(200), router));
        for begun in ["", "GET", "GET / HTTP/1.1\r\nHost: yag"] {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(begun.as_bytes()).await.unwrap();
            let mut said = Vec::new();
            let ended = tokio::time::timeout(Duration::from_secs(20), client.read_to_end(&mut said)).await;
            ended.expect("the connection ends").unwrap();
            let said = String::from_utf8(said).unwrap();
            assert!(!said.contains("answered"), "{begun:?}: {said}");
        }
    }
}
