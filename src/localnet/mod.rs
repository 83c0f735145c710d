//! The localnet: a Golem Network emulated on one machine, under the unmodified ray-on-golem and Ray.
//!
//! May import `error`, `outbound`, `content`, `exec`. The only async room. Invariant: nothing above yagna's API may
//! know that it is emulated.

pub mod control;

pub mod egress;

pub mod exe_unit;

pub mod http;

pub mod market;

pub mod mirror;

pub mod node;

pub mod registry;

pub mod sandbox;

pub mod ssh;

pub mod supervisor;

pub mod yagna;

pub use sandbox::apparmor::profile as apparmor_profile;
pub use sandbox::config::{ContentMode, UpConfig, default_dir, find_project, find_venv};
pub use sandbox::lifecycle::Localnet;
pub use sandbox::program::own_program;
pub use sandbox::state::{ProcessRef, State};
pub use sandbox::status::Status;
pub use sandbox::support::{LOCAL_ONLY, Unsupported, namespaces, support};
pub use yagna::cli::yagna_command;
