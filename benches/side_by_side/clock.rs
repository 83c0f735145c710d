//! Running a command with a watch in hand: how long, how much memory, what it said.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// No cell takes longer than this by many, however many runs were asked for.
const PATIENCE: Duration = Duration::from_secs(12);

/// One run of a command.
pub struct Run {
    pub elapsed: Duration,
    /// Whether it ended with 0.
    pub ok: bool,
    /// The largest resident memory of it or of a child that it waited for, in bytes.
    pub peak: u64,
}

/// What is not through by then is ended and has no time.
pub const LIMIT: Duration = Duration::from_secs(90);

/// Runs a command whose output goes into the file.
///
/// # Errors
/// `TimedOut` if it is not through after [`LIMIT`].
pub fn run(command: &mut Command, output: &Path) -> std::io::Result<Run> {
    let out = File::create(output)?;
    command.stdin(Stdio::null()).stderr(out.try_clone()?).stdout(out).process_group(0);
    let started = Instant::now();
    let child = command.spawn()?;
    let group = Pid::from_raw(child.id().cast_signed());
    let (ended, end) = mpsc::channel::<()>();
    let watch = std::thread::spawn(move || {
        let late = end.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout);
        if late {
            // Its leader is not waited for yet, so that the group is still its own.
            let _ = killpg(group, Signal::SIGKILL);
        }
        late
    });
    let (status, peak) = wait(child.id());
    let elapsed = started.elapsed();
    drop(ended);
    if watch.join().unwrap_or(false) {
        let late = format!("not through after {} s", LIMIT.as_secs());
        return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, late));
    }
    Ok(Run { elapsed, ok: status == 0, peak })
}

/// Waits for a child and asks what it has used.
fn wait(pid: u32) -> (i32, u64) {
    let mut status = 0;
    // SAFETY: plain numbers, for which all bits may be zero.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both places outlive the call, and nobody else waits for this child.
    unsafe { libc::wait4(pid.cast_signed(), &raw mut status, 0, &raw mut usage) };
    (status, u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024)
}

/// Several durations of the same work.
#[derive(Clone, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Of so many runs, or fewer, if need be one, if they take long; the first error ends them.
    pub fn of<E>(runs: usize, mut work: impl FnMut() -> Result<Duration, E>) -> Result<Self, E> {
        let started = Instant::now();
        let mut times = Vec::new();
        while times.len() < runs.max(1) && (times.is_empty() || started.elapsed() < PATIENCE) {
            times.push(work()?);
        }
        Ok(Self::from(times))
    }

    pub fn median(&self) -> Duration {
        self.at(0.5)
    }

    /// The duration below which this part of them lies.
    pub fn at(&self, part: f64) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0.get((last as f64 * part).round() as usize).copied().unwrap_or_default()
    }

    /// `12.3 ms (11.9..14.0, 7 runs)`.
    pub fn words(&self) -> String {
        let (least, most) = (ms(self.at(0.0)), ms(self.at(1.0)));
        format!("{} ms ({least}..{most}; {})", ms(self.median()), self.0.len())
    }
}

impl From<Vec<Duration>> for Times {
    fn from(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }
}

/// Milliseconds with three digits that count.
pub fn ms(time: Duration) -> String {
    number(time.as_secs_f64() * 1000.0)
}

/// Three digits that count, and no fewer than all before the point.
pub fn number(value: f64) -> String {
    match value.abs() {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
