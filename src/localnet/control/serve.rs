//! The answering side of the control socket.
//!
//! May import `localnet::yagna`. Invariant: the API's port is open exactly while one `service run` is connected.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
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

/// More than any question needs.
const LONGEST_LINE: u64 = 64 * 1024;

/// How long to wait before the next try to accept a connection: until then, some descriptor may be free.
const PAUSE: Duration = Duration::from_secs(1);

/// Answers for ever.
pub async fn serve_control(listener: UnixListener, yagna: Yagna, hooks: Arc<dyn ControlHooks>) {
    let service = Arc::new(AtomicBool::new(false));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!("failed to accept a control connection: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (read, write) = stream.into_split();
        let connection = Connection {
            yagna: yagna.clone(),
            hooks: hooks.clone(),
            service: service.clone(),
            reader: BufReader::new(read),
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
    reader: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
}

impl Connection {
    async fn serve(mut self) -> std::io::Result<()> {
        while let Some(line) = self.next_line().await? {
            match serde_json::from_slice(&line) {
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
                Err(error) => {
                    tracing::warn!("invalid control request: {error}");
                    self.reply(&Reply::Failed(format!("invalid control request: {error}"))).await?;
                }
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
        while self.next_line().await?.is_some() {}
        Ok(())
    }

    /// A line, or nothing at the end of the connection, which a line that is too long is, too.
    async fn next_line(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let read = (&mut self.reader).take(LONGEST_LINE + 1).read_until(b'\n', &mut line).await?;
        if line.len() as u64 > LONGEST_LINE {
            let text = format!("invalid control request: longer than {LONGEST_LINE} bytes");
            tracing::warn!("{text}");
            self.reply(&Reply::Failed(text)).await?;
            return Ok(None);
        }
        Ok((read > 0).then_some(line))
    }

    async fn reply(&mut self, reply: &Reply) -> std::io::Result<()> {
        let mut line = serde_json::to_string(reply)?;
        line.push('\n');
        self.write.write_all(line.as_bytes()).await
    }
}
