//! What this machine lacks for the walk: all of it at once, before anything starts.
//!
//! May import `error`. Invariant: an examination changes nothing; what is missing always comes with what to type.

mod probes;

use std::path::{Path, PathBuf};

use super::program;
use crate::error::Error;

/// Brings a suitable Python where uv is.
pub const FETCH_PYTHON: &str = "uv python install 3.11";

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It is there.
    Ready,
    /// It is not there, or cannot be used.
    Missing,
    /// It cannot be told.
    Unsure,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// What, in a word or two: `rsync`, `user namespaces`.
    pub subject: String,
    /// How it stands.
    pub standing: Standing,
    /// Where it is, or what for it is needed and why it cannot be used.
    pub detail: String,
    /// Debian and Ubuntu packages that bring it.
    pub packages: Vec<String>,
    /// Other commands that bring it, to be typed one after another.
    pub commands: Vec<String>,
}

impl Finding {
    /// Something that is there.
    pub fn ready(subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            standing: Standing::Ready,
            detail: detail.into(),
            packages: Vec::new(),
            commands: Vec::new(),
        }
    }

    /// Something that is not.
    pub fn missing(subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { standing: Standing::Missing, ..Self::ready(subject, detail) }
    }

    /// A package that brings it.
    #[must_use]
    pub fn package(mut self, package: impl Into<String>) -> Self {
        self.packages.push(package.into());
        self
    }

    /// A command that brings it.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.commands.push(command.into());
        self
    }
}

/// How commands get a superuser's rights here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rights {
    /// We are root.
    Root,
    /// `sudo` asks no password.
    Sudo,
    /// A person must type it.
    None,
}

/// All that was looked at.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Examination {
    /// In the order of looking.
    pub findings: Vec<Finding>,
    /// Where `apt-get` is, if this machine has it.
    pub apt_get: Option<PathBuf>,
    /// How packages could be installed.
    pub rights: Rights,
    /// Whether apt's lists of packages are missing, as in a fresh container.
    pub lists_missing: bool,
}

/// Looks at everything, and adds what other rooms found, for example whether user namespaces can be made.
pub fn examine(extra: Vec<Finding>) -> Examination {
    let mut findings = probes::all();
    findings.extend(extra);
    Examination {
        findings,
        apt_get: program::find("apt-get"),
        rights: probes::rights(),
        lists_missing: probes::lists_missing(Path::new("/var/lib/apt/lists")),
    }
}

impl Examination {
    /// Everything that is missing.
    pub fn missing(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.standing == Standing::Missing)
    }

    /// Whether nothing is missing.
    pub fn complete(&self) -> bool {
        self.missing().next().is_none()
    }

    /// The packages that bring what is missing, each once.
    pub fn packages(&self) -> Vec<&str> {
        let mut packages: Vec<&str> = Vec::new();
        for package in self.missing().flat_map(|finding| &finding.packages) {
            if !packages.contains(&package.as_str()) {
                packages.push(package);
            }
        }
        packages
    }

    /// Whether the missing packages, if any, can be installed without a person who types a password.
    pub fn installable(&self) -> bool {
        self.packages().is_empty() || (self.apt_get.is_some() && self.rights != Rights::None)
    }

    /// The exact commands for a person to type, in order.
    pub fn commands(&self) -> Vec<String> {
        let mut commands = self.package_commands();
        commands.extend(self.missing().flat_map(|finding| finding.commands.iter().cloned()));
        commands
    }

    /// Those of the commands that are run with consent: they install. The rest change the system's settings.
    pub fn installing(&self) -> Vec<String> {
        let mut commands = self.package_commands();
        let others = self.missing().flat_map(|finding| &finding.commands);
        commands.extend(others.filter(|command| *command == FETCH_PYTHON).cloned());
        commands
    }

    fn package_commands(&self) -> Vec<String> {
        let packages = self.packages().join(" ");
        let sudo = if self.rights == Rights::Root { "" } else { "sudo " };
        let mut commands = Vec::new();
        if !packages.is_empty() && self.apt_get.is_some() {
            if self.lists_missing {
                commands.push(format!("{sudo}apt-get update"));
            }
            commands.push(format!("{sudo}apt-get install -y {packages}"));
        }
        commands
    }

    /// The error for a walk that cannot start, naming everything at once; none if nothing is missing.
    pub fn as_error(&self) -> Option<Error> {
        let missing: Vec<&str> = self.missing().map(|finding| finding.subject.as_str()).collect();
        if missing.is_empty() {
            return None;
        }
        let mut error = Error::machine(format!("this machine lacks {}", missing.join(", ")));
        for finding in self.missing().filter(|finding| finding.packages.is_empty()) {
            error = error.hint(format!("{}: {}", finding.subject, finding.detail));
        }
        for command in self.commands() {
            error = error.hint(format!("type: `{command}`"));
        }
        if self.apt_get.is_none() && !self.packages().is_empty() {
            error = error.hint(format!(
                "there is no apt-get here; install what these Debian packages hold: {}",
                self.packages().join(" ")
            ));
        }
        Some(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examination(findings: Vec<Finding>, rights: Rights) -> Examination {
        Examination { findings, apt_get: Some("/usr/bin/apt-get".into()), rights, lists_missing: false }
    }

    #[test]
    fn everything_is_named_at_once_with_each_package_once() {
        let examination = examination(
            vec![
                Finding::missing("ssh", "x").package("openssh-client"),
                Finding::ready("ip", "/bin/ip"),
                Finding::missing("ssh-keygen", "x").package("openssh-client"),
                Finding::missing("user namespaces", "the kernel refuses them").command("sudo sysctl a=1"),
            ],
            Rights::None,
        );
        insta::assert_snapshot!(examination.as_error().unwrap(), @r"
        this machine lacks ssh, ssh-keygen, user namespaces
        hint: user namespaces: the kernel refuses them
        hint: type: `sudo apt-get install -y openssh-client`
        hint: type: `sudo sysctl a=1`
        ");
    }

    #[test]
    fn consent_is_asked_for_what_installs_and_not_for_the_systems_settings() {
        let examination = examination(
            vec![
                Finding::missing("ip", "x").package("iproute2"),
                Finding::missing("Python 3.9 to 3.11", "x").command(FETCH_PYTHON),
                Finding::missing("user namespaces", "x").command("sudo sysctl a=1"),
            ],
            Rights::Sudo,
        );
        assert_eq!(examination.installing(), ["sudo apt-get install -y iproute2", FETCH_PYTHON]);
        assert_eq!(examination.commands().len(), 3);
    }

    #[test]
    fn root_needs_no_sudo_and_a_fresh_container_needs_lists_first() {
        let mut examination =
            examination(vec![Finding::missing("rsync", "x").package("rsync")], Rights::Root);
        examination.lists_missing = true;
        assert_eq!(examination.commands(), ["apt-get update", "apt-get install -y rsync"]);
    }

    #[test]
    fn without_apt_get_the_packages_are_named() {
        let mut examination =
            examination(vec![Finding::missing("rsync", "x").package("rsync")], Rights::Root);
        examination.apt_get = None;
        assert_eq!(
            examination.as_error().unwrap().hints(),
            ["there is no apt-get here; install what these Debian packages hold: rsync"]
        );
    }

    #[test]
    fn nothing_missing_is_no_error() {
        assert!(examination(vec![Finding::ready("ip", "/bin/ip")], Rights::None).as_error().is_none());
    }
}
