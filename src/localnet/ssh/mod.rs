//! The SSH server inside a node's init, with which Ray's command runner, rsync and ray-on-golem's tunnels work.
//!
//! May import nothing of the house. Invariant: what a client leaves behind by vanishing is ended by this server,
//! and what a client left running on purpose (a daemon of a command that ended) is never touched.
//!
//! # What it expects of the process around it
//!
//! It waits for its own children alone, each by its process id. Whoever reaps orphans in the same process (an init
//! must) has to leave these children to it: look with `waitid(…, WNOWAIT)` and reap only what is not a child that
//! somebody waits for. A child that was stolen is reported to its client as exit status 255.
//!
//! It needs `/proc` (to find the processes of a session), `/dev/ptmx` with a devpts, and `/dev/urandom`.
//!
//! # What it does not do
//!
//! Passwords, certificates, agents, X11, sftp and Unix-socket forwarding are refused. `eow@openssh.com` cannot be
//! seen through russh, so `ssh node yes | head -1` ends only when the client is ended. russh keeps 2–3 KB for each
//! session channel until its connection ends.

mod authentication;
mod connection;
mod environment;
mod flow;
mod forward;
mod host_key;
mod pacing;
mod process;
mod server;
mod session;
mod signals;
mod terminal;

pub use server::{ServerConfig, serve};
