//! Who listens on a port, from the kernel's tables and the descriptors of processes.
//!
//! May import its siblings. Invariant: nobody is connected to in order to find out.

use std::path::Path;

use super::{Holder, Listener, listening};

/// A holder that the kernel does not show to us.
pub(super) const UNTOLD: &str = "a process of another user";
/// Shows it to root.
pub(super) const LOOK: &str = "sudo ss -ltnp";

/// The state of a listening socket in `/proc/net/tcp`.
const LISTEN: &str = "0A";

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
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn both_tables_tell_the_same() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        assert_eq!(listener(port), listener_beside(Path::new("/proc/self"), port));
        assert!(listener(port).is_some());
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
