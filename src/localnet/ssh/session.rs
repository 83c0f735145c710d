//! A session channel while its process runs: bytes both ways with back-pressure, requests, the end.
//!
//! Invariant: the end is EOF, then the exit status or signal, then CLOSE, and nothing after it.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use nix::unistd::Pid;
use russh::ChannelWriteHalf;
use russh::server::{Handle, Msg};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::ChildStdin;
use tokio::sync::mpsc::UnboundedReceiver;

use super::flow::{Chunk, Inbound, Request};
use super::process::{Process, signal_group};
use super::signals;
use super::terminal::Terminal;

/// The most that is read at once; OpenSSH's packet size.
pub const READ_SIZE: usize = 32 << 10;

/// How long a terminal must be silent after its leader ended: a daemon may hold it open for ever.
const LAST_OUTPUT: Duration = Duration::from_millis(40);

/// The number of extended data for standard error (RFC 4254 §5.2).
const STDERR: u32 = 1;

/// The exit status reported when the process could not be waited for, as OpenSSH's for its own failures.
const UNKNOWN_STATUS: u32 = 255;

/// Carries a process until it or the channel ends.
pub async fn run(
    mut process: Process,
    terminal: Option<Terminal>,
    channel: ChannelWriteHalf<Msg>,
    handle: Handle,
    mut inbound: Inbound,
) {
    let session = process.session();
    let Inbound { data, requests, .. } = &mut inbound;
    let ended = match &terminal {
        Some(terminal) => tokio::select! {
            status = terminal_output(terminal, &mut process, &channel) => Some(status),
            () = obey(requests, session, Some(terminal)) => None,
            () = type_in(data, terminal) => None,
        },
        None => match process.pipes() {
            Some((stdin, stdout, stderr)) => {
                let output = async {
                    // A daemon that keeps a pipe open keeps the session, as it does with sshd.
                    tokio::join!(pump(stdout, &channel, None), pump(stderr, &channel, Some(STDERR)));
                    process.wait().await
                };
                tokio::select! {
                    status = output => Some(status),
                    () = obey(requests, session, None) => None,
                    () = feed(data, stdin) => None,
                }
            }
            None => None,
        },
    };
    // A terminal that is closed hangs up its foreground processes, after an orderly end too, as with sshd.
    drop(terminal);
    match ended {
        Some(status) => {
            process.release();
            // An error means that the connection is gone, and nobody is left to tell.
            let _ = report_end(&channel, &handle, status).await;
        }
        None => process.hang_up().await,
    }
}

/// Copies a terminal's output until nobody can write to it, or its leader ended and it fell silent.
async fn terminal_output(
    terminal: &Terminal,
    process: &mut Process,
    channel: &ChannelWriteHalf<Msg>,
) -> io::Result<ExitStatus> {
    let mut buffer = vec![0; READ_SIZE];
    let mut ended = None;
    loop {
        tokio::select! {
            read = terminal.read(&mut buffer) => match read {
                Ok(0) | Err(_) => break,
                Ok(count) => if channel.data_bytes(buffer[..count].to_vec()).await.is_err() { break },
            },
            status = process.wait(), if ended.is_none() => ended = Some(status),
            () = tokio::time::sleep(LAST_OUTPUT), if ended.is_some() => break,
        }
    }
    match ended {
        Some(status) => status,
        None => process.wait().await,
    }
}

/// Copies one of a process's pipes until its end, at the pace of the client's window.
async fn pump(mut pipe: impl AsyncRead + Unpin, channel: &ChannelWriteHalf<Msg>, extended: Option<u32>) {
    loop {
        let mut bytes = Vec::with_capacity(READ_SIZE);
        match pipe.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let sent = match extended {
            None => channel.data_bytes(bytes).await,
            Some(number) => channel.extended_data_bytes(number, bytes).await,
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Writes the client's bytes to a process and closes its input at their end. It never returns: neither the end of
/// input nor a process that no longer reads ends a session.
async fn feed(data: &mut UnboundedReceiver<Chunk>, mut stdin: ChildStdin) {
    while let Some(chunk) = data.recv().await {
        if stdin.write_all(chunk.bytes()).await.is_err() {
            // Later bytes find no reader and are dropped where they arrive.
            data.close();
            while data.recv().await.is_some() {}
        }
    }
    drop(stdin);
    std::future::pending().await
}

/// Types the client's bytes into a terminal. The client's EOF means nothing there; a person types Ctrl-D.
async fn type_in(data: &mut UnboundedReceiver<Chunk>, terminal: &Terminal) {
    while let Some(chunk) = data.recv().await {
        if terminal.write_all(chunk.bytes()).await.is_err() {
            data.close();
        }
    }
    std::future::pending().await
}

/// Carries out a client's requests until the channel ends.
async fn obey(requests: &mut UnboundedReceiver<Request>, session: Pid, terminal: Option<&Terminal>) {
    while let Some(request) = requests.recv().await {
        match (request, terminal) {
            (Request::Resize(size), Some(terminal)) => {
                if let Err(error) = terminal.resize(size) {
                    tracing::debug!("failed to resize a terminal: {error}");
                }
            }
            (Request::Resize(_), None) => {}
            (Request::Signal(signal), _) => match signals::from_ssh(&signal) {
                Some(signal) => signal_group(session, signal),
                None => tracing::debug!("a client sent the unknown signal {signal:?}"),
            },
        }
    }
}

/// Tells the client how the process ended, and closes the channel.
async fn report_end(
    channel: &ChannelWriteHalf<Msg>,
    handle: &Handle,
    status: io::Result<ExitStatus>,
) -> Result<(), russh::Error> {
    channel.eof().await?;
    let code = |status: &ExitStatus| status.code().and_then(|code| u32::try_from(code).ok());
    match status {
        Ok(status) => match (code(&status), status.signal()) {
            (Some(code), _) => channel.exit_status(code).await?,
            (None, Some(number)) => {
                let (signal, core_dumped) = (signals::to_ssh(number), status.core_dumped());
                handle
                    .exit_signal_request(channel.id(), signal, core_dumped, String::new(), String::new())
                    .await
                    .map_err(|()| russh::Error::SendError)?;
            }
            (None, None) => channel.exit_status(UNKNOWN_STATUS).await?,
        },
        Err(error) => {
            tracing::warn!("failed to wait for a session's process: {error}");
            channel.exit_status(UNKNOWN_STATUS).await?;
        }
    }
    channel.close().await
}
