//! What the commands of a walk have in common on every network: folder, programs, variables.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use super::Invocation;
use crate::exec::marker;

/// The name under which steps call this very binary.
pub const PROGRAM: &str = "golem-outbound";

/// Where the requestor works.
#[derive(Clone, Debug)]
pub struct Workplace {
    /// The project's folder, absolute.
    pub project: PathBuf,
    /// The project's virtual environment, absolute; it may not exist yet.
    pub venv: PathBuf,
    /// This binary.
    pub program: PathBuf,
    /// Columns of the terminal on which the commands' output is shown; our own commands fill them.
    pub columns: usize,
}

impl Workplace {
    /// The command as it runs on the machine itself: programs of the virtual environment come first, and
    /// [`PROGRAM`] is this binary.
    pub fn command(&self, argv: &[String], timeout: Duration, keep_daemons: bool) -> Invocation {
        let bin = self.venv.join(marker::PROGRAMS);
        let is_ours = argv.first().is_some_and(|program| program == PROGRAM);
        let mut command: Vec<OsString> = argv.iter().map(OsString::from).collect();
        if let Some(program) = command.first_mut() {
            if is_ours {
                *program = self.program.clone().into();
            } else if let Some(found) = self.of_the_environment(program) {
                *program = found.into();
            }
        }
        let mut path = OsString::from(bin);
        if let Some(inherited) = std::env::var_os("PATH") {
            path.push(if cfg!(windows) { ";" } else { ":" });
            path.push(inherited);
        }
        let mut env: Vec<(OsString, OsString)> = vec![
            ("PATH".into(), path),
            ("VIRTUAL_ENV".into(), self.venv.clone().into()),
            ("PYTHONUNBUFFERED".into(), "1".into()),
            // On a terminal the question about usage statistics costs ten seconds, even with `--yes`.
            ("RAY_USAGE_STATS_ENABLED".into(), "0".into()),
        ];
        if is_ours {
            // They write into a pipe, and could not know. Others are left as they are: their output is judged.
            env.push(("COLUMNS".into(), self.columns.to_string().into()));
        }
        Invocation {
            argv: command,
            cwd: self.project.clone(),
            env,
            // The first two lead Python away from the virtual environment; the last one means “inside a node”.
            env_remove: vec!["PYTHONHOME".into(), "PYTHONPATH".into(), "ON_GOLEM_NETWORK".into()],
            timeout,
            keep_daemons,
        }
    }

    fn of_the_environment(&self, program: &OsStr) -> Option<PathBuf> {
        Some(marker::program_in(&self.venv, program.to_str()?)).filter(|path| path.is_file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_name_is_this_binary_and_the_environment_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("venv/bin")).unwrap();
        std::fs::write(folder.path().join("venv/bin/ray"), "").unwrap();
        let workplace = Workplace {
            project: folder.path().into(),
            venv: folder.path().join("venv"),
            program: "/x/golem-outbound".into(),
            columns: 40,
        };
        let argv0 =
            |name: &str| workplace.command(&[name.to_owned()], Duration::from_secs(1), false).argv[0].clone();
        assert_eq!(argv0("golem-outbound"), "/x/golem-outbound");
        assert_eq!(argv0("ray"), folder.path().join("venv/bin/ray"));
        assert_eq!(argv0("rsync"), "rsync");
    }

    #[test]
    fn our_own_commands_fill_the_terminal_and_the_products_are_left_alone() {
        let workplace = Workplace {
            project: "/p".into(),
            venv: "/p/venv".into(),
            program: "/x/golem-outbound".into(),
            columns: 40,
        };
        let columns = |name: &str| {
            let env = workplace.command(&[name.to_owned()], Duration::from_secs(1), false).env;
            env.into_iter().find(|(key, _)| key == "COLUMNS").map(|(_, value)| value)
        };
        assert_eq!(columns("golem-outbound"), Some("40".into()));
        assert_eq!(columns("ray"), None);
    }
}
