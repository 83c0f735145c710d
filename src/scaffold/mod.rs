//! The embedded template or one of the user's own, the answers that fill it, and the project that comes of them.
//!
//! May import `error`, `content`, `outbound`. Invariant: a project appears whole, under its name, or not at all.

mod answers;
mod filling;
mod generate;
mod name;
mod placeholder;
mod project;
mod share_links;
mod template;
mod workshop;

pub use answers::Answers;
pub use generate::{new_project, preview};
pub use name::{check_name, check_target};
pub use placeholder::Placeholder;
pub use project::{ANSWERS_FILE, Project};
pub use share_links::{Rewritten, rewritten};
pub use template::{Template, placeholders, step_files};
