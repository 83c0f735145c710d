//! The localnet as its callers hold it: up, attach, run commands in it, down.
//!
//! May import `error`, `content` and `localnet::{control, egress, market, mirror}`. Invariant: a localnet that was started on a lifeline is gone when the value is dropped.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, PipeWriter, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::config::{ContentMode, SandboxConfig, UpConfig, create_private, create_private_dir};
use super::environment::CONTROL_SOCKET;
use super::logs;
use super::state::{State, ended_within, send_signal};
use super::support::support;
use crate::content;
use crate::error::{Error, ErrorKind, Result};
use crate::localnet::control;
use crate::localnet::egress::outside::internet_reachable;
use crate::localnet::market::MarketFile;
use crate::localnet::mirror::{self, Content};

/// How long an end may take before it is forced.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// A localnet that runs.
#[derive(Debug)]
pub struct Localnet {
    dir: PathBuf,
    state: State,
    lifeline: Option<(PipeWriter, Child)>,
}

/// What can be told of a localnet.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Always `simulated`.
    pub network: &'static str,
    /// The localnet's directory.
    pub dir: PathBuf,
    /// Whether the kernel still takes down what is left of it; it does not run then.
    pub ending: bool,
    /// Its processes; none if it does not run.
    pub state: Option<State>,
    /// Where downloads come from: `mirror` or `live`; none if it does not run.
    pub content: Option<ContentMode>,
    /// What its market and its nodes say of themselves; none if it does not run.
    pub market: Option<control::Status>,
}

/// What the kernel writes behind the path of a program whose file was replaced, as an upgrade does.
const REPLACED: &str = " (deleted)";

/// This program's file; after an upgrade, the new one at its place.
pub fn own_program() -> Result<PathBuf> {
    let program = std::env::current_exe().map_err(|e| Error::io("find", "this program", e))?;
    Ok(in_place_of(program))
}

fn in_place_of(program: PathBuf) -> PathBuf {
    if program.is_file() {
        return program;
    }
    let successor = program.to_str().and_then(|path| path.strip_suffix(REPLACED)).map(PathBuf::from);
    successor.filter(|path| path.is_file()).unwrap_or(program)
}

impl Localnet {
    /// Starts a localnet and returns when it can be used. Refused if one runs at `config.dir`.
    pub fn up(config: UpConfig) -> Result<Self> {
        // A market that cannot be read is found before a folder is made or a process started.
        let _ = MarketFile::read(config.providers.as_deref())?;
        let venv = usable_venv(config.venv.as_deref())?;
        create_private_dir(&config.dir)?;
        let dir = canonical(&config.dir)?;
        let lock = lock(&dir)?;
        if let Some(state) = State::read_live(&dir)?
            && (state.keeper.is_alive() || !is_gone_soon(&state))
        {
            return Err(already_runs(&dir, &state));
        }
        if let Some(refused) = support().into_iter().next() {
            return Err(refused.into_error());
        }
        let sandbox = sandbox_config(&config, dir, venv)?;
        prepare_files(&sandbox)?;
        let localnet = start_keeper(&sandbox, config.lifeline)?;
        drop(lock);
        Ok(localnet)
    }

    /// The localnet that runs at `dir`.
    pub fn attach(dir: &Path) -> Result<Self> {
        let state = State::read_live(dir)?.ok_or_else(|| {
            Error::usage(format!("failed to find a localnet at `{}`: none runs there", dir.display()))
                .hint("start it: `golem-outbound localnet up`")
        })?;
        Ok(Self { dir: canonical(dir)?, state, lifeline: None })
    }

    /// The arguments before a command that runs in the localnet, for any process of this machine and user. To
    /// interrupt the command, signal that one process.
    pub fn exec_prefix(&self) -> Result<Vec<OsString>> {
        let mut prefix = vec![own_program()?.into_os_string()];
        prefix.extend(["localnet", "exec", "--dir"].map(OsString::from));
        prefix.extend([self.dir.clone().into_os_string(), OsString::from("--")]);
        Ok(prefix)
    }

    /// The writing end of its lifeline, if it was started on one: it lives for as long as anybody holds a copy.
    pub fn lifeline(&self) -> Option<BorrowedFd<'_>> {
        self.lifeline.as_ref().map(|(holder, _)| holder.as_fd())
    }

    /// Whether its processes live.
    pub fn is_alive(&self) -> bool {
        self.state.init.is_alive()
    }

    /// The localnet's directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What can be told of it now.
    pub fn status(&self) -> Result<Status> {
        status(&self.dir)
    }

    /// Ends it and everything in it; returns when no process of it is left.
    pub fn down(mut self) -> Result<()> {
        let ended = end(&self.state);
        if let Some((lifeline, mut keeper)) = self.lifeline.take() {
            drop(lifeline);
            let _ = keeper.wait();
        }
        ended?;
        match fs::remove_file(State::path(&self.dir)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("remove", State::path(&self.dir), error))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Localnet {
    fn drop(&mut self) {
        if let Some((lifeline, mut keeper)) = self.lifeline.take() {
            let _ = end(&self.state);
            drop(lifeline);
            let _ = keeper.wait();
            let _ = fs::remove_file(State::path(&self.dir));
        }
    }
}

/// What can be told of a localnet's directory. One that was killed a moment ago is waited for, so that it is told as down.
pub fn status(dir: &Path) -> Result<Status> {
    let mut status = Status {
        network: "simulated",
        dir: dir.to_path_buf(),
        ending: false,
        state: None,
        content: None,
        market: None,
    };
    let Some(state) = State::read_live(dir)? else { return Ok(status) };
    match control::ask(&control_socket(&state), &control::Request::Status) {
        Ok(control::Reply::Status(market)) => {
            status.content = Some(SandboxConfig::read(dir)?.content);
            status.market = Some(*market);
            status.state = Some(state);
        }
        Ok(_) => return Err(Error::internal("failed to read the localnet's status: another answer came")),
        Err(_) if is_gone_soon(&state) => {}
        Err(_) if !state.keeper.is_alive() => status.ending = true,
        Err(error) => return Err(error),
    }
    Ok(status)
}

/// The control socket, seen from the machine.
fn control_socket(state: &State) -> PathBuf {
    PathBuf::from(format!("/proc/{}/root{CONTROL_SOCKET}", state.init.pid))
}

/// Whether nothing of it is left; waits a while if it does not live any more but its end is under way.
fn is_gone_soon(state: &State) -> bool {
    state.init.open().is_none_or(|init| ended_within(&init, PATIENCE))
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

fn canonical(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).map_err(|e| Error::io("find", path, e))
}

fn lock(dir: &Path) -> Result<fs::File> {
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

fn already_runs(dir: &Path, state: &State) -> Error {
    let keeper = state.keeper.pid;
    Error::usage(format!("failed to start the localnet at `{}`: it runs, as process {keeper}", dir.display()))
        .hint("use it: `golem-outbound localnet exec -- COMMAND`")
        .hint("end it: `golem-outbound localnet down`")
}

/// The environment that has `ray`, which everything in the sandbox is run from.
fn usable_venv(venv: Option<&Path>) -> Result<PathBuf> {
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

fn sandbox_config(config: &UpConfig, dir: PathBuf, venv: PathBuf) -> Result<SandboxConfig> {
    let working_dir = std::env::current_dir().map_err(|e| Error::io("read", "the working directory", e))?;
    Ok(SandboxConfig {
        dir,
        project: config.project.as_deref().map(canonical).transpose()?,
        venv,
        providers: config.providers.as_deref().map(canonical).transpose()?,
        content: decided(config.content),
        program: own_program()?,
        working_dir,
    })
}

fn prepare_files(config: &SandboxConfig) -> Result<()> {
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
    let unresolved = MarketFile::read(config.providers.as_deref())?.faults.unresolved_names;
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

fn start_keeper(config: &SandboxConfig, on_lifeline: bool) -> Result<Localnet> {
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
        Ok(state) => {
            let lifeline = holder.map(|holder| (holder, keeper));
            Ok(Localnet { dir: config.dir.clone(), state, lifeline })
        }
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

/// Asks the supervisor for the end, which writes the logs out first and takes all else along; a keeper that is still
/// there then is made to do it. Waits until stage and init are gone: the kernel lets init go when nothing is left in its
/// namespace. They are opened first, because an ended process cannot be found again.
fn end(state: &State) -> Result<()> {
    let keeper = state.keeper.open();
    let below = [state.init, state.stage].map(|process| (process.pid, process.open()));
    if let Some(keeper) = &keeper {
        let asked = control::ask(&control_socket(state), &control::Request::Stop);
        if asked.is_err() || !ended_within(keeper, PATIENCE) {
            send_signal(keeper, Signal::SIGTERM);
        }
        force_end(keeper, state.keeper.pid)?;
    }
    for (pid, process) in &below {
        if let Some(process) = process {
            force_end(process, *pid)?;
        }
    }
    Ok(())
}

fn force_end(process: &OwnedFd, pid: i32) -> Result<()> {
    if ended_within(process, PATIENCE) {
        return Ok(());
    }
    send_signal(process, Signal::SIGKILL);
    if ended_within(process, PATIENCE) {
        return Ok(());
    }
    Err(Error::internal(format!("failed to end process `{pid}` of the localnet")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_an_upgrade_the_new_program_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let (program, gone) = (folder.path().join("program"), folder.path().join("program (deleted)"));
        assert_eq!(in_place_of(gone.clone()), gone, "nothing took its place");
        fs::write(&program, "").unwrap();
        assert_eq!(in_place_of(gone.clone()), program);
        assert_eq!(in_place_of(program.clone()), program);
        fs::write(&gone, "").unwrap();
        assert_eq!(in_place_of(gone.clone()), gone, "a strange name, but its own");
    }

    /// The kernel's own words: the words above are what it really says.
    #[test]
    fn the_kernel_marks_a_replaced_program_so() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().canonicalize().unwrap().join("program");
        fs::copy("/bin/sleep", &program).unwrap();
        let mut sleeping = std::process::Command::new(&program).arg("600").spawn().unwrap();
        fs::remove_file(&program).unwrap();
        let said = fs::read_link(format!("/proc/{}/exe", sleeping.id())).unwrap();
        sleeping.kill().unwrap();
        sleeping.wait().unwrap();
        fs::write(&program, "").unwrap();
        assert_eq!(in_place_of(said), program);
    }
}
