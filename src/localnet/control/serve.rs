//! The answering side of the control socket.
//!
//! May import `localnet::yagna`. Invariant: the API's port is open exactly while one `service run` is connected.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixListener;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::{Reply, Request};
use crate::localnet::exe_unit::Boxed;
use crate::localnet::yagna::Yagna;

/// What only the supervisor can do.
pub trait ControlHooks: Send + Sync + 'static {
    /// Binds and serves the API's port; the URL, or why it could not be bound.
    fn open_api(&self) -> Boxed<'_, Result<String, String>>;

    /// Closes the API's port again.
    fn close_api(&self) -> Boxed<'_, ()>;

    /// Ends the localnet, after this call has returned.
    fn stop(&self);
}

/// Answers until the listener fails.
///
/// # Errors
/// When no connection can be accepted any more.
pub async fn serve_control(
    listener: UnixListener,
    yagna: Yagna,
    hooks: Arc<dyn ControlHooks>,
) -> std::io::Result<()> {
    let service = Arc::new(AtomicBool::new(false));
    loop {
        let (stream, _) = listener.accept().await?;
        let (read, write) = stream.into_split();
        let connection = Connection {
            yagna: yagna.clone(),
            hooks: hooks.clone(),
            service: service.clone(),
            lines: BufReader::new(read).lines(),
            write,
        };
        tokio::spawn(async move {
            if let Err(error) = connection.serve().await {
                tracing::debug!("a control connection ended: {error}");
            }
        });
    }
}

struct Connection {
    yagna: Yagna,
    hooks: Arc<dyn ControlHooks>,
    /// Whether a `service run` is connected.
    service: Arc<AtomicBool>,
    lines: Lines<BufReader<OwnedReadHalf>>,
    write: OwnedWriteHalf,
}

impl Connection {
    async fn serve(mut self) -> std::io::Result<()> {
        while let Some(line) = self.lines.next_line().await? {
            match serde_json::from_str(&line) {
                Ok(Request::ServiceRun) => return self.service_run().await,
                Ok(Request::Stop) => {
                    self.reply(&Reply::Done).await?;
                    self.hooks.stop();
                    return Ok(());
                }
                Ok(request) => {
                    let reply = self.yagna.control(&request);
                    self.reply(&reply).await?;
                }
                Err(error) => self.reply(&Reply::Failed(format!("invalid control request: {error}"))).await?,
            }
        }
        Ok(())
    }

    async fn service_run(&mut self) -> std::io::Result<()> {
        if self.service.swap(true, Ordering::SeqCst) {
            let text = "the simulated yagna service is running already";
            return self.reply(&Reply::Failed(text.to_owned())).await;
        }
        let result = match self.hooks.open_api().await {
            Ok(url) => {
                let held = self.hold(url).await;
                self.hooks.close_api().await;
                held
            }
            Err(text) => self.reply(&Reply::Failed(text)).await,
        };
        self.service.store(false, Ordering::SeqCst);
        result
    }

    /// Waits for the end of the connection, however it comes.
    async fn hold(&mut self, url: String) -> std::io::Result<()> {
        self.reply(&Reply::ServiceRunning(url)).await?;
        while self.lines.next_line().await?.is_some() {}
        Ok(())
    }

    async fn reply(&mut self, reply: &Reply) -> std::io::Result<()> {
        let mut line = serde_json::to_string(reply)?;
        line.push('\n');
        self.write.write_all(line.as_bytes()).await
    }
}
