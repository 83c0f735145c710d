//! The walk: session, prompts, live output, teardown, lock, exit code.
//!
//! May import all rooms above. Invariant: whatever a step leaves behind was registered for teardown before the step
//! started, and every way out of a walk leads through the teardown.

mod attempt;
mod guide;
mod journal;
mod keyboard;
mod live;
mod lock;
mod pause;
mod project;
mod prompt;
mod readiness;
mod redaction;
mod results;
mod session;
mod shell;
mod signals;
mod state;
mod surroundings;
mod teardown;
mod watch;

pub use guide::{Answer, Guide, Moment, Question, Unasked};
pub use journal::{Journal, Memory};
pub use lock::ProjectLock;
pub use project::{PROJECT_FILE, Project};
pub use prompt::Prompt;
pub use redaction::{Redacting, redacted};
pub use results::{Ending, StepResult, Walked};
pub use session::Session;
pub use signals::Signals;
pub use state::State;
