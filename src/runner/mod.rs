//! The walk: session, prompts, live output, teardown, lock, exit code.
//!
//! May import all rooms above. Invariant: whatever a step leaves behind was registered for teardown before the step
//! started, and every way out of a walk leads through the teardown.

pub mod aftermath;
mod attempt;
mod guide;
mod lease;
mod ledger;
mod live;
mod lock;
mod private_file;
mod project;
mod session;
mod signals;
mod teardown;
mod watch;
pub mod watchdog;

pub use guide::{Answer, Guide, Prompt, Unasked};
pub use lease::{Lease, words as time_words};
pub use live::redacted;
pub use lock::ProjectLock;
pub use project::{PROJECT_FILE, Project};
pub use session::{Ending, Session, StepResult, Walked};
pub use signals::Signals;
pub use watch::{Unwatched, Watch};
