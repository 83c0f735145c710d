//! The supervisor's side: asks the keeper and waits without blocking.
//!
//! May import its siblings. Invariant: a request that is dropped leaves nothing behind here.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::sync::{Mutex, PoisonError};

use tokio::io::Interest;
use tokio::net::{TcpStream, UdpSocket, UnixStream};

use super::{Reply, Request, passing};

/// The way to the keeper.
pub struct Outside {
    socket: Mutex<StdUnixStream>,
}

impl Outside {
    /// Takes the supervisor's end of the socket pair whose other end [`super::serve_outside`] serves.
    pub fn new(socket: StdUnixStream) -> Self {
        Self { socket: Mutex::new(socket) }
    }

    /// The IPv4 addresses of a name as the machine resolves it; none if there is no such name.
    ///
    /// # Errors
    /// When the lookup failed, or the keeper is gone.
    pub async fn resolve(&self, name: &str) -> io::Result<Vec<Ipv4Addr>> {
        match self.ask(&Request::Resolve { name: name.to_owned() }).await? {
            (Reply::Addresses(addresses), _) => Ok(addresses),
            (reply, _) => Err(failure(reply)),
        }
    }

    /// A TCP connection made in the machine's network.
    ///
    /// # Errors
    /// What `connect` said there, or that the keeper is gone.
    pub async fn connect(&self, ip: Ipv4Addr, port: u16) -> io::Result<TcpStream> {
        match self.ask(&Request::Connect { ip, port }).await? {
            (Reply::Connected, Some(connected)) => {
                let stream = std::net::TcpStream::from(connected);
                stream.set_nonblocking(true)?;
                TcpStream::from_std(stream)
            }
            (reply, _) => Err(failure(reply)),
        }
    }

    /// A UDP socket in the machine's network that exchanges datagrams with one address.
    ///
    /// # Errors
    /// What `connect` said there, or that the keeper is gone.
    pub async fn connect_udp(&self, ip: Ipv4Addr, port: u16) -> io::Result<UdpSocket> {
        match self.ask(&Request::ConnectUdp { ip, port }).await? {
            (Reply::Connected, Some(connected)) => {
                let socket = std::net::UdpSocket::from(connected);
                socket.set_nonblocking(true)?;
                UdpSocket::from_std(socket)
            }
            (reply, _) => Err(failure(reply)),
        }
    }

    async fn ask(&self, request: &Request) -> io::Result<(Reply, Option<OwnedFd>)> {
        let (mine, theirs) = StdUnixStream::pair()?;
        {
            let socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
            passing::send(socket.as_fd(), &serde_json::to_vec(request)?, Some(theirs.as_fd()))?;
        }
        // Only the keeper may hold the other end, so that its death ends the wait.
        drop(theirs);
        mine.set_nonblocking(true)?;
        let mine = UnixStream::from_std(mine)?;
        let (message, passed) = mine.async_io(Interest::READABLE, || passing::receive(mine.as_fd())).await?;
        if message.is_empty() {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the localnet's keeper does not answer"));
        }
        Ok((serde_json::from_slice(&message)?, passed))
    }
}

fn failure(reply: Reply) -> io::Error {
    match reply {
        Reply::Failed { errno: Some(errno), .. } => io::Error::from_raw_os_error(errno),
        Reply::Failed { errno: None, message } => io::Error::other(message),
        Reply::Addresses(_) | Reply::Connected => {
            io::Error::other("the localnet's keeper answered something else")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::serve_outside;
    use super::*;

    async fn with_keeper<T>(work: impl AsyncFnOnce(Outside) -> T) -> T {
        let (ours, theirs) = StdUnixStream::pair().unwrap();
        let keeper = std::thread::spawn(move || serve_outside(theirs));
        let result = work(Outside::new(ours)).await;
        // The loop ends because our end of the pair was dropped with the client.
        tokio::task::spawn_blocking(move || keeper.join()).await.unwrap().unwrap();
        result
    }

    #[tokio::test]
    async fn names_are_resolved_by_the_machine() {
        let found = with_keeper(async |outside| outside.resolve("localhost").await).await.unwrap();
        assert_eq!(found, [Ipv4Addr::LOCALHOST]);
    }

    #[tokio::test]
    async fn the_machines_own_loopback_is_out_of_reach() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let error =
            with_keeper(async |outside| outside.connect(Ipv4Addr::LOCALHOST, port).await).await.unwrap_err();
        assert!(error.to_string().contains("this machine's own affair"), "{error}");
    }

    #[tokio::test]
    async fn a_keeper_that_is_gone_is_an_error_and_not_a_hang() {
        let (ours, theirs) = StdUnixStream::pair().unwrap();
        drop(theirs);
        let error = Outside::new(ours).resolve("ipfs.io").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
