//! The one error of the house: what was being done, to what, why, and what to type next.
//!
//! May import nothing of the house. Invariant: an `Error` means that the tool could not do its work; a check that
//! failed is a [`crate::evidence::Verdict`], never an `Error`.

use std::fmt;

/// What went wrong, as far as the exit code is concerned. The table stands in `docs/exit-codes.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A check failed or a finding is an error: exit code 1.
    Failed,
    /// The command line, a file or a value that the user gave cannot be used: exit code 2.
    Usage,
    /// This machine lacks something: exit code 3.
    Machine,
    /// The network, a provider or an upstream service kept us from telling: exit code 4.
    Inconclusive,
    /// Our own fault: exit code 70.
    Internal,
    /// A signal ended the work: exit code 130.
    Interrupted,
}

impl ErrorKind {
    /// The process exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Machine => 3,
            Self::Inconclusive => 4,
            Self::Internal => 70,
            Self::Interrupted => 130,
        }
    }
}

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure for people: a lower-case message without a full stop, and hints that name a command to type.
#[derive(Debug, thiserror::Error)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hints: Vec<String>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A new error. The message says operation, object and cause: ``failed to read `x.yaml`: permission denied``.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), source: None }
    }

    /// The user gave something that cannot be used.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// This machine lacks something.
    pub fn machine(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Machine, message)
    }

    /// Our own fault.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// An input or output operation failed: ``failed to <doing> `<object>`: <cause>``.
    pub fn io(doing: &str, object: impl AsRef<std::path::Path>, source: std::io::Error) -> Self {
        let kind = match source.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::AlreadyExists => ErrorKind::Usage,
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::StorageFull => ErrorKind::Machine,
            _ => ErrorKind::Internal,
        };
        let is_full = source.kind() == std::io::ErrorKind::StorageFull;
        let error = Self::new(kind, format!("failed to {doing} `{}`: {source}", object.as_ref().display()))
            .caused_by(source);
        if is_full { error.hint(FREE_SOME_SPACE) } else { error }
    }

    /// Adds a hint: a sentence or a command that the reader can type.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Keeps the lower-level cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// What kind it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message without its hints.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the reader can do.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

/// What to do when a disk is full: the one that is written to, or the one of temporary files or caches.
pub const FREE_SOME_SPACE: &str =
    "free some space, then the same command again; which disk is full: `df -h . /tmp ~/.cache`";

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        for hint in &self.hints {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_message_then_hints() {
        let error = Error::usage("failed to create `x`: it exists")
            .hint("choose another name: `golem-outbound new y`");
        assert_eq!(
            error.to_string(),
            "failed to create `x`: it exists\nhint: choose another name: `golem-outbound new y`"
        );
        assert_eq!(error.kind().exit_code(), 2);
    }

    #[test]
    fn a_full_disk_is_the_machines_matter_and_can_be_mended() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = Error::io("write", "/p/venv/x", full);
        assert_eq!((error.kind().exit_code(), error.hints()), (3, &[FREE_SOME_SPACE.to_owned()][..]));
    }
}
