//! Who listens on a port of this machine, from the kernel's tables and the descriptors of processes.
//!
//! May import `error` and `listening`. Invariant: nothing is bound and nobody is connected to in order to find out.

use std::path::Path;

use super::listening;
use crate::error::{Error, Result};

/// The state of a listening socket in `/proc/net/tcp`.
const LISTEN: &str = "0A";

/// A taken port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The port.
    pub port: u16,
    /// Who holds it, where the system lets us see it: another user's sockets cannot be told.
    pub holder: Option<Holder>,
}

/// The process that holds a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub pid: i32,
    /// Its short name.
    pub name: String,
    /// The beginning of its command line.
    pub command: String,
}

impl std::fmt::Display for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.holder {
            Some(holder) => write!(f, "`{}` (process {}: {})", holder.name, holder.pid, holder.command),
            None => write!(f, "a process of another user"),
        }
    }
}

/// Who would be met at 127.0.0.1 or ::1 on `port`; none if the port is free.
pub fn listener(port: u16) -> Option<Listener> {
    match listening::inodes(port) {
        Some(inodes) => of(port, &inodes),
        None => listener_beside(Path::new("/proc/self"), port),
    }
}

/// As [`listener`], in the network of another process, which `/proc/PID` names.
pub fn listener_beside(process: &Path, port: u16) -> Option<Listener> {
    let inodes: Vec<u64> = ["net/tcp", "net/tcp6"]
        .iter()
        .filter_map(|table| std::fs::read_to_string(process.join(table)).ok())
        .flat_map(|table| listening_inodes(&table, port))
        .collect();
    of(port, &inodes)
}

fn of(port: u16, inodes: &[u64]) -> Option<Listener> {
    (!inodes.is_empty()).then(|| Listener { port, holder: holder(inodes) })
}

/// Makes sure that none of `ports` is taken.
///
/// # Errors
/// `Machine`, naming every taken port and its process at once.
pub fn require_free(ports: &[u16]) -> Result<()> {
    let taken: Vec<Listener> = ports.iter().filter_map(|port| listener(*port)).collect();
    if taken.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = taken.iter().map(|one| format!("port {} is taken by {one}", one.port)).collect();
    let mut error = Error::machine(list.join("; "));
    let mut pids: Vec<i32> =
        taken.iter().filter_map(|one| one.holder.as_ref()).map(|holder| holder.pid).collect();
    pids.dedup();
    for pid in pids {
        error = error.hint(format!("end it if you can do without it: `kill {pid}`"));
    }
    if taken.iter().any(|one| one.holder.is_none()) {
        error = error.hint("see whose it is: `sudo ss -ltnp`");
    }
    Err(error)
}

/// The socket inodes of a table's rows that listen on `port` at an address which loopback connections reach.
fn listening_inodes(table: &str, port: u16) -> Vec<u64> {
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (address, number) = fields.get(1)?.split_once(':')?;
            let reached = u16::from_str_radix(number, 16) == Ok(port)
                && fields.get(3) == Some(&LISTEN)
                && reached_by_loopback(address);
            reached.then(|| fields.get(9)?.parse().ok()).flatten()
        })
        .collect()
}

/// Addresses are words of four bytes in the machine's order, written in hexadecimal digits.
fn reached_by_loopback(address: &str) -> bool {
    let words: Vec<u32> = (0..address.len())
        .step_by(8)
        .filter_map(|at| u32::from_str_radix(address.get(at..at + 8)?, 16).ok())
        .collect();
    let v4 = |word: u32| word == 0 || word.to_ne_bytes()[0] == 127;
    match words[..] {
        [word] => v4(word),
        [0, 0, 0, last] => last == 0 || last.to_ne_bytes() == [0, 0, 0, 1],
        [0, 0, mapped, word] => mapped.to_ne_bytes() == [0, 0, 0xff, 0xff] && v4(word),
        _ => false,
    }
}

fn holder(inodes: &[u64]) -> Option<Holder> {
    let names: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    std::fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let holds = std::fs::read_dir(entry.path().join("fd")).ok()?.flatten().any(|descriptor| {
            std::fs::read_link(descriptor.path())
                .is_ok_and(|target| names.iter().any(|name| Path::new(name) == target))
        });
        holds.then(|| describe(pid, &entry.path()))
    })
}

/// Only the beginning of the command line: enough to recognise it, too little to carry its secrets far.
fn describe(pid: i32, proc: &Path) -> Holder {
    let name = std::fs::read_to_string(proc.join("comm")).unwrap_or_default().trim().to_owned();
    let line = std::fs::read(proc.join("cmdline")).unwrap_or_default();
    let words = line.split(|byte| *byte == 0).filter(|word| !word.is_empty()).take(3);
    let text = words.map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ");
    // A program that was given as an argument has line breaks.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Holder { pid, name, command: text.chars().take(80).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_listener_of_ours_is_named_and_its_port_is_free_afterwards() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let found = listener(port).expect("the port is taken");
        assert_eq!(found.holder.as_ref().map(|holder| holder.pid), i32::try_from(std::process::id()).ok());
        let error = require_free(&[port]).unwrap_err();
        assert!(error.message().starts_with(&format!("port {port} is taken by `")), "{error}");
        assert_eq!(
            error.hints(),
            [format!("end it if you can do without it: `kill {}`", std::process::id())]
        );
        drop(socket);
        assert_eq!(listener(port), None);
    }

    #[test]
    fn both_tables_tell_the_same() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        assert_eq!(listener(port), listener_beside(Path::new("/proc/self"), port));
        assert!(listener(port).is_some());
    }

    #[test]
    fn a_listener_on_the_ipv6_loopback_counts_too() {
        // A machine without IPv6 has nothing to show here.
        let Ok(socket) = TcpListener::bind("[::1]:0") else { return };
        assert!(listener(socket.local_addr().unwrap().port()).is_some());
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn only_listening_sockets_that_loopback_reaches_count() {
        let table = "  sl  local_address rem_address   st tx rx tr tm retr uid timeout inode\n\
            0: 0100007F:11E2 00000000:0000 0A 0:0 0:0 0 0 0 71\n\
            1: 0100007F:11E2 0100007F:8000 01 0:0 0:0 0 0 0 72\n\
            2: 0A00000A:11E2 00000000:0000 0A 0:0 0:0 0 0 0 73\n\
            3: 00000000:11E2 00000000:0000 0A 0:0 0:0 0 0 0 74\n";
        assert_eq!(listening_inodes(table, 4578), [71, 74]);
    }
}
