//! The whole thing, end to end: the real ray-on-golem and Ray on a localnet, started, looked at, interrupted, killed.
//!
//! These tests are heavy, so each waits for its turn.

mod another_cluster;
mod article;
mod cheap;
mod demo;
mod failures;
mod faults;
mod guests;
mod interruption;
mod keys;
mod machine;
mod money;
mod ordinary_user;
mod project;
mod pty;
mod resume;
mod running;
mod shell;
mod watchdog;

pub use cheap::Cheap;

use std::sync::{Mutex, MutexGuard, PoisonError};

static TURN: Mutex<()> = Mutex::new(());

/// One walk at a time: two would only slow each other down until something times out.
fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
