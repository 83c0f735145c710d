//! `.golem-outbound/state.json`: what was done in a project, so that a walk can go on where the one before it ended.
//! A tutorial that is a guest in the project has a file of its own beside it, because its steps may have the same names.
//!
//! May import `error`, `exec`, `tutorial`. Invariant: the file is replaced as a whole or not at all, whatever ends us; a power cut
//! costs the last moments at most; what cannot be used of it is left aside with one line that says why, and is never an
//! error.

mod disk;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use self::disk::Disk;
use crate::error::{Error, Result};
use crate::exec::marker;
use crate::tutorial::progress::{Progress, Remembered, fingerprint};

/// Grows with the shape of the file; another one's is left aside.
const FORMAT: u64 = 1;
const FILE: &str = "state.json";

/// Larger than any tutorial's.
const LARGEST: u64 = 4 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// Read before.
    #[serde(rename = "format")]
    _format: u64,
    /// The project's folder when this was written.
    project: PathBuf,
    /// The folder of the guest's step files; nothing for the project's own tutorial.
    #[serde(default)]
    guest: Option<PathBuf>,
    /// Which machine wrote it; nothing where machines have no identity.
    machine: Option<String>,
    /// What was done, by network.
    networks: BTreeMap<String, Progress>,
}

/// As [`Document`] reads it back, without a copy of anything.
#[derive(Serialize)]
struct Written<'a> {
    format: u64,
    project: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    guest: Option<&'a Path>,
    machine: Option<&'a str>,
    networks: &'a BTreeMap<String, Progress>,
}

/// What is remembered of a project.
#[derive(Debug)]
pub struct State {
    project: PathBuf,
    guest: Option<PathBuf>,
    machine: Option<String>,
    networks: BTreeMap<String, Progress>,
    ignored: Option<String>,
    /// Started by the first write.
    disk: Option<Disk>,
}

impl State {
    /// Reads the state of the project in this folder: of its own tutorial, or of the guest whose step files are in that
    /// other folder. Both are absolute and without symbolic links.
    pub fn read(project: &Path, guest: Option<&Path>) -> Self {
        Self::read_as(project, guest, machine())
    }

    fn read_as(project: &Path, guest: Option<&Path>, machine: Option<String>) -> Self {
        let (project, guest) = (project.to_owned(), guest.map(ToOwned::to_owned));
        let mut state =
            Self { project, guest, machine, networks: BTreeMap::new(), ignored: None, disk: None };
        match text(&state.path()).and_then(|text| text.map(|text| state.understood(&text)).transpose()) {
            Ok(networks) => state.networks = networks.unwrap_or_default(),
            Err(why) => {
                let shown = format!("{}/{}", marker::PRIVATE, state.file());
                state.ignored = Some(format!("`{shown}` is not used: {why}; every step counts as not done"));
            }
        }
        state
    }

    /// Why what stands in the file is not used, if so: one line.
    pub fn ignored(&self) -> Option<&str> {
        self.ignored.as_deref()
    }

    /// What was done on a network.
    pub fn progress(&self, network: &str) -> Progress {
        self.networks.get(network).cloned().unwrap_or_default()
    }

    /// Remembers one step of a network, and writes.
    ///
    /// # Errors
    /// When the file cannot be written; what it held before is still there.
    pub fn remember(&mut self, network: &str, step: &str, remembered: Remembered) -> Result<()> {
        self.networks.entry(network.to_owned()).or_default().insert(step.to_owned(), remembered);
        self.write()
    }

    /// Forgets these steps on one network, or on all, and writes. How many were known.
    ///
    /// # Errors
    /// As [`Self::remember`].
    pub fn forget(&mut self, network: Option<&str>, steps: Option<&[String]>) -> Result<usize> {
        let mut known = 0;
        for (name, progress) in &mut self.networks {
            if network.is_some_and(|network| network != name) {
                continue;
            }
            let before = progress.len();
            progress.retain(|id, _| steps.is_some_and(|steps| !steps.contains(id)));
            known += before - progress.len();
        }
        self.write()?;
        Ok(known)
    }

    fn path(&self) -> PathBuf {
        self.project.join(marker::PRIVATE).join(self.file())
    }

    fn file(&self) -> String {
        let Some(guest) = &self.guest else { return FILE.to_owned() };
        format!("state-of-{}.json", &fingerprint(guest.as_os_str().as_encoded_bytes())[..16])
    }

    /// The error is why it cannot be used.
    fn understood(&self, text: &str) -> std::result::Result<BTreeMap<String, Progress>, String> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| format!("it is damaged ({error})"))?;
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(FORMAT) => {}
            Some(format) if format > FORMAT => {
                return Err(format!("a newer version of this program wrote it (format {format})"));
            }
            Some(format) => {
                return Err(format!("an older version of this program wrote it (format {format})"));
            }
            None => return Err("it does not say of which format it is".into()),
        }
        let document: Document =
            serde_json::from_value(value).map_err(|error| format!("it is damaged ({error})"))?;
        if document.project != self.project {
            return Err(format!("it tells of the project in `{}`", document.project.display()));
        }
        if document.guest != self.guest {
            return Err("it tells of another tutorial".into());
        }
        if document.machine.is_some() && self.machine.is_some() && document.machine != self.machine {
            return Err("it was written on another machine".into());
        }
        Ok(document.networks)
    }

    fn write(&mut self) -> Result<()> {
        let folder = marker::private(&self.project)?;
        let document = Written {
            format: FORMAT,
            project: &self.project,
            guest: self.guest.as_deref(),
            machine: self.machine.as_deref(),
            networks: &self.networks,
        };
        let path = self.path();
        let failed = |error: std::io::Error| Error::io("write", &path, error);
        // A temporary file of this kind is its owner's alone.
        let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(failed)?;
        // In one piece: a call of the system for every word would take longer than a short step.
        let mut text = serde_json::to_vec_pretty(&document).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        file.write_all(&text).map_err(failed)?;
        let file = file.persist(&path).map_err(|error| failed(error.error))?;
        self.ignored = None;
        if !cfg!(unix) {
            // Nobody could replace it while it is held open, and a folder cannot be opened.
            return file.sync_all().map_err(failed);
        }
        // The new name, too, has to be on the disk before a power cut.
        let folder = std::fs::File::open(&folder).map_err(failed)?;
        if self.disk.is_none() {
            self.disk = Some(Disk::new().map_err(failed)?);
        }
        if let Some(disk) = &self.disk {
            disk.take(file, folder);
        }
        Ok(())
    }
}

/// The file's text; none where there is no file. The error is why it cannot be read.
fn text(path: &Path) -> std::result::Result<Option<String>, String> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("it cannot be read ({error})")),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).map_err(|error| format!("it cannot be read ({error})"))?;
    String::from_utf8(bytes).map(Some).map_err(|_| "it is damaged (no text)".to_owned())
}

/// Which machine this is, without telling anybody: the hash of systemd's id of it, see machine-id(5).
fn machine() -> Option<String> {
    let id = std::fs::read_to_string("/etc/machine-id").ok()?;
    let id = id.trim();
    (!id.is_empty()).then(|| fingerprint(format!("golem-outbound {id}")))
}

#[cfg(test)]
mod tests;
