//! A pseudo-terminal: opened, sized, set to the client's modes, read and written without blocking.
//!
//! Invariant: both ends are close-on-exec, so a terminal ends with the processes that it was given to.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, FromRawFd as _, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::pty::{posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{
    InputFlags, LocalFlags, OutputFlags, SetArg, SpecialCharacterIndices as Character, Termios, tcgetattr,
    tcsetattr,
};
use russh::Pty;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The value by which a client turns a special character off (RFC 4254 §8).
const DISABLED: u32 = 255;

/// A terminal's size in characters and pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(libc::winsize);

impl Size {
    /// A size from SSH's wide numbers; what does not fit becomes the largest that does.
    pub fn new(columns: u32, rows: u32, width: u32, height: u32) -> Self {
        let narrow = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
        let (ws_col, ws_row) = (narrow(columns), narrow(rows));
        Self(libc::winsize { ws_row, ws_col, ws_xpixel: narrow(width), ws_ypixel: narrow(height) })
    }
}

/// The server's end of a pseudo-terminal.
pub struct Terminal {
    master: AsyncFd<OwnedFd>,
    /// The other end's path, for `SSH_TTY`.
    pub path: String,
}

/// Opens a terminal. The second value is the end for the process; the terminal has no end of output before every
/// copy of it is closed.
pub fn open(size: Size, modes: &[(Pty, u32)]) -> io::Result<(Terminal, OwnedFd)> {
    let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)?;
    unlockpt(&master)?;
    let path = ptsname_r(&master)?;
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // By TIOCGPTPEER it is this devpts's terminal, whatever is mounted at the path in this namespace.
    // SAFETY: the request takes open flags by value and returns a new descriptor that nobody else owns.
    let slave = unsafe {
        let descriptor = Errno::result(libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags))?;
        OwnedFd::from_raw_fd(descriptor)
    };
    let mut attributes = tcgetattr(&slave)?;
    modes.iter().for_each(|&(mode, value)| apply(&mut attributes, mode, value));
    tcsetattr(&slave, SetArg::TCSANOW, &attributes)?;
    fcntl(&master, FcntlArg::F_SETFL(OFlag::O_RDWR | OFlag::O_NONBLOCK))?;
    // SAFETY: an `OwnedFd` always gives the same descriptor and keeps it open for as long as it is registered.
    let master = unsafe { AsyncFd::register(OwnedFd::from(master))? };
    let terminal = Terminal { master, path };
    terminal.resize(size)?;
    Ok((terminal, slave))
}

impl Terminal {
    /// Sets the size; the foreground processes get SIGWINCH.
    pub fn resize(&self, size: Size) -> io::Result<()> {
        // SAFETY: the request reads a winsize, which outlives the call.
        Errno::result(unsafe { libc::ioctl(self.master.as_raw_fd(), libc::TIOCSWINSZ, &size.0) })?;
        Ok(())
    }

    /// Reads what the processes wrote; 0 once none has the terminal open.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self
            .master
            .async_io(Interest::READABLE, |master| Ok(nix::unistd::read(master.as_fd(), &mut *buffer)?))
            .await;
        match read {
            // Linux says so where others return 0.
            Err(error) if error.raw_os_error() == Some(libc::EIO) => Ok(0),
            other => other,
        }
    }

    /// Types all of `bytes`.
    pub async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = self
                .master
                .async_io(Interest::WRITABLE, |master| Ok(nix::unistd::write(master.as_fd(), bytes)?))
                .await?;
            bytes = &bytes[written..];
        }
        Ok(())
    }
}

/// Applies one of the client's modes (RFC 4254 §8). Speeds and word sizes mean nothing to a pseudo-terminal.
fn apply(attributes: &mut Termios, mode: Pty, value: u32) {
    if let Some(character) = special_character(mode) {
        let code = if value == DISABLED { 0 } else { u8::try_from(value).unwrap_or(0) };
        attributes.control_chars[character as usize] = code;
    } else if let Some(flag) = input_flag(mode) {
        attributes.input_flags.set(flag, value != 0);
    } else if let Some(flag) = local_flag(mode) {
        attributes.local_flags.set(flag, value != 0);
    } else if let Some(flag) = output_flag(mode) {
        attributes.output_flags.set(flag, value != 0);
    }
}

fn special_character(mode: Pty) -> Option<Character> {
    Some(match mode {
        Pty::VINTR => Character::VINTR,
        Pty::VQUIT => Character::VQUIT,
        Pty::VERASE => Character::VERASE,
        Pty::VKILL => Character::VKILL,
        Pty::VEOF => Character::VEOF,
        Pty::VEOL => Character::VEOL,
        Pty::VEOL2 => Character::VEOL2,
        Pty::VSTART => Character::VSTART,
        Pty::VSTOP => Character::VSTOP,
        Pty::VSUSP => Character::VSUSP,
        Pty::VREPRINT => Character::VREPRINT,
        Pty::VWERASE => Character::VWERASE,
        Pty::VLNEXT => Character::VLNEXT,
        Pty::VSWTCH => Character::VSWTC,
        Pty::VDISCARD => Character::VDISCARD,
        _ => return None,
    })
}

fn input_flag(mode: Pty) -> Option<InputFlags> {
    Some(match mode {
        Pty::IGNPAR => InputFlags::IGNPAR,
        Pty::PARMRK => InputFlags::PARMRK,
        Pty::INPCK => InputFlags::INPCK,
        Pty::ISTRIP => InputFlags::ISTRIP,
        Pty::INLCR => InputFlags::INLCR,
        Pty::IGNCR => InputFlags::IGNCR,
        Pty::ICRNL => InputFlags::ICRNL,
        Pty::IUCLC => InputFlags::IUCLC,
        Pty::IXON => InputFlags::IXON,
        Pty::IXANY => InputFlags::IXANY,
        Pty::IXOFF => InputFlags::IXOFF,
        Pty::IMAXBEL => InputFlags::IMAXBEL,
        Pty::IUTF8 => InputFlags::IUTF8,
        _ => return None,
    })
}

fn local_flag(mode: Pty) -> Option<LocalFlags> {
    Some(match mode {
        Pty::ISIG => LocalFlags::ISIG,
        Pty::ICANON => LocalFlags::ICANON,
        Pty::XCASE => LocalFlags::XCASE,
        Pty::ECHO => LocalFlags::ECHO,
        Pty::ECHOE => LocalFlags::ECHOE,
        Pty::ECHOK => LocalFlags::ECHOK,
        Pty::ECHONL => LocalFlags::ECHONL,
        Pty::NOFLSH => LocalFlags::NOFLSH,
        Pty::TOSTOP => LocalFlags::TOSTOP,
        Pty::IEXTEN => LocalFlags::IEXTEN,
        Pty::ECHOCTL => LocalFlags::ECHOCTL,
        Pty::ECHOKE => LocalFlags::ECHOKE,
        Pty::PENDIN => LocalFlags::PENDIN,
        _ => return None,
    })
}

fn output_flag(mode: Pty) -> Option<OutputFlags> {
    Some(match mode {
        Pty::OPOST => OutputFlags::OPOST,
        Pty::OLCUC => OutputFlags::OLCUC,
        Pty::ONLCR => OutputFlags::ONLCR,
        Pty::OCRNL => OutputFlags::OCRNL,
        Pty::ONOCR => OutputFlags::ONOCR,
        Pty::ONLRET => OutputFlags::ONLRET,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn modes_and_size_reach_the_terminal_and_output_ends_with_its_last_holder() {
        let modes = [(Pty::ECHO, 0), (Pty::VINTR, 7), (Pty::VSUSP, DISABLED), (Pty::ONLCR, 1)];
        let (terminal, slave) = open(Size::new(132, 43, 0, 0), &modes).unwrap();
        let attributes = tcgetattr(&slave).unwrap();
        assert!(!attributes.local_flags.contains(LocalFlags::ECHO));
        assert!(attributes.output_flags.contains(OutputFlags::ONLCR));
        assert_eq!(attributes.control_chars[Character::VINTR as usize], 7);
        assert_eq!(attributes.control_chars[Character::VSUSP as usize], 0);

        nix::unistd::write(&slave, b"x\n").unwrap();
        let mut buffer = [0; 16];
        assert_eq!(terminal.read(&mut buffer).await.unwrap(), 3);
        assert_eq!(&buffer[..3], b"x\r\n");
        drop(slave);
        assert_eq!(terminal.read(&mut buffer).await.unwrap(), 0);
    }

    #[test]
    fn an_absurd_size_is_the_largest_possible() {
        assert_eq!(Size::new(1 << 20, 24, 0, 0), Size::new(65535, 24, 0, 0));
    }
}
