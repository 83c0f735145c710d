//! Nodes that only pretend.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use golem_outbound::localnet::exe_unit::{Boxed, ExeUnit, Node, NodeSpec, RunOutput, RuntimeError};
use tokio::io::AsyncWriteExt as _;

/// Deploys [`PretendedNode`]s.
pub struct Pretended;

/// Ports of a pretended node whose program closes every connection at once; at the second, because the node is dying.
pub const CLOSING: u16 = 7001;
pub const DYING: u16 = 7002;

struct PretendedNode {
    alive: AtomicBool,
    end: tokio::sync::watch::Sender<bool>,
}

impl ExeUnit for Pretended {
    fn deploy(&self, _: NodeSpec) -> Boxed<'_, Result<Arc<dyn Node>, RuntimeError>> {
        let (end, _) = tokio::sync::watch::channel(false);
        Box::pin(async { Ok(Arc::new(PretendedNode { alive: AtomicBool::new(true), end }) as Arc<dyn Node>) })
    }
}

impl Node for PretendedNode {
    fn start(&self) -> Boxed<'_, Result<(), RuntimeError>> {
        Box::pin(async { Ok(()) })
    }

    /// Echoes the command line; `exit N` ends with N.
    fn run(&self, program: String, args: Vec<String>) -> Boxed<'_, Result<RunOutput, RuntimeError>> {
        let code =
            args.last().and_then(|line| line.strip_prefix("exit ")).map_or(0, |code| code.parse().unwrap());
        let stdout = format!("{program} {}", args.join(" ")).into_bytes();
        Box::pin(async move { Ok(RunOutput { code, stdout, stderr: Vec::new() }) })
    }

    /// A peer that sends everything back, but for the ports above.
    fn connect(&self, port: u16) -> Boxed<'_, std::io::Result<tokio::net::TcpStream>> {
        Box::pin(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            let ours = tokio::net::TcpStream::connect(listener.local_addr()?).await?;
            let (mut theirs, _) = listener.accept().await?;
            if port == DYING {
                let end = self.end.clone();
                tokio::spawn(async move {
                    // As its processes die one after the other.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    end.send_replace(true);
                });
            }
            if [CLOSING, DYING].contains(&port) {
                return Ok(ours);
            }
            tokio::spawn(async move {
                let (mut read, mut write) = theirs.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
                let _ = write.shutdown().await;
            });
            Ok(ours)
        })
    }

    fn ended(&self) -> Boxed<'static, ()> {
        let mut end = self.end.subscribe();
        Box::pin(async move {
            // Without an end a pretended node lasts as long as the test.
            if end.wait_for(|end| *end).await.is_err() {
                std::future::pending().await
            }
        })
    }

    fn is_alive(&self) -> bool {
        self.alive.load(Ordering::SeqCst)
    }

    fn terminate(&self) -> Boxed<'_, ()> {
        self.alive.store(false, Ordering::SeqCst);
        Box::pin(async {})
    }
}
