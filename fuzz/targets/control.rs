//! Any text as lines on the control socket: each has one answer, and the next connection is served as the one before.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use golem_outbound::localnet::control::{ControlHooks, Reply, Request, serve_control};
use golem_outbound::localnet::exe_unit::{Boxed, ExeUnit, Node, NodeSpec, OutboundAccess, RuntimeError};
use golem_outbound::localnet::market::MarketFile;
use golem_outbound::localnet::yagna::{Yagna, YagnaConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// No node is ever made.
struct Nowhere;

impl ExeUnit for Nowhere {
    fn deploy(&self, _: NodeSpec) -> Boxed<'_, Result<Arc<dyn Node>, RuntimeError>> {
        Box::pin(async { Err(RuntimeError("no node is made here".into())) })
    }
}

/// How often the supervisor was asked for something.
#[derive(Default)]
struct Hooks {
    opened: AtomicUsize,
    closed: AtomicUsize,
    stopped: AtomicUsize,
}

impl ControlHooks for Hooks {
    fn open_api(&self) -> Boxed<'_, Result<String, String>> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok("http://127.0.0.1:7465".to_owned()) })
    }

    fn close_api(&self) -> Boxed<'_, ()> {
        self.closed.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {})
    }

    fn stop(&self) {
        self.stopped.fetch_add(1, Ordering::SeqCst);
    }
}

/// As in `control/serve.rs`: more than any question needs.
const LONGEST_LINE: usize = 64 * 1024;

/// How long all answers to one input may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many inputs have one yagna, which would otherwise keep every app-key for ever.
const INPUTS: usize = 100;

struct Server {
    runtime: tokio::runtime::Runtime,
    address: SocketAddr,
    hooks: Arc<Hooks>,
    inputs: usize,
}

thread_local! {
    static SERVER: std::cell::RefCell<Option<Server>> = const { std::cell::RefCell::new(None) };
}

impl Server {
    fn start() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("golem-outbound-fuzz-{}-{number}", std::process::id());
        let address = SocketAddr::from_abstract_name(name).expect("a name");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let market = MarketFile::read(None, &[]).expect("the built-in market");
        let config = YagnaConfig::new(market.providers, Arc::new(|_, _| Ok(OutboundAccess::None)));
        let yagna = Yagna::new(config, Arc::new(Nowhere));
        let listener = UnixListener::bind_addr(&address).expect("a socket");
        listener.set_nonblocking(true).expect("a socket");
        let hooks = Arc::new(Hooks::default());
        runtime.block_on(async {
            let listener = tokio::net::UnixListener::from_std(listener).expect("a socket");
            tokio::spawn(serve_control(listener, yagna, hooks.clone()));
        });
        Self { runtime, address, hooks, inputs: 0 }
    }

    /// All that is answered to a text, whose client then hangs up.
    fn answers(&self, text: &str) -> String {
        let stream = UnixStream::connect_addr(&self.address).expect("a connection");
        stream.set_nonblocking(true).expect("a connection");
        let heard = self.runtime.block_on(async {
            let stream = tokio::net::UnixStream::from_std(stream).expect("a connection");
            let (mut read, mut write) = stream.into_split();
            let say = async {
                // Who is told to stop does not listen to the end.
                let _ = write.write_all(text.as_bytes()).await;
                let _ = write.shutdown().await;
            };
            let mut heard = Vec::new();
            let hear = read.read_to_end(&mut heard);
            let done = tokio::time::timeout(PATIENCE, async { tokio::join!(say, hear) }).await;
            // The other side may have hung up with something unread.
            done.map(|_| heard)
        });
        String::from_utf8(heard.expect("the connection ends")).expect("JSON")
    }
}

pub fn run(text: &str) {
    // After a panic there is none, and the next input finds everything as new.
    let mut server = SERVER.take().unwrap_or_else(Server::start);
    let before = server.counts();
    let said = server.answers(text);
    let answers: Vec<Reply> =
        said.lines().map(|line| serde_json::from_str(line).expect("an answer is JSON")).collect();
    let (expected, asked) = expected(text);
    assert_eq!(answers.len(), expected.len(), "one answer a line, but {said}");
    for (answer, good) in answers.iter().zip(expected) {
        assert_eq!(good, !refuses(answer), "{said}");
    }
    let after = server.counts();
    let grown = [0, 1, 2].map(|which| after[which] - before[which]);
    assert_eq!(grown, asked, "the API is opened, closed, the localnet stopped as it was asked for");
    server.inputs += 1;
    if server.inputs < INPUTS {
        SERVER.set(Some(server));
    }
}

impl Server {
    fn counts(&self) -> [usize; 3] {
        let Hooks { opened, closed, stopped } = &*self.hooks;
        [opened, closed, stopped].map(|count| count.load(Ordering::SeqCst))
    }
}

/// Whether the line is not understood.
fn refuses(reply: &Reply) -> bool {
    matches!(reply, Reply::Failed(why) if why.starts_with("invalid control request"))
}

/// For every answer that is due, whether its line is a request; how often the API is opened and closed and a stop is asked.
fn expected(text: &str) -> (Vec<bool>, [usize; 3]) {
    let mut answers = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.len() > LONGEST_LINE {
            answers.push(false);
            return (answers, [0, 0, 0]);
        }
        let request = serde_json::from_str::<Request>(line);
        answers.push(request.is_ok());
        match request {
            Ok(Request::Stop) => return (answers, [0, 0, 1]),
            Ok(Request::ServiceRun) => return (answers, [1, 1, 0]),
            _ => {}
        }
    }
    (answers, [0, 0, 0])
}
