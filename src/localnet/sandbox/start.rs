//! The start of a localnet: its folder made ready, its keeper started and listened to.
//!
//! May import `error`, `content` and `localnet::{egress, market, mirror}`. Invariant: a start that fails leaves no process.

use std::fs;
use std::io::{BufRead, BufReader, PipeWriter, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::config::{SandboxConfig, UpConfig, create_private, create_private_dir};
use super::logs;
use super::state::State;
use crate::content;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::own_program::own_program;
use crate::localnet::ContentMode;
use crate::localnet::egress::outside::internet_reachable;
use crate::localnet::market::MarketFile;
use crate::localnet::mirror::{self, Content};

/// How long the Internet may take to answer before the mirror is used.
const INTERNET_PATIENCE: Duration = Duration::from_secs(2);

/// What the supervisor says once, when the sandbox is ready or cannot be.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Report {
    /// Everything listens.
    Ready,
    /// Why not.
    Failed(String),
}

/// `auto`, decided by a look at the Internet from the machine's own network.
///
/// The answer of `auto` is decided once for a walk, because what stands in the way depends on it.
pub fn decided(content: ContentMode) -> ContentMode {
    match content {
        ContentMode::Auto if internet_reachable(INTERNET_PATIENCE) => ContentMode::Live,
        ContentMode::Auto => ContentMode::Mirror,
        decided => decided,
    }
}

/// The path without symbolic links.
pub(super) fn canonical(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).map_err(|e| Error::io("find", path, e))
}

/// Held while a localnet is started, so that no other one is started at the same place.
pub(super) fn lock(dir: &Path) -> Result<fs::File> {
    let path = dir.join("lock");
    let file = create_private(&path)?;
    file.try_lock().map_err(|_| {
        Error::usage(format!(
            "failed to start the localnet at `{}`: another start is under way",
            dir.display()
        ))
        .hint("see whether it came up: `golem-outbound localnet status`")
    })?;
    Ok(file)
}

/// The error for a place where one runs.
pub(super) fn already_runs(dir: &Path, state: &State) -> Error {
    let keeper = state.keeper.pid;
    Error::usage(format!("failed to start the localnet at `{}`: it runs, as process {keeper}", dir.display()))
        .hint("use it: `golem-outbound localnet exec -- COMMAND`")
        .hint("end it: `golem-outbound localnet down`")
}

/// The environment that has `ray`, which everything in the sandbox is run from.
pub(super) fn usable_venv(venv: Option<&Path>) -> Result<PathBuf> {
    let lacking = |what: &str| {
        Error::machine(format!("failed to start the localnet: {what}"))
            .hint("make the project's environment: `golem-outbound environment`")
            .hint("or name one that has ray-on-golem: `golem-outbound localnet up --venv DIR`")
    };
    let venv = venv.ok_or_else(|| lacking("no Python environment was found"))?;
    if !venv.join("bin/ray").is_file() {
        return Err(lacking(&format!("there is no `ray` in the Python environment `{}`", venv.display())));
    }
    std::path::absolute(venv).map_err(|e| Error::io("find", venv, e))
}

/// What all processes of the localnet go by.
pub(super) fn sandbox_config(config: &UpConfig, dir: PathBuf, venv: PathBuf) -> Result<SandboxConfig> {
    let working_dir = std::env::current_dir().map_err(|e| Error::io("read", "the working directory", e))?;
    Ok(SandboxConfig {
        dir,
        project: config.project.as_deref().map(canonical).transpose()?,
        venv,
        providers: config.providers.as_deref().map(canonical).transpose()?,
        faults: config.faults.clone(),
        content: decided(config.content),
        program: own_program()?,
        working_dir,
    })
}

/// Writes all that the sandbox mounts.
pub(super) fn prepare_files(config: &SandboxConfig) -> Result<()> {
    let dir = &config.dir;
    for folder in ["bin", "etc", "home", "log"].map(|name| dir.join(name)).iter().chain([&logs::folder(dir)])
    {
        create_private_dir(folder)?;
    }
    logs::remove_old(&logs::folder(dir));
    logs::remove_old(&dir.join("log"));
    let yagna = dir.join("bin/yagna");
    let _ = fs::remove_file(&yagna);
    std::os::unix::fs::symlink(&config.program, &yagna).map_err(|e| Error::io("link", &yagna, e))?;
    let host = nix::unistd::gethostname().unwrap_or_default();
    let unresolved = MarketFile::read(config.providers.as_deref(), &config.faults)?.faults.unresolved_names;
    let content_hosts = content::mirror::hosts().iter().map(ToString::to_string);
    let content_hosts: Vec<String> = content_hosts.filter(|host| !unresolved.contains(host)).collect();
    let mut hosts = mirror::hosts_file(config.content(), &content_hosts);
    hosts.push_str(&format!("127.0.0.1 {}\n", host.to_string_lossy()));
    let write = |name: &str, text: &str| {
        let path = dir.join("etc").join(name);
        fs::write(&path, text).map_err(|e| Error::io("write", &path, e))
    };
    write("hosts", &hosts)?;
    write(
        "resolv.conf",
        match config.content() {
            Content::Mirror => {
                "# The localnet's requestor resolves names by /etc/hosts alone.\noptions attempts:1 timeout:1\n"
            }
            Content::Live => "nameserver 1.1.1.1\nnameserver 8.8.8.8\n",
        },
    )?;
    config.write()
}

/// Starts the keeper and waits for the supervisor's word. With a lifeline its writing end and the keeper are the caller's.
pub(super) fn start_keeper(
    config: &SandboxConfig,
    on_lifeline: bool,
) -> Result<(State, Option<(PipeWriter, Child)>)> {
    let log_path = config.dir.join("log").join(logs::OWN_LOG);
    let log = create_private(&log_path)?;
    let mut command = Command::new(&config.program);
    command.args(["__localnet", "keeper", "--dir"]).arg(&config.dir).current_dir("/");
    command.stdout(Stdio::piped()).stderr(log).stdin(Stdio::null());
    let mut holder = None;
    if on_lifeline {
        let (lifeline, writer) = std::io::pipe().map_err(|e| Error::io("create", "a pipe", e))?;
        command.arg("--lifeline").stdin(lifeline);
        holder = Some(writer);
    }
    let mut keeper = command.spawn().map_err(|e| Error::io("start", &config.program, e))?;
    // The command's copy of the lifeline's reading end must not outlive the start.
    drop(command);
    let outcome = await_report(&mut keeper, &log_path).and_then(|()| {
        State::read_live(&config.dir)?
            .ok_or_else(|| Error::internal("failed to start the localnet: it ended at once"))
    });
    match outcome {
        Ok(state) => Ok((state, holder.map(|holder| (holder, keeper)))),
        Err(error) => {
            let _ = keeper.kill();
            let _ = keeper.wait();
            Err(error)
        }
    }
}

fn await_report(keeper: &mut Child, log: &Path) -> Result<()> {
    let mut line = String::new();
    if let Some(stdout) = keeper.stdout.take() {
        BufReader::new(stdout.take(64 * 1024))
            .read_line(&mut line)
            .map_err(|e| Error::io("read from", "the keeper", e))?;
    }
    match serde_json::from_str(&line) {
        Ok(Report::Ready) => Ok(()),
        Ok(Report::Failed(why)) => {
            Err(Error::new(ErrorKind::Machine, format!("failed to start the localnet: {why}")))
        }
        Err(_) => {
            let log_text = fs::read_to_string(log).unwrap_or_default();
            let last = log_text.lines().last().unwrap_or("it said nothing").trim();
            Err(Error::internal(format!("failed to start the localnet: {last}"))
                .hint(format!("the whole log: `{}`", log.display())))
        }
    }
}
