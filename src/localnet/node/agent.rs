//! A node's agent: runs what the exe-unit asks for, and the node's services.
//!
//! May import `error` and `localnet::exe_unit`. Invariant: when the supervisor hangs up, the agent ends, and the node
//! with it.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::UnixStream;
use tokio::process::Command;

use super::protocol::{FromNode, ToNode, line};
use super::root::SEARCH_PATH;
use super::service;
use crate::error::{Error, Result};
use crate::localnet::exe_unit::RunOutput;

/// How long output is waited for after a program's end: something that it left in the background may hold the pipes.
const AFTERGLOW: Duration = Duration::from_millis(200);

/// The agent's whole life.
pub fn serve(control: std::os::unix::net::UnixStream) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|e| Error::internal(format!("failed to start the runtime: {e}")))?;
    let outcome = runtime.block_on(converse(control));
    // Whatever still runs is killed with the namespace; waiting for it would keep the node alive.
    runtime.shutdown_background();
    outcome.map_err(|e| Error::io("converse with", "the supervisor", e))?;
    Ok(ExitCode::SUCCESS)
}

async fn converse(control: std::os::unix::net::UnixStream) -> std::io::Result<()> {
    control.set_nonblocking(true)?;
    let mut control = BufStream::new(UnixStream::from_std(control)?);
    let services = service::listen()?;
    tokio::spawn(service::serve(services));
    let mut answer = FromNode::Ready;
    loop {
        control.write_all(&line(&answer)?).await?;
        control.flush().await?;
        let mut request = String::new();
        if control.read_line(&mut request).await? == 0 {
            return Ok(());
        }
        let ToNode::Run { program, args } = serde_json::from_str(&request)?;
        // A hang-up must end the node even while a program runs.
        answer = tokio::select! {
            answer = run(&program, &args) => answer,
            _ = control.fill_buf() => return Ok(()),
        };
    }
}

async fn run(program: &str, args: &[String]) -> FromNode {
    match capture(program, args).await {
        Ok(output) => FromNode::Ended(output.into()),
        Err(error) => FromNode::Refused(format!("failed to run `{program}`: {error}")),
    }
}

async fn capture(program: &str, args: &[String]) -> std::io::Result<RunOutput> {
    let mut command = Command::new(program);
    command.args(args).env_clear().current_dir("/");
    command.envs([("PATH", SEARCH_PATH), ("HOME", "/root"), ("USER", "root"), ("LANG", "C.UTF-8")]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut captured = (Vec::new(), Vec::new());
    let (status, ()) = {
        let reading = async { tokio::join!(drain(stdout, &mut captured.0), drain(stderr, &mut captured.1)) };
        tokio::pin!(reading);
        tokio::select! {
            _ = &mut reading => (child.wait().await?, ()),
            status = child.wait() => {
                let _ = tokio::time::timeout(AFTERGLOW, &mut reading).await;
                (status?, ())
            }
        }
    };
    let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(70);
    Ok(RunOutput { code, stdout: captured.0, stderr: captured.1 })
}

async fn drain(pipe: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    if let Some(mut pipe) = pipe {
        // A read error ends the output as its end does.
        while matches!(pipe.read_buf(into).await, Ok(length) if length > 0) {}
    }
}
