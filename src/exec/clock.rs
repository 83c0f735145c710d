//! A clock that goes on while the machine sleeps, and that no change of the time of day moves.
//!
//! May import `error`.

use std::time::Duration;

use crate::error::Result;

/// Time since the machine was started, sleep included.
///
/// # Errors
/// The kernel has no such clock, which none since Linux 2.6.39 lacks.
#[cfg(unix)]
pub fn since_boot() -> Result<Duration> {
    use nix::time::{ClockId, clock_gettime};

    #[cfg(target_os = "linux")]
    const CLOCK: ClockId = ClockId::CLOCK_BOOTTIME;
    // On macOS this one does not stand still in sleep.
    #[cfg(not(target_os = "linux"))]
    const CLOCK: ClockId = ClockId::CLOCK_MONOTONIC;
    clock_gettime(CLOCK).map(Duration::from).map_err(|errno| {
        crate::error::Error::internal(format!("failed to read the time since boot: {errno}"))
    })
}

/// Time since this process first asked, sleep included. No other process compares it there.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub fn since_boot() -> Result<Duration> {
    use std::sync::LazyLock;
    use std::time::Instant;

    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    // No end of a lease is at zero, which stands for none.
    Ok(FIRST.elapsed() + Duration::from_secs(1))
}
