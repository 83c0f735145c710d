//! What a localnet holds at a moment, read from `/proc` and the file systems.

use std::collections::HashSet;
use std::ffi::CString;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use golem_outbound::exec::descendants::descendants;

use crate::memory::pss;

/// ssh's shared connections stay ten seconds after their last use.
const ENDING: Duration = Duration::from_secs(15);

/// What a quantity may not do from the first quarter of the cycles to the last.
#[derive(Clone, Copy)]
pub enum Bound {
    /// Grow by more than this share and this amount.
    Grow(f64, f64),
    /// Be more than this in the end, however little it was.
    Exceed(f64),
}

impl Bound {
    /// Whether the quantity kept to it.
    pub fn holds(self, first: f64, last: f64) -> bool {
        match self {
            Self::Grow(share, amount) => last <= first * (1.0 + share) + amount,
            Self::Exceed(most) => last <= most,
        }
    }

    /// For the table.
    pub fn words(self) -> String {
        match self {
            Self::Grow(share, amount) => format!("{:.0} % + {amount}", share * 100.0),
            Self::Exceed(most) => format!("at most {most}"),
        }
    }
}

/// Each quantity's name, and what it may not do.
///
/// Logs are put aside at 4 MiB, and one that was put aside is kept: the two that grow, ray-on-golem's webserver's, cannot
/// have more than 16 MiB, but the quieter one takes hours to get there. All others have a few KiB.
pub const QUANTITIES: [(&str, Bound); 11] = [
    ("our processes", Bound::Grow(0.0, 0.0)),
    ("our threads", Bound::Grow(0.0, 1.0)),
    ("our PSS MiB", Bound::Grow(0.05, 1.0)),
    ("our descriptors", Bound::Grow(0.0, 2.0)),
    ("other processes", Bound::Grow(0.0, 0.0)),
    ("mounts inside", Bound::Grow(0.0, 0.0)),
    ("mounts of the machine", Bound::Grow(0.0, 0.0)),
    ("network namespaces", Bound::Grow(0.0, 0.0)),
    ("memory file systems MiB", Bound::Grow(0.05, 1.0)),
    ("logs MiB", Bound::Exceed(16.5)),
    ("disk but for logs MiB", Bound::Grow(0.05, 0.1)),
];

/// The quantities' values at a moment, in the order of [`QUANTITIES`].
pub struct Sample(pub [f64; QUANTITIES.len()]);

impl Sample {
    /// Measures the localnet of this keeper, which lies in the folder of this project; waits a little for processes that
    /// are about to end.
    pub fn take(keeper: i32, project: &Path) -> Self {
        let begun = Instant::now();
        let (pids, ours, others) = loop {
            let mut pids: Vec<i32> = descendants(keeper).iter().map(|process| process.pid).collect();
            pids.push(keeper);
            let (ours, others): (Vec<i32>, Vec<i32>) = pids.iter().partition(|pid| is_ours(**pid));
            if others.is_empty() || begun.elapsed() > ENDING {
                break (pids, ours, others);
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let sum = |count: &dyn Fn(i32) -> f64| ours.iter().map(|pid| count(*pid)).sum::<f64>();
        let inside = pids.iter().copied().find(|pid| *pid != keeper && mounts(*pid) != mounts(keeper));
        let networks: HashSet<_> =
            pids.iter().filter_map(|pid| fs::read_link(format!("/proc/{pid}/ns/net")).ok()).collect();
        let (logs, rest) = disk(project, false);
        Self([
            ours.len() as f64,
            sum(&|pid| entries(&format!("/proc/{pid}/task"))),
            sum(&pss) / 1024.0,
            sum(&|pid| entries(&format!("/proc/{pid}/fd"))),
            others.len() as f64,
            inside.map_or(0, |pid| mounts(pid).len()) as f64,
            mounts(i32::try_from(std::process::id()).unwrap_or(1)).len() as f64,
            networks.len() as f64,
            inside.map_or(0.0, memory_file_systems),
            logs / 1_048_576.0,
            rest / 1_048_576.0,
        ])
    }

    /// The cells of a Markdown row.
    pub fn row(&self) -> String {
        self.0.map(|value| format!("{value:.1}").trim_end_matches(".0").to_owned()).join(" | ")
    }
}

fn is_ours(pid: i32) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).any(|word| word == b"__localnet")
}

fn entries(folder: &str) -> f64 {
    fs::read_dir(folder).map_or(0, Iterator::count) as f64
}

fn mounts(pid: i32) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// What the tmpfs of the process's mount namespace hold, in MiB.
fn memory_file_systems(pid: i32) -> f64 {
    let mut seen = HashSet::new();
    let mut bytes = 0.0;
    for line in mounts(pid) {
        let mut fields = line.split(' ');
        let (Some(device), Some(place)) = (fields.nth(2).map(str::to_owned), fields.nth(1)) else { continue };
        let private = line.split(" - ").nth(1).is_some_and(|rest| rest.starts_with("tmpfs "));
        // /dev/shm and /run of the machine belong to others, too.
        if private && !machine_has(&device) && seen.insert(device) {
            bytes += used(&format!("/proc/{pid}/root{place}"));
        }
    }
    bytes / 1_048_576.0
}

fn machine_has(device: &str) -> bool {
    mounts(1).iter().any(|line| line.split(' ').nth(2) == Some(device))
}

fn used(place: &str) -> f64 {
    let Ok(path) = CString::new(place) else { return 0.0 };
    nix::sys::statvfs::statvfs(path.as_c_str())
        .map_or(0.0, |status| (status.blocks() - status.blocks_free()) as f64 * status.fragment_size() as f64)
}

/// Bytes of the files below: of logs, and of all others.
fn disk(folder: &Path, of_logs: bool) -> (f64, f64) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => {
            let name = entry.file_name();
            disk(&entry.path(), of_logs || name == "log" || name == "ray-on-golem")
        }
        Ok(found) if of_logs => (found.len() as f64, 0.0),
        Ok(found) => (0.0, found.len() as f64),
        Err(_) => (0.0, 0.0),
    };
    entries.map(bytes).fold((0.0, 0.0), |sum, found| (sum.0 + found.0, sum.1 + found.1))
}
