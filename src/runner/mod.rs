//! The walk: session, prompts, live output, teardown, lock, exit code.
//!
//! May import all rooms above. Invariant: whatever a step leaves behind was registered for teardown before the step
//! started, and every way out of a walk leads through the teardown.

pub mod aftermath;
mod attempt;
mod drift;
mod guide;
mod journal;
mod keyboard;
mod lease;
mod ledger;
mod live;
mod lock;
mod pause;
mod private_file;
mod project;
mod prompt;
mod readiness;
mod redaction;
mod results;
mod session;
mod shell;
mod signals;
mod standstill;
mod state;
mod surroundings;
mod teardown;
mod trusted;
mod watch;
pub mod watchdog;
mod witness;

pub use drift::DriftWatch;
pub use guide::{Answer, Guide, Moment, Question, Unasked};
pub use journal::{Journal, Memory};
pub use lease::{Lease, words as time_words};
pub use lock::ProjectLock;
pub use project::{PROJECT_FILE, Project, Steps};
pub use prompt::Prompt;
pub use redaction::{Redacting, redacted};
pub use results::{Ending, StepResult, Walked};
pub use session::Session;
pub use signals::Signals;
pub use state::State;
pub use trusted::Trusted;
pub use watch::{Unwatched, Watch};
pub use witness::Witness;
