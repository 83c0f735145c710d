//! One client's connection: russh's callbacks, each of which answers at once and leaves the work to a task.
//!
//! Invariant: no callback awaits the client or a process, because the whole connection waits for the callback.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use russh::keys::{Algorithm, PublicKey};
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, ChannelOpenFailure, ChannelWriteHalf, Pty};

use super::flow::{Backlog, Inbound};
use super::forward::{self, Forwards};
use super::process::{self, Program};
use super::server::ServerConfig;
use super::terminal::{self, Size, Terminal};
use super::{authentication, environment, session};

/// A session channel before its process: what the client has asked for so far.
struct Preparation {
    channel: ChannelWriteHalf<Msg>,
    inbound: Inbound,
    variables: Vec<(String, String)>,
    terminal: Option<(Terminal, OwnedFd)>,
}

/// The state of one connection.
pub struct Connection {
    config: Arc<ServerConfig>,
    /// The client's address and the server's.
    ends: (SocketAddr, SocketAddr),
    backlog: Backlog,
    authenticated: Arc<AtomicBool>,
    preparations: HashMap<ChannelId, Preparation>,
    forwards: Forwards,
}

impl Connection {
    /// A connection between `ends` (client, server), which sets `authenticated` once somebody has logged in.
    pub fn new(
        config: Arc<ServerConfig>,
        ends: (SocketAddr, SocketAddr),
        backlog: Backlog,
        authenticated: Arc<AtomicBool>,
    ) -> Self {
        let (preparations, forwards) = (HashMap::new(), Forwards::default());
        Self { config, ends, backlog, authenticated, preparations, forwards }
    }

    fn judge(&self, user: &str, key: &PublicKey, algorithm: &Algorithm) -> Auth {
        let is_welcome = user == self.config.user
            && authentication::is_authorized(&self.config.authorized_keys, key, algorithm);
        if is_welcome { Auth::Accept } else { Auth::reject() }
    }

    /// Starts the process of a prepared channel and answers the request.
    fn start(
        &mut self,
        id: ChannelId,
        program: &Program<'_>,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let Some(preparation) = self.preparations.remove(&id) else { return session.channel_failure(id) };
        let Preparation { channel, inbound, variables, terminal } = preparation;
        let mut environment = environment::compose(&self.config, self.ends, &variables);
        let (terminal, slave) = terminal.unzip();
        if let Some(terminal) = &terminal {
            environment.insert("SSH_TTY".to_owned(), terminal.path.clone().into());
        }
        match process::spawn(program, &self.config.shell, &self.config.home, &environment, slave) {
            Ok(process) => {
                session.channel_success(id)?;
                tokio::spawn(session::run(process, terminal, channel, session.handle(), inbound));
                Ok(())
            }
            Err(error) => {
                tracing::warn!("failed to start `{}`: {error}", self.config.shell.display());
                session.channel_failure(id)
            }
        }
    }
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Self::Error> {
        Ok(self.judge(user, offer.public_key, offer.algorithm))
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        Ok(self.judge(user, key.public_key, key.algorithm))
    }

    async fn auth_succeeded(&mut self, _session: &mut Session) -> Result<(), Self::Error> {
        self.authenticated.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn adjust_window(&mut self, _channel: ChannelId, _current: u32) -> u32 {
        self.backlog.window()
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        let (read, channel) = channel.split();
        let inbound = Inbound::receive(read, self.backlog.clone());
        let id = channel.id();
        self.preparations.insert(id, Preparation { channel, inbound, variables: Vec::new(), terminal: None });
        reply.accept().await;
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _originator: &str,
        _originator_port: u32,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        match u16::try_from(port) {
            Ok(port) => {
                let connecting =
                    forward::connect(host.to_owned(), port, channel, reply, self.backlog.clone());
                tokio::spawn(connecting);
            }
            Err(_) => reply.reject(ChannelOpenFailure::ConnectFailed).await,
        }
        Ok(())
    }

    async fn channel_close(&mut self, id: ChannelId, _session: &mut Session) -> Result<(), Self::Error> {
        self.preparations.remove(&id);
        Ok(())
    }

    async fn pty_request(
        &mut self,
        id: ChannelId,
        term: &str,
        columns: u32,
        rows: u32,
        width: u32,
        height: u32,
        modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let Some(preparation) = self.preparations.get_mut(&id) else { return session.channel_failure(id) };
        match terminal::open(Size::new(columns, rows, width, height), modes) {
            Ok(terminal) => {
                preparation.terminal = Some(terminal);
                if !term.is_empty() && !term.contains('\0') {
                    preparation.variables.push(("TERM".to_owned(), term.to_owned()));
                }
                session.channel_success(id)
            }
            Err(error) => {
                tracing::warn!("failed to open a terminal: {error}");
                session.channel_failure(id)
            }
        }
    }

    async fn env_request(
        &mut self,
        id: ChannelId,
        name: &str,
        value: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        match self.preparations.get_mut(&id) {
            Some(preparation) if environment::is_accepted(name, value) => {
                preparation.variables.push((name.to_owned(), value.to_owned()));
                session.channel_success(id)
            }
            _ => session.channel_failure(id),
        }
    }

    async fn shell_request(&mut self, id: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        self.start(id, &Program::Shell, session)
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.start(id, &Program::Command(command), session)
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        _name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }

    async fn x11_request(
        &mut self,
        id: ChannelId,
        _single_connection: bool,
        _protocol: &str,
        _cookie: &str,
        _screen: u32,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }

    async fn tcpip_forward(
        &mut self,
        address: &str,
        port: &mut u32,
        session: &mut Session,
    ) -> Result<bool, Self::Error> {
        match self.forwards.open(address, *port, session.handle(), self.backlog.clone()) {
            Ok(bound) => {
                *port = bound;
                Ok(true)
            }
            Err(error) => {
                tracing::debug!("failed to forward port {port}: {error}");
                Ok(false)
            }
        }
    }

    async fn cancel_tcpip_forward(
        &mut self,
        address: &str,
        port: u32,
        _session: &mut Session,
    ) -> Result<bool, Self::Error> {
        Ok(self.forwards.close(address, port))
    }
}
