//! The guardroom: a process of ours that has done nothing yet, from which the guard of each command is forked.
//!
//! May import `error`. To start this program anew for each command takes longer than many a command does: the kernel has to
//! map it and the linker to go through it. Invariant: the guardroom ends when we are gone, and holds nothing of any command:
//! the ends of its pipes and of its lifeline are closed here as soon as its guard has them.

use std::ffi::OsString;
use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use nix::unistd::{ForkResult, dup2_stderr, dup2_stdin, dup2_stdout, fork};
use serde::{Deserialize, Serialize};

use super::stand::{Orders, stand, take_lifeline};
use crate::error::{Error, Result};
use crate::exec::process::Invocation;

/// What a guard is to start, and how.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Post {
    argv: Vec<OsString>,
    folder: OsString,
    env: Vec<(OsString, OsString)>,
    env_remove: Vec<OsString>,
    keep_daemons: bool,
}

impl Post {
    fn of(invocation: &Invocation) -> std::io::Result<Self> {
        Ok(Self {
            argv: invocation.argv.clone(),
            // The guardroom is in another folder than we are.
            folder: std::path::absolute(&invocation.cwd)?.into_os_string(),
            env: invocation.env.clone(),
            env_remove: invocation.env_remove.clone(),
            keep_daemons: invocation.keep_daemons,
        })
    }

    /// The guard's whole life, in a process of its own.
    fn stand(&self) -> Result<u8> {
        let Some((program, arguments)) = self.argv.split_first() else {
            return Err(Error::usage("a guard needs a command to run"));
        };
        // Where a guard stands is how it is found. If that is not to be had, the command is not started either.
        let _ = std::env::set_current_dir(&self.folder);
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.folder);
        for key in &self.env_remove {
            command.env_remove(key);
        }
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        stand(command, Orders { keep_daemons: self.keep_daemons, lifeline: None })
    }
}

/// The guardroom as we see it.
#[derive(Debug)]
pub(super) struct Guardroom {
    process: Child,
    door: UnixStream,
}

impl Guardroom {
    /// Starts it, with this program.
    pub(super) fn open(program: &Path) -> std::io::Result<Self> {
        let (door, theirs) = UnixStream::pair()?;
        let mut command = Command::new(program);
        command.arg0("golem-outbound").args(["__guard", "--room"]).current_dir("/");
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { process: command.spawn()?, door })
    }

    /// Has a guard started for a command; its process id. The guard gets its end of the lifeline and both outputs.
    pub(super) fn post(
        &self,
        invocation: &Invocation,
        [lifeline, out, err]: [BorrowedFd<'_>; 3],
    ) -> std::io::Result<i32> {
        let text = serde_json::to_vec(&Post::of(invocation)?)?;
        let length = u32::try_from(text.len()).map_err(|_| Errno::E2BIG)?.to_ne_bytes();
        let given = [lifeline.as_raw_fd(), out.as_raw_fd(), err.as_raw_fd()];
        let given = [ControlMessage::ScmRights(&given)];
        let door = self.door.as_raw_fd();
        sendmsg::<()>(door, &[IoSlice::new(&length)], &given, MsgFlags::MSG_NOSIGNAL, None)?;
        (&self.door).write_all(&text)?;
        let mut answer = [0; 4];
        (&self.door).read_exact(&mut answer)?;
        match i32::from_ne_bytes(answer) {
            guard if guard > 0 => Ok(guard),
            errno => Err(std::io::Error::from_raw_os_error(-errno)),
        }
    }

    /// None if it is there no more.
    pub(super) fn if_there(mut self) -> Option<Self> {
        matches!(self.process.try_wait(), Ok(None)).then_some(self)
    }
}

/// The guardroom's whole life: forks guards until nobody can ask for one any more. Returns in each guard, too, with the exit
/// code of its command.
///
/// # Errors
/// When it cannot be set up, or is asked in a way that it does not understand.
pub fn serve() -> Result<u8> {
    let failed = |doing: &str| {
        let doing = doing.to_owned();
        move |errno: Errno| Error::internal(format!("failed to {doing}: {errno}"))
    };
    // Ctrl-C at the terminal is for the runner.
    let _ = nix::unistd::setsid();
    let ignored = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: the disposition runs no code of ours. The kernel then buries guards by itself.
    unsafe { sigaction(Signal::SIGCHLD, &ignored) }.map_err(failed("leave guards to the kernel"))?;
    let door = take_lifeline(None).map_err(failed("take over the door"))?;
    while let Some((post, given)) = next(&door)? {
        // SAFETY: this process has a single thread, so that its copy can do whatever it could.
        let answer = match unsafe { fork() } {
            Ok(ForkResult::Child) => {
                // Or nobody would learn that the guardroom is gone while a guard stands.
                drop(door);
                take_streams(given).map_err(failed("take over the streams"))?;
                return post.stand();
            }
            Ok(ForkResult::Parent { child }) => child.as_raw(),
            Err(errno) => -(errno as i32),
        };
        drop(given);
        if (&door).write_all(&answer.to_ne_bytes()).is_err() {
            break;
        }
    }
    Ok(0)
}

/// What is asked for next, and what its guard gets; none when nobody is there any more.
fn next(door: &UnixStream) -> Result<Option<(Post, [OwnedFd; 3])>> {
    let odd = |what: String| Error::internal(format!("failed to read what a guard is asked for: {what}"));
    let mut length = [0; 4];
    let mut room = nix::cmsg_space!([RawFd; 3]);
    let mut given = Vec::new();
    {
        let mut place = [IoSliceMut::new(&mut length)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC | MsgFlags::MSG_WAITALL;
        let message = recvmsg::<()>(door.as_raw_fd(), &mut place, Some(&mut room), flags)
            .map_err(|errno| odd(errno.to_string()))?;
        if message.bytes == 0 {
            return Ok(None);
        }
        for part in message.cmsgs().map_err(|errno| odd(errno.to_string()))? {
            if let ControlMessageOwned::ScmRights(numbers) = part {
                // SAFETY: the kernel has just opened them for us.
                given.extend(numbers.into_iter().map(|number| unsafe { OwnedFd::from_raw_fd(number) }));
            }
        }
    }
    let given = given.try_into().map_err(|given: Vec<_>| odd(format!("{} descriptors", given.len())))?;
    let mut text = vec![0; usize::try_from(u32::from_ne_bytes(length)).unwrap_or(usize::MAX)];
    let mut door = door;
    door.read_exact(&mut text).map_err(|error| odd(error.to_string()))?;
    let post = serde_json::from_slice(&text).map_err(|error| odd(error.to_string()))?;
    Ok(Some((post, given)))
}

/// The lifeline becomes the standard input, as in a guard that was started anew.
fn take_streams([lifeline, out, err]: [OwnedFd; 3]) -> nix::Result<()> {
    dup2_stdin(lifeline.as_fd())?;
    dup2_stdout(out.as_fd())?;
    dup2_stderr(err.as_fd())
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;
    use std::time::Duration;

    use super::*;

    #[test]
    fn words_that_are_no_text_reach_the_guard_as_they_are() {
        let odd = OsString::from_vec(vec![b'x', 0xff]);
        let invocation = Invocation::new([odd.clone()], "/", Duration::from_secs(1)).env("K", odd);
        let post = Post::of(&invocation).unwrap();
        let text = serde_json::to_vec(&post).unwrap();
        assert_eq!(serde_json::from_slice::<Post>(&text).unwrap(), post);
    }
}
