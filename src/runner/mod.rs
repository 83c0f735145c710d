//! The walk: session, prompts, live output, teardown, lock, exit code.
//!
//! May import all rooms above. Invariant: whatever a step leaves behind was registered for teardown before the step
//! started, and every way out of a walk leads through the teardown.

mod attempt;
mod guide;
mod live;
mod lock;
mod pause;
mod project;
mod readiness;
mod session;
mod signals;
mod teardown;
mod watch;

pub use guide::{Answer, Guide, Prompt, Unasked};
pub use lock::ProjectLock;
pub use project::{PROJECT_FILE, Project};
pub use session::{Ending, Session, StepResult, Walked};
pub use signals::Signals;
