//! A session's process: started as the leader of a session of its own, and ended with all that it started.
//!
//! Invariant: a session is named by its leader's process id. The kernel does not give that number to another process
//! while one of the session lives, so it is safe to look for it after the leader was reaped.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// How long a session's processes may take to end by themselves after a hang-up.
const HANG_UP_GRACE: Duration = Duration::from_secs(2);

/// How often to look whether they have.
const HANG_UP_TICK: Duration = Duration::from_millis(20);

/// What to run.
pub enum Program<'a> {
    /// The login shell, interactive by what it finds on its standard input.
    Shell,
    /// The shell with `-c` and this command.
    Command(&'a [u8]),
}

/// A running session leader. Dropping it before [`Process::release`] kills its whole session.
pub struct Process {
    child: Child,
    session: Pid,
    released: bool,
}

/// Starts `shell` in `home` with exactly `environment`: on `terminal` if there is one, else on three pipes, which
/// [`Process::pipes`] gives.
pub fn spawn(
    program: &Program<'_>,
    shell: &Path,
    home: &Path,
    environment: &BTreeMap<String, OsString>,
    terminal: Option<OwnedFd>,
) -> io::Result<Process> {
    let name = shell.file_name().unwrap_or(shell.as_os_str());
    let mut command = Command::new(shell);
    match program {
        // A dash before its name tells a shell that it is a login shell.
        Program::Shell => command.arg0([OsStr::new("-"), name].into_iter().collect::<OsString>()),
        Program::Command(line) => command.arg0(name).arg("-c").arg(OsStr::from_bytes(line)),
    };
    command.env_clear().envs(environment);
    // As sshd does, a session without its home starts at the root.
    command.current_dir(if home.is_dir() { home } else { Path::new("/") });
    let on_terminal = terminal.is_some();
    match terminal {
        Some(slave) => {
            command.stdin(slave.try_clone()?).stdout(slave.try_clone()?).stderr(slave);
        }
        None => {
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        }
    }
    // SAFETY: between fork and exec the closure makes system calls only, without allocation or locks.
    unsafe { command.pre_exec(move || become_session_leader(on_terminal)) };
    // The command holds the terminal's other end and is dropped here, so output can end.
    let child = command.spawn()?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok());
    let session = Pid::from_raw(pid.ok_or_else(|| io::Error::other("the child has no process id"))?);
    Ok(Process { child, session, released: false })
}

/// What the child does before it becomes the shell: a session of its own, the terminal as its controlling one, all
/// signals and the mask as a fresh login has them (a server started with `&` would pass on an ignored SIGINT), and
/// no descriptor but its three.
fn become_session_leader(on_terminal: bool) -> io::Result<()> {
    nix::unistd::setsid()?;
    // SAFETY: plain system calls on this process; the signal set is initialised before it is used. Errors for
    // signals that cannot be changed are of no interest, nor is a kernel older than close_range (5.11).
    unsafe {
        if on_terminal {
            Errno::result(libc::ioctl(0, libc::TIOCSCTTY, 0))?;
        }
        // The kernel's call, because libc's refuses the two signals that it keeps for itself and that a parent may
        // have ignored too. A zeroed structure is the default action, and 8 is the size of the kernel's signal set.
        let default = [0_u64; 4];
        for number in 1..=libc::SIGRTMAX() {
            libc::syscall(libc::SYS_rt_sigaction, number, default.as_ptr(), std::ptr::null::<u64>(), 8_usize);
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
        // Marked and not closed, because std reports a failing exec through a descriptor of its own.
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC);
    }
    Ok(())
}

impl Process {
    /// The pipes to its standard input, output and error, once.
    pub fn pipes(
        &mut self,
    ) -> Option<(tokio::process::ChildStdin, tokio::process::ChildStdout, tokio::process::ChildStderr)> {
        Some((self.child.stdin.take()?, self.child.stdout.take()?, self.child.stderr.take()?))
    }

    /// Waits for the leader; may be cancelled and repeated.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Its session, for signals while it is waited for.
    pub fn session(&self) -> Pid {
        self.session
    }

    /// Leaves what the leader left running alone: it ended in order, so its daemons are meant to stay.
    pub fn release(mut self) {
        self.released = true;
    }

    /// Ends the whole session as the loss of its terminal does, and after two seconds by force.
    pub async fn hang_up(mut self) {
        signal_session(self.session, Signal::SIGHUP);
        // A stopped process sees the hang-up only when it is continued.
        signal_session(self.session, Signal::SIGCONT);
        let deadline = Instant::now() + HANG_UP_GRACE;
        while Instant::now() < deadline {
            // Polled, because among the others there are grandchildren, for which nobody can wait. The leader is
            // reaped on the way.
            let reaped = !matches!(self.child.try_wait(), Ok(None));
            if reaped && session_members(self.session).is_empty() {
                return self.release();
            }
            tokio::time::sleep(HANG_UP_TICK).await;
        }
        kill_session(self.session);
        // An error means that the leader has been reaped already.
        let _ = self.child.wait().await;
        self.release();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.released {
            kill_session(self.session);
        }
    }
}

/// Signals the leader's process group, as sshd does for a client's `signal` request.
pub fn signal_group(session: Pid, signal: Signal) {
    // It fails only if all of the group have just ended.
    let _ = killpg(session, signal);
}

/// Signals every process of a session, whatever its process group.
fn signal_session(session: Pid, signal: Signal) {
    for member in session_members(session) {
        let _ = kill(member, signal);
    }
}

/// Kills every process of a session, and those that were forked meanwhile.
fn kill_session(session: Pid) {
    const ROUNDS: usize = 10;
    for _ in 0..ROUNDS {
        let members = session_members(session);
        if members.is_empty() {
            return;
        }
        for member in members {
            // An error means that it has ended meanwhile.
            let _ = kill(member, Signal::SIGKILL);
        }
    }
}

/// The live processes of a session, by `/proc`.
fn session_members(session: Pid) -> Vec<Pid> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| {
        std::fs::read(format!("/proc/{pid}/stat"))
            .is_ok_and(|stat| is_live_member(&String::from_utf8_lossy(&stat), session.as_raw()))
    })
    .map(Pid::from_raw)
    .collect()
}

/// Whether a line of `/proc/<pid>/stat` shows a process of the session that is not a zombie. The program's name in
/// parentheses may itself hold spaces and parentheses; after its end come state, parent, group and session.
fn is_live_member(stat: &str, session: i32) -> bool {
    let Some((_, rest)) = stat.rsplit_once(')') else { return false };
    let mut fields = rest.split_whitespace();
    let state = fields.next();
    let member = fields.nth(2).and_then(|field| field.parse().ok()) == Some(session);
    member && !matches!(state, Some("Z" | "X"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_whatever_their_name() {
        assert!(is_live_member("12 (a) b) S 1 12 7 0 -1", 7));
        assert!(!is_live_member("12 (a) b) S 1 7 8 0 -1", 7));
        assert!(!is_live_member("12 (sh) Z 1 12 7 0 -1", 7), "a zombie is somebody else's to reap");
        assert!(!is_live_member("", 7));
    }
}
