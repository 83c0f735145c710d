//! What runs in a localnet and which ports its requestor holds, seen from the machine.
//!
//! May import `error` and `exec`. Invariant: only read, never entered; the localnet's own processes do not count.

use std::fs;
use std::path::{Path, PathBuf};

use super::state::State;
use crate::exec::descendants;
use crate::exec::port::{Listener, listener_beside};

/// The word on the command lines of the localnet's own processes.
const OWN: &[u8] = b"__localnet";

/// Command lines of the requestor's and the nodes' processes, without the localnet's own.
pub fn processes(state: &State) -> Vec<String> {
    let namespace = |pid: i32| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    let requestors = namespace(state.init.pid);
    let below = descendants::descendants(state.init.pid);
    // What entered is a child of its terminal's process, but lives in the requestor's namespace.
    let entered = descendants::processes().into_iter().filter(|process| {
        requestors.is_some() && namespace(process.pid) == requestors && process.pid != state.init.pid
    });
    let mut pids: Vec<i32> = below
        .into_iter()
        .chain(entered)
        .filter(|process| process.state != 'Z')
        .map(|process| process.pid)
        .collect();
    pids.sort_unstable();
    pids.dedup();
    pids.into_iter().filter_map(command_line).collect()
}

fn command_line(pid: i32) -> Option<String> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words: Vec<&[u8]> = line.split(|byte| *byte == 0).filter(|word| !word.is_empty()).collect();
    if words.is_empty() || words.contains(&OWN) {
        return None;
    }
    let text: Vec<String> =
        words.iter().take(4).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    Some(text.join(" ").chars().take(100).collect())
}

/// Who listens on these ports of the requestor's loopback.
pub fn listeners(state: &State, ports: &[u16]) -> Vec<Listener> {
    let requestor = PathBuf::from(format!("/proc/{}", state.init.pid));
    let beside: &Path = &requestor;
    ports.iter().filter_map(|port| listener_beside(beside, *port)).collect()
}
