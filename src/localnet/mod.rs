//! The localnet: a Golem Network emulated on one machine, under the unmodified ray-on-golem and Ray.
//!
//! May import `error`, `ownership`, `outbound`, `content`, `exec`. The only async room. It is Linux's: elsewhere there are only the market as
//! data, and the reason. Invariant: nothing above yagna's API may know that it is emulated.

pub mod apparmor;
pub mod market;
mod places;
mod unsupported;

#[cfg(target_os = "linux")]
pub mod control;
#[cfg(target_os = "linux")]
pub mod egress;
#[cfg(target_os = "linux")]
pub mod exe_unit;
#[cfg(target_os = "linux")]
pub mod http;
#[cfg(target_os = "linux")]
pub mod mirror;
#[cfg(target_os = "linux")]
pub mod node;
#[cfg(target_os = "linux")]
pub mod registry;
#[cfg(target_os = "linux")]
pub mod sandbox;
#[cfg(target_os = "linux")]
pub mod ssh;
#[cfg(target_os = "linux")]
pub mod supervisor;
#[cfg(target_os = "linux")]
pub mod yagna;

#[cfg(not(target_os = "linux"))]
mod elsewhere;

pub use apparmor::profile as apparmor_profile;
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{decided, made_of, namespaces, on_this_system, yagna_command};
pub use places::{ContentMode, MadeOf, default_dir, find_project, find_venv};
#[cfg(target_os = "linux")]
pub use sandbox::{
    config::UpConfig,
    lifecycle::Localnet,
    start::decided,
    state::{ProcessRef, State},
    status::{Status, made_of},
    support::{namespaces, on_this_system, support},
};
pub use unsupported::{LOCAL_ONLY, Unsupported};
#[cfg(target_os = "linux")]
pub use yagna::cli::yagna_command;
