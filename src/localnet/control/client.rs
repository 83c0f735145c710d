//! The asking side of the control socket; it blocks, because command lines do.
//!
//! May import `error`. Invariant: one question, one answer; the connection may then be kept open on purpose.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Reply, Request};
use crate::error::{Error, Result};

/// The environment variable that names the control socket.
pub const CONTROL_VARIABLE: &str = "GOLEM_OUTBOUND_CONTROL";

/// The control socket of the localnet that this process belongs to.
///
/// # Errors
/// When the environment names none.
pub fn socket_path() -> Result<PathBuf> {
    std::env::var_os(CONTROL_VARIABLE).map(PathBuf::from).ok_or_else(|| {
        Error::usage(
            "failed to find the localnet: this yagna is simulated and works inside of a localnet only",
        )
        .hint("enter it: `golem-outbound localnet exec -- yagna …`")
    })
}

/// How long an answer may take: it is made at once, unless the localnet is about to end or stands still.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks and hangs up.
///
/// # Errors
/// When the localnet does not answer, or answers that it failed.
pub fn ask(socket: &Path, request: &Request) -> Result<Reply> {
    talk(socket, request, Some(PATIENCE)).map(|(reply, _)| reply)
}

/// Asks and keeps the line, for [`Request::ServiceRun`].
///
/// # Errors
/// When the localnet does not answer, or answers that it failed.
pub fn connect(socket: &Path, request: &Request) -> Result<(Reply, BufReader<UnixStream>)> {
    talk(socket, request, None)
}

fn talk(
    socket: &Path,
    request: &Request,
    patience: Option<Duration>,
) -> Result<(Reply, BufReader<UnixStream>)> {
    let mut stream = UnixStream::connect(socket).map_err(|error| {
        Error::io("reach the localnet at", socket, error).hint("start it: `golem-outbound localnet up`")
    })?;
    let mut line = serde_json::to_string(request)
        .map_err(|error| Error::internal(format!("failed to encode a control request: {error}")))?;
    line.push('\n');
    let talk = |error| Error::io("talk to the localnet at", socket, error);
    stream.set_read_timeout(patience).map_err(talk)?;
    stream.write_all(line.as_bytes()).map_err(talk)?;
    let mut reader = BufReader::new(stream);
    let mut answer = String::new();
    reader.read_line(&mut answer).map_err(talk)?;
    let reply = serde_json::from_str(&answer)
        .map_err(|error| Error::internal(format!("failed to read the localnet's answer: {error}")))?;
    match reply {
        Reply::Failed(text) => Err(Error::machine(text)),
        reply => Ok((reply, reader)),
    }
}
