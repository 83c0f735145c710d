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

use std::sync::{Condvar, Mutex, PoisonError};

/// Walks that may go on at a time. A walk waits for much of its time; more than two would slow each other down until
/// something times out.
const AT_A_TIME: usize = 2;

static GOING_ON: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

/// Room for walks, until it is dropped.
struct Turn(usize);

/// Waits for room for one walk.
fn turn() -> Turn {
    turns(1)
}

/// Waits for room for so many walks.
fn turns(walks: usize) -> Turn {
    let going_on = GOING_ON.lock().unwrap_or_else(PoisonError::into_inner);
    let no_room = |going_on: &mut usize| *going_on + walks > AT_A_TIME;
    let mut going_on = ENDED.wait_while(going_on, no_room).unwrap_or_else(PoisonError::into_inner);
    *going_on += walks;
    Turn(walks)
}

impl Drop for Turn {
    fn drop(&mut self) {
        *GOING_ON.lock().unwrap_or_else(PoisonError::into_inner) -= self.0;
        ENDED.notify_all();
    }
}
