//! What makes an environment: a Python that fits, and uv where it can be had.
//!
//! May import what the environment may. Invariant: nothing is installed outside of the project's private folder, but for a Python
//! that uv keeps for its user.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Work;
use super::installing::{INSTALLATION, PIP_INSTALL, SHORT, command};
use crate::error::{Error, ErrorKind, Result};
use crate::exec::capture::tail;
use crate::exec::marker::{self, PRIVATE};
use crate::exec::python::{self, Interpreter, Places};

impl Work<'_, '_> {
    /// The interpreter to use, and uv where it can be had. A machine whose only Python is unsuitable gets one by uv.
    pub(super) fn tools(
        &mut self,
        named: Option<Interpreter>,
        places: &Places,
    ) -> Result<(Interpreter, Option<PathBuf>)> {
        let found = match named {
            Some(interpreter) => vec![interpreter],
            None => python::interpreters(places),
        };
        let uv = python::uv(&places.path).or_else(|| self.own_uv(&found));
        if let Some(best) = found.first().filter(|best| best.suitable()) {
            if uv.is_none() && !best.has_venv {
                return Err(Error::machine(format!("`{}` has no venv module", best.path.display()))
                    .hint("install it: `sudo apt-get install -y python3-venv`"));
            }
            return Ok((best.clone(), uv));
        }
        let Some(uv) = uv else { return Err(python::none_suitable(&found)) };
        let why = python::none_suitable(&found);
        self.say(&format!("{}; fetching Python 3.11 with uv", why.message()));
        let fetched =
            self.call("fetch Python 3.11 with uv", command(&uv, ["python", "install", "3.11"]), INSTALLATION);
        match fetched {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
            // What the machine lacks is the news; why one more way to it failed comes after.
            Err(error) => {
                let cause = tail(error.message(), 1);
                let cause = cause.trim().trim_start_matches("cause: ");
                return Err(why.hint(format!("uv could not download one just now: {cause}")));
            }
            Ok(()) => {}
        }
        let interpreter =
            python::found_by_uv(&uv).and_then(|path| Interpreter::ask(&path)).filter(Interpreter::suitable);
        interpreter.map(|interpreter| (interpreter, Some(uv))).ok_or(why)
    }

    /// A uv in the project's private folder, made once by pip; none if that is not possible, because pip alone does too.
    fn own_uv(&mut self, found: &[Interpreter]) -> Option<PathBuf> {
        let folder = self.project.join(PRIVATE).join("uv");
        let program = marker::program_in(&folder, "uv");
        let path = folder.join(marker::PROGRAMS).into_os_string();
        if let Some(uv) = python::uv(&path) {
            return Some(uv);
        }
        let maker = found.iter().find(|one| one.has_venv && one.version >= (3, 8, 0))?;
        self.say("fetching uv, which installs faster than pip");
        let folder: OsString = folder.into();
        let venv =
            vec![maker.path.clone().into(), "-m".into(), "venv".into(), "--clear".into(), folder.clone()];
        let mut pip = vec![marker::program_in(Path::new(&folder), "python").into_os_string()];
        pip.extend(PIP_INSTALL.map(OsString::from));
        pip.push("uv".into());
        let made =
            self.call("make a folder for uv", venv, SHORT).and_then(|()| self.call("fetch uv", pip, SHORT));
        match made {
            Ok(()) => Some(program).filter(|uv| uv.is_file()),
            Err(_) => {
                let _ = std::fs::remove_dir_all(&folder);
                self.say("uv cannot be had; pip will do");
                None
            }
        }
    }
}
