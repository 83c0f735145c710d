//! Programs that the walk calls: where they are, and which package brings them.
//!
//! May import `error`. Invariant: a program counts as found only where the walk's own commands will find it, on PATH.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A program from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its name on PATH.
    pub name: &'static str,
    /// The Debian and Ubuntu package that brings it.
    pub package: &'static str,
    /// Who calls it and what for, to be read after "for".
    pub purpose: &'static str,
}

/// All programs that the walk needs, besides Python.
pub const PROGRAMS: [Program; 5] = [
    Program { name: "rsync", package: "rsync", purpose: "copying your files to the nodes" },
    Program { name: "ssh", package: "openssh-client", purpose: "running commands on the nodes" },
    Program { name: "ssh-keygen", package: "openssh-client", purpose: "the cluster's key" },
    Program { name: "ip", package: "iproute2", purpose: "addresses and routes of the nodes" },
    // A minimal Debian lacks it, and the localnet's nodes have the machine's own programs.
    Program { name: "uptime", package: "procps", purpose: "ray-on-golem's test that a node answers" },
];

/// Where `name` is on our PATH.
pub fn find(name: &str) -> Option<PathBuf> {
    which::which(name).ok()
}

/// Where `name` is on a given PATH.
pub fn find_in(name: &str, path: &OsStr) -> Option<PathBuf> {
    which::which_in(name, Some(path), Path::new("/")).ok()
}

/// Where `name` is on our PATH.
///
/// # Errors
/// `Machine`, with the command that installs it if it is one of [`PROGRAMS`].
pub fn require(name: &str) -> Result<PathBuf> {
    find(name).ok_or_else(|| {
        let error = Error::machine(format!("there is no `{name}` on PATH"));
        match PROGRAMS.iter().find(|program| program.name == name) {
            Some(program) => error.hint(format!("install it: `sudo apt-get install -y {}`", program.package)),
            None => error,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_an_executable_file_on_the_given_path_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rsync");
        std::fs::write(&file, "#!/bin/sh\n").unwrap();
        assert_eq!(find_in("rsync", folder.path().as_os_str()), None);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find_in("rsync", folder.path().as_os_str()), Some(file));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = require("no-such-program").unwrap_err();
        assert_eq!(error.to_string(), "there is no `no-such-program` on PATH");
        assert_eq!(error.kind().exit_code(), 3);
    }
}
