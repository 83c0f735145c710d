//! `service ssh …` of a node: the command asks the agent, who holds the SSH server.
//!
//! May import `error` and `localnet::ssh`. Invariant: when the command has returned 0, the server listens.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::protocol::line;
use crate::error::{Error, Result};
use crate::localnet::ssh;

/// The agent's socket, on the node.
const SOCKET: &str = "/run/golem/services.sock";

#[derive(Debug, Serialize, Deserialize)]
struct Request {
    name: String,
    action: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Answer {
    code: u8,
    text: String,
}

/// The command: prints the agent's answer and returns its exit code, as Debian's init scripts do.
pub fn command(name: &str, action: &str) -> Result<ExitCode> {
    let asked = || -> std::io::Result<Answer> {
        let mut agent = std::os::unix::net::UnixStream::connect(SOCKET)?;
        agent.write_all(&line(&Request { name: name.into(), action: action.into() })?)?;
        let mut answer = String::new();
        BufReader::new(agent).read_line(&mut answer)?;
        Ok(serde_json::from_str(&answer)?)
    };
    let answer = asked().map_err(|e| Error::io("ask", "the node's agent", e))?;
    if answer.code == 0 {
        println!("{}", answer.text)
    } else {
        eprintln!("{}", answer.text)
    }
    Ok(ExitCode::from(answer.code))
}

/// Binds the agent's socket.
pub fn listen() -> std::io::Result<UnixListener> {
    UnixListener::bind(SOCKET)
}

/// Answers for the node's life.
pub async fn serve(listener: UnixListener) {
    let mut ssh = Ssh::default();
    while let Ok((stream, _)) = listener.accept().await {
        if let Err(error) = answer(stream, &mut ssh).await {
            eprintln!("a request for a service failed: {error}");
        }
    }
}

async fn answer(stream: UnixStream, ssh: &mut Ssh) -> std::io::Result<()> {
    let mut stream = BufStream::new(stream);
    let mut request = String::new();
    stream.read_line(&mut request).await?;
    let request: Request = serde_json::from_str(&request)?;
    let answer = match request.name.as_str() {
        "ssh" | "sshd" => ssh.act(&request.action).await,
        name => Answer { code: 1, text: format!("{name}: unrecognized service") },
    };
    stream.write_all(&line(&answer)?).await?;
    stream.flush().await
}

/// The SSH server while it runs.
#[derive(Default)]
struct Ssh {
    server: Option<JoinHandle<()>>,
}

impl Ssh {
    async fn act(&mut self, action: &str) -> Answer {
        match action {
            "start" => self.start(),
            "stop" => {
                self.stop().await;
                Answer { code: 0, text: "Stopping OpenBSD Secure Shell server: sshd.".into() }
            }
            "restart" => {
                self.stop().await;
                self.start()
            }
            "status" if self.runs() => Answer { code: 0, text: "sshd is running.".into() },
            "status" => Answer { code: 3, text: "sshd is not running ... failed!".into() },
            _ => Answer { code: 2, text: "Usage: service ssh {start|stop|restart|status}".into() },
        }
    }

    fn runs(&self) -> bool {
        self.server.as_ref().is_some_and(|server| !server.is_finished())
    }

    fn start(&mut self) -> Answer {
        let text = String::from("Starting OpenBSD Secure Shell server: sshd.");
        if self.runs() {
            return Answer { code: 0, text };
        }
        match TcpListener::bind((Ipv4Addr::UNSPECIFIED, 22)) {
            Ok(listener) => {
                self.server = Some(tokio::spawn(async {
                    if let Err(error) = serve_ssh(listener).await {
                        eprintln!("the node's SSH server ended: {error}");
                    }
                }));
                Answer { code: 0, text }
            }
            Err(error) => Answer { code: 1, text: format!("{text} failed: {error}") },
        }
    }

    async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
            // The port is free when the task is gone.
            let _ = server.await;
        }
    }
}

async fn serve_ssh(listener: TcpListener) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    ssh::serve(
        listener,
        ssh::ServerConfig {
            authorized_keys: "/root/.ssh/authorized_keys".into(),
            host_key_dir: "/etc/ssh".into(),
            environment_file: "/etc/environment".into(),
            home: "/root".into(),
            shell: "/bin/bash".into(),
            user: "root".into(),
        },
    )
    .await
}
