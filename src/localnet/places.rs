//! Where a project, its Python environment and its localnet are, and where downloads come from.
//!
//! May import `error` and `ownership`. Invariant: nothing is made here.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::ownership::HOME;

/// Where downloads of the nodes come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ContentMode {
    /// The mirror if the Internet cannot be reached, else live.
    #[default]
    Auto,
    /// The mirror in this program; no packet leaves the machine.
    Mirror,
    /// The real Internet, dialled by the keeper.
    Live,
}

/// What a localnet that runs was made of.
#[derive(Clone, Debug)]
pub struct MadeOf {
    /// Where downloads come from; never `auto`.
    pub content: ContentMode,
    /// Providers in place of the built-in ones.
    pub providers: Option<PathBuf>,
    /// Faults in addition to the providers' file's.
    pub faults: Vec<String>,
}

/// `$XDG_STATE_HOME/golem-outbound/localnet`, or under `~/.local/state`; inside a project `.golem-outbound/localnet`.
pub fn default_dir(working_dir: &Path) -> Result<PathBuf> {
    if let Some(project) = find_project(working_dir) {
        return Ok(project.join(".golem-outbound").join("localnet"));
    }
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| absolute(HOME).map(|home| home.join(".local/state")));
    state.map(|state| state.join("golem-outbound").join("localnet")).ok_or_else(|| {
        Error::usage("failed to choose a directory for the localnet: `HOME` is not set")
            .hint("name one: `golem-outbound localnet up --dir DIR`")
    })
}

/// The closest directory upwards that has a `golem-outbound.yaml`.
pub fn find_project(working_dir: &Path) -> Option<PathBuf> {
    working_dir.ancestors().find(|dir| dir.join("golem-outbound.yaml").is_file()).map(Path::to_path_buf)
}

/// The virtual environment: the project's or the directory's `venv`, else `$VIRTUAL_ENV`.
pub fn find_venv(working_dir: &Path) -> Option<PathBuf> {
    let project = find_project(working_dir).map(|project| project.join("venv"));
    let active = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    [project, Some(working_dir.join("venv")), active]
        .into_iter()
        .flatten()
        .find(|venv| venv.join("pyvenv.cfg").is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_project_is_found_from_below() {
        let root = tempfile::tempdir().unwrap();
        let below = root.path().join("a/b");
        fs::create_dir_all(&below).unwrap();
        assert_eq!(find_project(&below), None);
        fs::write(root.path().join("golem-outbound.yaml"), "").unwrap();
        assert_eq!(find_project(&below).as_deref(), Some(root.path()));
        assert_eq!(default_dir(&below).unwrap(), root.path().join(".golem-outbound/localnet"));
    }
}
