//! Who descends from a process, read from `/proc`.
//!
//! May import nothing of the house. Invariant: a listing is a snapshot; whoever acts on it must list again until the
//! kernel, not the listing, says that nobody is left.

/// One process as `/proc/PID/stat` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// Its parent's id.
    pub parent: i32,
    /// Its session; a daemon has one of its own.
    pub session: i32,
    /// Its state, for example `S`; `Z` is dead already.
    pub state: char,
}

impl Process {
    /// Parses the line of `/proc/PID/stat`. The name in parentheses may itself hold spaces and parentheses, so that
    /// fields are counted from the last closing one.
    pub fn parse(stat: &str) -> Option<Self> {
        let (head, rest) = stat.rsplit_once(')')?;
        let pid = head.split_once(' ')?.0.parse().ok()?;
        let mut fields = rest.split_whitespace();
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let session = fields.nth(1)?.parse().ok()?;
        Some(Self { pid, parent, session, state })
    }
}

/// Every process that can be seen. One that ends meanwhile is left out.
pub fn processes() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.parse::<i32>().is_ok()))
        .filter_map(|entry| std::fs::read(entry.path().join("stat")).ok())
        .filter_map(|stat| Process::parse(&String::from_utf8_lossy(&stat)))
        .collect()
}

/// The children of `ancestor`, their children and so on, without `ancestor` itself.
pub fn descendants(ancestor: i32) -> Vec<Process> {
    below(ancestor, &processes())
}

fn below(ancestor: i32, all: &[Process]) -> Vec<Process> {
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![ancestor];
    while let Some(parent) = parents.pop() {
        for process in all.iter().filter(|process| process.parent == parent && process.pid != parent) {
            if !found.iter().any(|known| known.pid == process.pid) {
                found.push(*process);
                parents.push(process.pid);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let process = Process::parse("42 (a) b (c) S 7 42 40 0 -1 4194304").unwrap();
        assert_eq!(process, Process { pid: 42, parent: 7, session: 40, state: 'S' });
        assert_eq!(Process::parse("nonsense"), None);
    }

    #[test]
    fn grandchildren_are_found_and_strangers_are_not() {
        let process = |pid, parent| Process { pid, parent, session: 1, state: 'S' };
        let all = [process(1, 0), process(5, 1), process(6, 5), process(7, 6), process(9, 1)];
        let mut pids: Vec<i32> = below(5, &all).iter().map(|process| process.pid).collect();
        pids.sort_unstable();
        assert_eq!(pids, [6, 7]);
    }

    #[test]
    fn we_ourselves_are_among_the_processes() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(processes().iter().any(|process| process.pid == own));
    }
}
