//! A terminal of its own for a program: a session whose controlling terminal is a pty, so that what is typed goes through
//! the kernel's line discipline, as on a screen. Ctrl-C is then a byte, and the signal is the kernel's.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{Termios, tcgetattr};

/// As a keyboard sends it.
pub const CTRL_C: &str = "\x03";

/// The side of the terminal on which a person sits.
pub struct Pty {
    master: File,
    before: Termios,
}

impl Pty {
    /// Starts the program with the terminal as its standard input, output, error and controlling terminal.
    pub fn start(mut command: Command, columns: u16) -> (Self, Child) {
        // Closed on exec, both of them: whoever else held the master would keep the terminal from ever ending.
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let mut options = File::options();
        options.read(true).write(true).custom_flags(libc::O_NOCTTY);
        let slave = options.open(ptsname_r(&master).unwrap()).unwrap();
        let size = libc::winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the ioctl reads a winsize, which lives on this stack.
        Errno::result(unsafe { libc::ioctl(slave.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) }).unwrap();
        let before = tcgetattr(&slave).unwrap();
        command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
        let controlling = || {
            nix::unistd::setsid()?;
            // SAFETY: the ioctl takes an int, and descriptor 0 is the terminal by now.
            Errno::result(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) })?;
            Ok(())
        };
        // SAFETY: between fork and exec it makes two system calls and allocates nothing.
        unsafe { command.pre_exec(controlling) };
        let child = command.spawn().unwrap();
        (Self { master: File::from(OwnedFd::from(master)), before }, child)
    }

    /// Whatever comes next on the screen; none when nobody has the terminal open any more.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        match self.master.read(buffer) {
            // Linux says so when the last one has closed the other side.
            Err(error) if error.raw_os_error() == Some(libc::EIO) => 0,
            read => read.unwrap(),
        }
    }

    /// As if somebody typed it.
    pub fn type_in(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// The terminal echoes, edits lines and makes signals as it did before the program came.
    pub fn assert_as_before(&self) {
        assert_eq!(tcgetattr(&self.master).unwrap(), self.before, "terminal {}", self.master.as_raw_fd());
    }
}
