//! The first process of a node: makes its namespaces, starts its init and ends with it.
//!
//! May import `error` and `localnet::sandbox`. Invariant: has one thread until the agent starts its runtime.

use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use nix::sched::unshare;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, dup2_stdin, fork};

use super::protocol::{FromNode, Plan, line};
use super::{agent, root};
use crate::error::{Error, Result};
use crate::localnet::sandbox::{init, namespaces::sandbox_flags, os_error};

/// The life of the process that the supervisor starts; stdin is the control socket.
pub fn run(plan: &str) -> Result<ExitCode> {
    let plan: Plan = serde_json::from_str(plan)
        .map_err(|e| Error::usage(format!("failed to read the node's plan: {e}")))?;
    let mut control = take_control()?;
    unshare(sandbox_flags()).map_err(|errno| os_error("unshare", "the node's namespaces", errno))?;
    say(&mut control, &FromNode::Unshared)?;
    // SAFETY: this process has one thread, so the child may do anything.
    match unsafe { fork() }.map_err(|errno| os_error("fork", "the node's init", errno))? {
        ForkResult::Parent { child } => {
            drop(control);
            let status = waitpid(child, None).map_err(|errno| os_error("wait for", "the node", errno))?;
            Ok(ExitCode::from(u8::try_from(init::exit_code(status)).unwrap_or(70)))
        }
        ForkResult::Child => become_node(&plan, control),
    }
}

fn take_control() -> Result<UnixStream> {
    let failed = |e| Error::io("take over", "the control socket", e);
    let control = std::io::stdin().as_fd().try_clone_to_owned().map_err(failed)?;
    let nothing = std::fs::File::open("/dev/null").map_err(failed)?;
    dup2_stdin(nothing).map_err(|errno| failed(errno.into()))?;
    Ok(UnixStream::from(control))
}

fn say(control: &mut UnixStream, message: &FromNode) -> Result<()> {
    line(message)
        .and_then(|line| control.write_all(&line))
        .map_err(|e| Error::io("tell", "the supervisor", e))
}

/// As pid 1: builds the root, then divides into the reaper and the agent.
fn become_node(plan: &Plan, mut control: UnixStream) -> Result<ExitCode> {
    init::die_with_parent()?;
    if let Err(error) = build(plan) {
        say(&mut control, &FromNode::Failed(error.message().into()))?;
        return Err(error);
    }
    init::divide(c"agent")?;
    agent::serve(control)
}

fn build(plan: &Plan) -> Result<()> {
    nix::unistd::sethostname(&plan.hostname).map_err(|errno| os_error("name", &plan.hostname, errno))?;
    root::assemble(plan)
}
