//! What a machine refuses that the localnet needs, and the walk that needs no localnet.
//!
//! May import `error`. Invariant: whatever is refused, the walk without a localnet is offered.

use serde::Serialize;

use crate::error::Error;

/// The walk that needs no localnet.
pub const LOCAL_ONLY: &str = "golem-outbound run --network local";

/// Something that the localnet needs and this machine refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unsupported {
    /// What is refused, for example ``user namespaces``.
    pub what: String,
    /// Which setting refuses it, as far as can be told.
    pub why: String,
    /// What to type, one after another.
    pub commands: Vec<String>,
    /// Where to type it, or another way, if there is something to say.
    pub advice: Option<String>,
}

impl Unsupported {
    /// A system without Linux's namespaces, by its name in the words of Rust: `macos`, `windows`.
    pub fn other_system(name: &str) -> Self {
        let (system, advice) = match name {
            "macos" => ("macOS", "it runs in a Linux virtual machine"),
            "windows" => ("Windows", "it runs under WSL 2"),
            other => (other, "it runs in a Linux virtual machine"),
        };
        Self {
            what: "Linux namespaces".into(),
            why: format!("only Linux has them, and this is {system}"),
            commands: Vec::new(),
            advice: Some(advice.into()),
        }
    }

    /// Why it is refused, and the advice.
    pub fn detail(&self) -> String {
        match &self.advice {
            Some(advice) => format!("{}; {advice}", self.why),
            None => self.why.clone(),
        }
    }

    /// As an error of a command that needs the localnet.
    pub fn into_error(self) -> Error {
        let error = Error::machine(format!(
            "failed to start the localnet: this machine refuses {}: {}",
            self.what,
            self.detail()
        ));
        let error =
            self.commands.iter().fold(error, |error, command| error.hint(format!("type: `{command}`")));
        let or = if self.commands.is_empty() { "" } else { "or " };
        error.hint(format!(
            "{or}walk without a localnet, with the downloads on this machine alone: `{LOCAL_ONLY}`"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_system_is_named_and_the_walk_without_a_localnet_is_offered() {
        let error = Unsupported::other_system("macos").into_error();
        insta::assert_snapshot!(error, @r"
        failed to start the localnet: this machine refuses Linux namespaces: only Linux has them, and this is macOS; it runs in a Linux virtual machine
        hint: walk without a localnet, with the downloads on this machine alone: `golem-outbound run --network local`
        ");
        assert_eq!(error.kind().exit_code(), 3);
        assert!(
            Unsupported::other_system("windows").detail().ends_with("this is Windows; it runs under WSL 2")
        );
    }
}
