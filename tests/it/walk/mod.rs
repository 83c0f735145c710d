//! The whole thing, end to end: the real ray-on-golem and Ray on a localnet, started, looked at, interrupted, killed.
//!
//! These tests are heavy, so each waits for its turn.

mod another_cluster;
mod article;
mod cheap;
mod demo;
mod examples;
mod failures;
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

/// Who waits and who walks.
struct Turns {
    going_on: usize,
    /// Whoever came first goes first, or one who needs room for two would never find it.
    next: usize,
    served: usize,
}

static TURNS: Mutex<Turns> = Mutex::new(Turns { going_on: 0, next: 0, served: 0 });
static CHANGED: Condvar = Condvar::new();

/// Room for walks, until it is dropped.
struct Turn(usize);

/// Waits for room for one walk.
fn turn() -> Turn {
    turns(1)
}

/// Waits for room for so many walks.
fn turns(walks: usize) -> Turn {
    let mut turns = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
    let mine = turns.next;
    turns.next += 1;
    let not_yet = |turns: &mut Turns| turns.served != mine || turns.going_on + walks > AT_A_TIME;
    let mut turns = CHANGED.wait_while(turns, not_yet).unwrap_or_else(PoisonError::into_inner);
    turns.served += 1;
    turns.going_on += walks;
    CHANGED.notify_all();
    Turn(walks)
}

impl Drop for Turn {
    fn drop(&mut self) {
        TURNS.lock().unwrap_or_else(PoisonError::into_inner).going_on -= self.0;
        CHANGED.notify_all();
    }
}
