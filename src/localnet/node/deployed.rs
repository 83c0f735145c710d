//! A deployed node as the supervisor holds it.
//!
//! May import `error` and `localnet::exe_unit`. Invariant: the process group of namespaces ends when this value is
//! dropped or its control socket closes, whichever comes first.

use std::any::Any;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, watch};

use super::protocol::{FromNode, Plan, ToNode, line};
use super::vpn::{Vpn, Vpns};
use super::{NodesConfig, netns};
use crate::error::{Error, Result};
use crate::localnet::exe_unit::{Boxed, Node, NodeSpec, RunOutput, RuntimeError};
use crate::localnet::sandbox::{OWN_IMAGE, init};

/// How long a node may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(3);

/// A node whose namespaces exist and whose agent answers.
pub struct DeployedNode {
    config: NodesConfig,
    spec: NodeSpec,
    vpn: Arc<Vpn>,
    namespace: OwnedFd,
    conversation: Mutex<BufStream<UnixStream>>,
    /// The same socket once more, to hang up while a conversation is going on.
    hang_up: StdUnixStream,
    ended: watch::Receiver<bool>,
    /// Whether its end was asked for.
    released: Arc<AtomicBool>,
    egress: Mutex<Option<Box<dyn Any + Send + Sync>>>,
}

impl DeployedNode {
    /// Makes the namespaces, the interface and the root, and starts the agent.
    pub async fn deploy(config: &NodesConfig, vpns: Arc<Vpns>, spec: NodeSpec) -> Result<Self> {
        let (here, there) = StdUnixStream::pair().map_err(|e| Error::io("create", "a socket pair", e))?;
        let hang_up = here.try_clone().map_err(|e| Error::io("duplicate", "a socket", e))?;
        let mut child = spawn(&plan(config, &spec), there)?;
        let pid = child.id().ok_or_else(|| Error::internal("a node ended at once"))?;
        here.set_nonblocking(true).map_err(|e| Error::io("configure", "a socket", e))?;
        let here = UnixStream::from_std(here).map_err(|e| Error::io("use", "a socket", e))?;
        let mut conversation = BufStream::new(here);
        let joined = join(&mut conversation, pid, vpns, &spec).await;
        let (vpn, namespace) = match joined {
            Ok(joined) => joined,
            Err(error) => {
                let _ = child.kill().await;
                return Err(error);
            }
        };
        let released = Arc::new(AtomicBool::new(false));
        let ended = await_end(child, &spec, Arc::clone(&released));
        let (conversation, egress) = (Mutex::new(conversation), Mutex::new(None));
        let config = config.clone();
        Ok(Self { config, spec, vpn, namespace, conversation, hang_up, ended, released, egress })
    }

    fn release(&self) {
        self.released.store(true, Ordering::Relaxed);
        let _ = self.hang_up.shutdown(Shutdown::Both);
    }

    async fn attach_egress(&self) -> std::io::Result<()> {
        if let Some(attach) = &self.config.egress {
            let attached = attach(self.namespace.try_clone()?, self.spec.clone()).await?;
            *self.egress.lock().await = Some(attached);
        }
        Ok(())
    }

    async fn ask(&self, request: ToNode) -> Result<FromNode> {
        let mut conversation = self.conversation.lock().await;
        let asked = async {
            conversation.write_all(&line(&request)?).await?;
            conversation.flush().await
        };
        asked.await.map_err(|e| Error::io("ask", "the node", e))?;
        hear(&mut conversation).await
    }
}

impl Node for DeployedNode {
    fn start(&self) -> Boxed<'_, std::result::Result<(), RuntimeError>> {
        Box::pin(async move {
            let attached = self.attach_egress().await;
            attached.map_err(|e| RuntimeError(e.to_string()))
        })
    }

    fn run(
        &self,
        program: String,
        args: Vec<String>,
    ) -> Boxed<'_, std::result::Result<RunOutput, RuntimeError>> {
        Box::pin(async move {
            match self.ask(ToNode::Run { program, args }).await {
                Ok(FromNode::Ended(ended)) => {
                    ended.try_into().map_err(|_| RuntimeError("the node's answer cannot be read".into()))
                }
                Ok(FromNode::Refused(why)) => Err(RuntimeError(why)),
                Ok(_) => Err(RuntimeError("the node answered something else".into())),
                Err(error) => Err(RuntimeError(error.message().into())),
            }
        })
    }

    fn connect(&self, port: u16) -> Boxed<'_, std::io::Result<TcpStream>> {
        let (vpn, to) = (Arc::clone(&self.vpn), SocketAddr::from((self.spec.vpn_ip, port)));
        Box::pin(async move {
            let connected = tokio::task::spawn_blocking(move || vpn.connect(to)).await;
            TcpStream::from_std(connected.map_err(std::io::Error::other)??)
        })
    }

    fn is_alive(&self) -> bool {
        !*self.ended.borrow()
    }

    fn ended(&self) -> Boxed<'static, ()> {
        let mut ended = self.ended.clone();
        Box::pin(async move {
            // An error means that whoever watched the node's process is gone, and the node with it.
            let _ = ended.wait_for(|ended| *ended).await;
        })
    }

    fn terminate(&self) -> Boxed<'_, ()> {
        Box::pin(async move {
            self.release();
            let mut ended = self.ended.clone();
            let _ = tokio::time::timeout(PATIENCE, ended.wait_for(|ended| *ended)).await;
            self.egress.lock().await.take();
        })
    }
}

impl Drop for DeployedNode {
    fn drop(&mut self) {
        self.release();
    }
}

/// Waits for the node's end, and logs one that nobody asked for.
fn await_end(mut child: Child, spec: &NodeSpec, released: Arc<AtomicBool>) -> watch::Receiver<bool> {
    let (told, ended) = watch::channel(false);
    let name = format!("the node {} of `{}`", spec.vpn_ip, spec.provider_name);
    tokio::spawn(async move {
        let status = child.wait().await;
        if !released.load(Ordering::Relaxed) {
            let how = status.map(|status| {
                let code = status.code().or(status.signal().map(|signal| 128 + signal));
                init::told(code.unwrap_or_default())
            });
            tracing::warn!("{name} has ended by itself: {}", how.unwrap_or_else(|error| error.to_string()));
        }
        let _ = told.send(true);
    });
    ended
}

async fn join(
    conversation: &mut BufStream<UnixStream>,
    pid: u32,
    vpns: Arc<Vpns>,
    spec: &NodeSpec,
) -> Result<(Arc<Vpn>, OwnedFd)> {
    expect(hear(conversation).await?, &FromNode::Unshared)?;
    let namespace = netns::open(Path::new(&format!("/proc/{pid}/ns/net")))?;
    let copy = namespace.try_clone().map_err(|e| Error::io("duplicate", "a namespace", e))?;
    let (id, address, prefix) = (spec.vpn.clone(), spec.vpn_ip, spec.vpn_prefix);
    let joined = tokio::task::spawn_blocking(move || {
        let vpn = vpns.of(&id)?;
        vpn.join(pid, &copy, address, prefix)?;
        Ok::<_, Error>(vpn)
    });
    let vpn = joined.await.map_err(|e| Error::internal(format!("failed to join the VPN: {e}")))??;
    expect(hear(conversation).await?, &FromNode::Ready)?;
    Ok((vpn, namespace))
}

fn expect(heard: FromNode, wanted: &FromNode) -> Result<()> {
    match heard {
        FromNode::Failed(why) => Err(Error::machine(format!("failed to make a node: {why}"))),
        heard if std::mem::discriminant(&heard) == std::mem::discriminant(wanted) => Ok(()),
        heard => Err(Error::internal(format!("a node said {heard:?} where {wanted:?} was due"))),
    }
}

async fn hear(conversation: &mut BufStream<UnixStream>) -> Result<FromNode> {
    let mut text = String::new();
    let length = conversation.read_line(&mut text).await.map_err(|e| Error::io("hear", "the node", e))?;
    if length == 0 {
        return Err(Error::internal("the node has ended"));
    }
    serde_json::from_str(&text).map_err(|e| Error::internal(format!("failed to understand the node: {e}")))
}

fn spawn(plan: &Plan, control: StdUnixStream) -> Result<Child> {
    let plan = serde_json::to_string(plan).map_err(|e| Error::internal(e.to_string()))?;
    let mut command = Command::new(OWN_IMAGE);
    command.args(["__localnet", "node", "--plan", &plan]).kill_on_drop(true);
    command.stdin(Stdio::from(OwnedFd::from(control))).stdout(Stdio::null());
    command.spawn().map_err(|e| Error::io("start", "a node", e))
}

fn plan(config: &NodesConfig, spec: &NodeSpec) -> Plan {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    Plan {
        hostname: format!("node-{}", spec.vpn_ip.to_string().replace('.', "-")),
        address: spec.vpn_ip,
        program: config.program.clone(),
        venv: config.venv.clone(),
        ca_bundle: config.ca_bundle.clone().filter(|bundle: &PathBuf| bundle.is_file()),
        cpus: spec.cpu_threads.clamp(1, cores),
        memory: (spec.mem_gib * f64::from(1 << 30)) as u64,
    }
}
