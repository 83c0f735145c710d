//! How a command that prints data writes it.
//!
//! May import nothing of the house. Invariant: one meaning of `--format text` and `json` for all commands that have just these.

/// For people or for programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}
