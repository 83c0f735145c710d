//! How a process becomes the init of new namespaces under a user namespace of its own.
//!
//! May import `error`. Invariant: every process of the chain is tied to its parent before it does anything else.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, execv, fork, getegid, geteuid, pipe2};

use super::{OWN_IMAGE, init, os_error};
use crate::error::{Error, Result};

/// What belongs to a sandbox beside the user namespace.
pub fn sandbox_flags() -> CloneFlags {
    CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC
}

/// Who maps users: the machine's root keeps all owners, anybody else is `root` alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdMaps {
    /// Lines of `uid_map` and `gid_map` that map every id of this namespace to itself; written by the parent.
    Same {
        /// Lines of `uid_map`.
        users: String,
        /// Lines of `gid_map`.
        groups: String,
    },
    /// The caller's own ids become 0; written by the process itself.
    CallerIsRoot {
        /// The caller's user.
        user: u32,
        /// The caller's group.
        group: u32,
    },
}

impl IdMaps {
    /// What this process may write.
    pub fn of_caller() -> Result<Self> {
        let read = |path: &str| fs::read_to_string(path).map_err(|e| Error::io("read", path, e));
        if geteuid().is_root() && may_set_ids(&read("/proc/self/status")?) {
            let users = mapped_to_itself(&read("/proc/self/uid_map")?);
            let groups = mapped_to_itself(&read("/proc/self/gid_map")?);
            return Ok(Self::Same { users, groups });
        }
        Ok(Self::CallerIsRoot { user: geteuid().as_raw(), group: getegid().as_raw() })
    }

    /// Writes the maps of process `pid` from its parent's namespace, if that is who has to do it.
    fn write_for(&self, pid: Pid) -> Result<()> {
        let Self::Same { users, groups } = self else { return Ok(()) };
        write_proc(&format!("/proc/{pid}/uid_map"), users)?;
        write_proc(&format!("/proc/{pid}/gid_map"), groups)
    }

    /// Writes the maps of the calling process, if that is who has to do it.
    pub fn write_own(&self) -> Result<()> {
        let Self::CallerIsRoot { user, group } = self else { return Ok(()) };
        write_proc("/proc/self/uid_map", &format!("0 {user} 1\n"))?;
        // Without this, a member of a group could gain what is forbidden to the group.
        write_proc("/proc/self/setgroups", "deny")?;
        write_proc("/proc/self/gid_map", &format!("0 {group} 1\n"))
    }
}

fn write_proc(path: &str, text: &str) -> Result<()> {
    fs::OpenOptions::new()
        .write(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|e| Error::io("write", path, e))
}

/// Every extent of a map, `inside outside count`, mapped to itself.
fn mapped_to_itself(map: &str) -> String {
    let mut lines = String::new();
    for line in map.lines() {
        let mut fields = line.split_whitespace();
        if let (Some(inside), Some(_), Some(count)) = (fields.next(), fields.next(), fields.next()) {
            lines.push_str(&format!("{inside} {inside} {count}\n"));
        }
    }
    lines
}

/// Whether `/proc/self/status` shows CAP_SETGID (6) and CAP_SETUID (7): root of a container may lack them.
fn may_set_ids(status: &str) -> bool {
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let bits = capabilities.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
    bits.is_some_and(|bits| bits & 0b1100_0000 == 0b1100_0000)
}

/// The descriptors that a sandbox's init is born with; the numbers are those of [`crate::localnet::supervisor`].
pub struct Birthright {
    /// 0: ends when the keeper ends.
    pub lifeline: OwnedFd,
    /// 1: where to say that the sandbox is ready.
    pub ready: OwnedFd,
    /// 3: the way to the machine's network.
    pub outside: OwnedFd,
}

/// A sandbox that was started.
pub struct Sandbox {
    /// The process between keeper and init; it ends with init.
    pub stage: Pid,
    /// Pid 1 of the sandbox, as the caller sees it.
    pub init: Pid,
}

/// Starts this program with `arguments` as pid 1 of new namespaces. Single-threaded callers only. `close_in_child` is
/// what the new processes must not hold.
pub fn launch(
    arguments: &[String],
    birthright: Birthright,
    close_in_child: OwnedFd,
) -> Result<(Sandbox, OwnedFd)> {
    let maps = IdMaps::of_caller()?;
    let pipe = || pipe2(OFlag::O_CLOEXEC).map_err(|errno| os_error("create", "a pipe", errno));
    let (stage_reads, keeper_writes) = pipe()?;
    let (keeper_reads, stage_writes) = pipe()?;
    // SAFETY: the caller has one thread, so the child may do anything.
    match unsafe { fork() }.map_err(|errno| os_error("fork", "the sandbox", errno))? {
        ForkResult::Child => {
            drop((close_in_child, keeper_writes, keeper_reads));
            let code = match stage(&maps, arguments, &birthright, stage_reads, stage_writes) {
                Ok(code) => code,
                Err(error) => {
                    eprintln!("failed to make the sandbox: {error}");
                    70
                }
            };
            // SAFETY: a forked child ends here, without the parent's exit handlers.
            unsafe { nix::libc::_exit(code) }
        }
        ForkResult::Parent { child } => {
            drop((birthright, stage_reads, stage_writes));
            let init = await_init(&maps, child, keeper_reads, keeper_writes)?;
            Ok((Sandbox { stage: child, init }, close_in_child))
        }
    }
}

fn await_init(maps: &IdMaps, stage: Pid, reads: OwnedFd, writes: OwnedFd) -> Result<Pid> {
    let gone = |e| Error::machine(format!("failed to make the sandbox's namespaces: {e}"));
    let mut reads = fs::File::from(reads);
    reads.read_exact(&mut [0]).map_err(gone)?;
    maps.write_for(stage)?;
    fs::File::from(writes).write_all(b"m").map_err(gone)?;
    let mut pid = [0; 4];
    reads.read_exact(&mut pid).map_err(gone)?;
    Ok(Pid::from_raw(i32::from_le_bytes(pid)))
}

/// The process between keeper and init: it has to exist because a pid namespace begins with a child.
fn stage(
    maps: &IdMaps,
    arguments: &[String],
    birthright: &Birthright,
    reads: OwnedFd,
    writes: OwnedFd,
) -> Result<i32> {
    let told = |e| Error::io("write to", "the keeper", e);
    let (mut reads, mut writes) = (fs::File::from(reads), fs::File::from(writes));
    init::die_with_parent()?;
    unshare(CloneFlags::CLONE_NEWUSER).map_err(|errno| os_error("unshare", "the user namespace", errno))?;
    maps.write_own()?;
    writes.write_all(b"u").map_err(told)?;
    reads.read_exact(&mut [0]).map_err(|e| Error::io("read from", "the keeper", e))?;
    unshare(sandbox_flags()).map_err(|errno| os_error("unshare", "the sandbox's namespaces", errno))?;
    // A change of credentials makes the kernel forget the tie.
    init::die_with_parent()?;
    // SAFETY: this process has one thread.
    match unsafe { fork() }.map_err(|errno| os_error("fork", "the sandbox's init", errno))? {
        ForkResult::Child => become_init(arguments, birthright),
        ForkResult::Parent { child } => {
            writes.write_all(&child.as_raw().to_le_bytes()).map_err(told)?;
            let status = waitpid(child, None).map_err(|errno| os_error("wait for", "init", errno))?;
            Ok(init::exit_code(status))
        }
    }
}

fn become_init(arguments: &[String], birthright: &Birthright) -> Result<i32> {
    init::die_with_parent()?;
    place(&birthright.lifeline, 0)?;
    place(&birthright.ready, 1)?;
    place(&birthright.outside, 3)?;
    let text = |text: &str| std::ffi::CString::new(text).map_err(|e| Error::internal(e.to_string()));
    let arguments = arguments.iter().map(|argument| text(argument)).collect::<Result<Vec<_>>>()?;
    match execv(text(OWN_IMAGE)?.as_c_str(), &arguments) {
        Ok(never) => match never {},
        Err(errno) => Err(os_error("execute", OWN_IMAGE, errno)),
    }
}

/// Duplicates a descriptor to a fixed number that survives exec.
fn place(descriptor: &OwnedFd, number: i32) -> Result<()> {
    let source = descriptor.as_raw_fd();
    // SAFETY: dup2(2) and fcntl(2) on integers; the numbers are free in this single-threaded child that is about to
    // exec. A descriptor that already has the number only loses its close-on-exec flag.
    let result = unsafe {
        if source == number {
            nix::libc::fcntl(number, nix::libc::F_SETFD, 0)
        } else {
            nix::libc::dup2(source, number)
        }
    };
    if result < 0 { Err(os_error("duplicate", "a descriptor", nix::errno::Errno::last())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_extent_is_mapped_to_itself() {
        assert_eq!(mapped_to_itself("         0          0 4294967295\n"), "0 0 4294967295\n");
        assert_eq!(mapped_to_itself("0 100000 65536\n65536 7 1\n"), "0 0 65536\n65536 65536 1\n");
    }

    #[test]
    fn roots_without_the_capabilities_are_told_apart() {
        assert!(may_set_ids("Name:\tx\nCapEff:\t000001fffeffffff\n"));
        assert!(!may_set_ids("CapEff:\t0000000000000000\n"));
        assert!(!may_set_ids("CapEff:\t0000000000000040\n"));
    }
}
