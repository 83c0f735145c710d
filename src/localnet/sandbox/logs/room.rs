//! Room for logs: a localnet that stays up for weeks must not fill the disk with them.
//!
//! May import nothing of the house. Invariant: a log and its predecessor are together at most twice [`MOST`] long, but for
//! the last writing; what is written is never cut.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

/// So many bytes long a log becomes before it is put aside: some ten clusters' worth of ray-on-golem's most talkative one.
pub const MOST: u64 = 4 << 20;

/// The name of what a log held before it was emptied.
pub fn predecessor(name: &OsStr) -> OsString {
    let mut name = name.to_owned();
    name.push(".1");
    name
}

/// Puts what a log holds aside, in place of what was put aside before, if it is long; `log` must append. It stays the same
/// file, because processes hold it as their stderr.
pub fn make(log: &File, folder: &impl AsFd, name: &OsStr) -> io::Result<()> {
    if log.metadata()?.len() < MOST {
        return Ok(());
    }
    let common = OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut held: File = openat(folder, name, OFlag::O_RDONLY | common, Mode::empty())?.into();
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_TRUNC | common;
    let aside = openat(folder, &*predecessor(name), flags, Mode::S_IRUSR | Mode::S_IWUSR)?;
    io::copy(&mut held, &mut File::from(aside))?;
    log.set_len(0)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_long_log_is_put_aside_once_and_goes_on_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let mut log = std::fs::OpenOptions::new().append(true).create(true).open(&path).unwrap();
        let opened = File::open(folder.path()).unwrap();
        let length = |name: &str| std::fs::metadata(folder.path().join(name)).map_or(0, |found| found.len());
        log.write_all(b"short\n").unwrap();
        make(&log, &opened, OsStr::new("a.log")).unwrap();
        assert_eq!((length("a.log"), length("a.log.1")), (6, 0));
        log.write_all(&vec![b'x'; MOST as usize]).unwrap();
        make(&log, &opened, OsStr::new("a.log")).unwrap();
        assert_eq!((length("a.log"), length("a.log.1")), (0, MOST + 6));
        log.write_all(b"again\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "again\n");
    }
}
