//! `.golem-outbound/state.jsonl`: what was done in a project, so that a walk can go on where the one before it ended.
//! A tutorial that is a guest in the project has a file of its own beside it, because its steps may have the same names.
//!
//! Its first line tells whose it is, and each further line one step of one network; of several the last one counts. So a walk
//! of many steps does not write all of them again with each.
//! May import `error`, `exec`, `tutorial`. Invariant: the file is replaced as a whole or grows by one line, whatever ends
//! us, and a line without its end was not written; a power cut costs the last moments at most; what cannot be used of it is
//! left aside with one line that says why, and is never an error.

mod disk;
mod grown;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use self::disk::Disk;
use self::grown::Grown;
use crate::error::{Error, Result};
use crate::exec::marker;
use crate::tutorial::progress::{Progress, Remembered, fingerprint};

/// Grows with the shape of the file; another one's is left aside.
const FORMAT: u64 = 2;
const FILE: &str = "state.jsonl";

/// The name of format 1, which was one JSON document.
const FILE_OF_FORMAT_1: &str = "state.json";

/// Larger than any tutorial's.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The first line.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: u64,
    /// The project's folder when this was written.
    project: PathBuf,
    /// The folder of the guest's step files; nothing for the project's own tutorial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guest: Option<PathBuf>,
    /// Which machine wrote it; nothing where machines have no identity.
    machine: Option<String>,
}

/// Each further line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<N, R> {
    network: N,
    step: N,
    remembered: R,
}

/// What is remembered of a project.
#[derive(Debug)]
pub struct State {
    /// What the file begins with.
    head: Head,
    networks: BTreeMap<String, Progress>,
    ignored: Option<String>,
    /// The file as we have written it; none before.
    grown: Option<Grown>,
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
        let head = Head { format: FORMAT, project, guest, machine };
        let mut state = Self { head, networks: BTreeMap::new(), ignored: None, grown: None, disk: None };
        let (path, mut file) = (state.path(), state.file());
        let read = match text(&path) {
            Ok(None) if state.head.guest.is_none() && path.with_file_name(FILE_OF_FORMAT_1).exists() => {
                file = FILE_OF_FORMAT_1.to_owned();
                Err("an older version of this program wrote it (format 1)".to_owned())
            }
            read => read.and_then(|text| text.map(|text| state.understood(&text)).transpose()),
        };
        match read {
            Ok(networks) => state.networks = networks.unwrap_or_default(),
            Err(why) => {
                let shown = format!("{}/{file}", marker::PRIVATE);
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
        let line =
            line(network, step, &remembered).map_err(|error| Error::io("write", self.path(), error))?;
        self.networks.entry(network.to_owned()).or_default().insert(step.to_owned(), remembered);
        let path = self.path();
        match &mut self.grown {
            Some(grown) if grown.is_whole(&path) => {
                let grew = grown.grow(&line).map(|()| None);
                self.settle(&path, grew)
            }
            _ => self.write(),
        }
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
        self.head.project.join(marker::PRIVATE).join(self.file())
    }

    fn file(&self) -> String {
        let Some(guest) = &self.head.guest else { return FILE.to_owned() };
        format!("state-of-{}.jsonl", &fingerprint(guest.as_os_str().as_encoded_bytes())[..16])
    }

    /// The error is why it cannot be used.
    fn understood(&self, text: &str) -> std::result::Result<BTreeMap<String, Progress>, String> {
        // What is behind the last line break was cut off while it was written.
        let mut lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).zip(1..);
        let Some((head, _)) = lines.next() else { return Err("it is damaged (line 1 has no end)".into()) };
        self.belongs(head)?;
        let mut networks: BTreeMap<String, Progress> = BTreeMap::new();
        for (line, number) in lines {
            let Line { network, step, remembered } =
                serde_json::from_str::<Line<String, Remembered>>(line)
                    .map_err(|error| format!("it is damaged (line {number}: {error})"))?;
            networks.entry(network).or_default().insert(step, remembered);
        }
        Ok(networks)
    }

    /// Whether a file that begins with this line is ours. The error is why it is not.
    fn belongs(&self, line: &str) -> std::result::Result<(), String> {
        let damaged = |error: serde_json::Error| format!("it is damaged (line 1: {error})");
        let value: serde_json::Value = serde_json::from_str(line).map_err(damaged)?;
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
        let head: Head = serde_json::from_value(value).map_err(damaged)?;
        if head.project != self.head.project {
            return Err(format!("it tells of the project in `{}`", head.project.display()));
        }
        if head.guest != self.head.guest {
            return Err("it tells of another tutorial".into());
        }
        if head.machine.is_some() && self.head.machine.is_some() && head.machine != self.head.machine {
            return Err("it was written on another machine".into());
        }
        Ok(())
    }

    /// All that is known, in the place of what is there.
    fn write(&mut self) -> Result<()> {
        let folder = marker::private(&self.head.project)?;
        let path = self.path();
        let failed = |error: std::io::Error| Error::io("write", &path, error);
        let text = self.text().map_err(failed)?;
        // A temporary file of this kind is its owner's alone.
        let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(failed)?;
        // In one piece: a call of the system for every word would take longer than a short step.
        file.write_all(&text).map_err(failed)?;
        let file = file.persist(&path).map_err(|error| failed(error.error))?;
        self.ignored = None;
        if !cfg!(unix) {
            // Nobody could replace it while it is held open, and a folder cannot be opened.
            return file.sync_all().map_err(failed);
        }
        self.grown = Some(Grown::new(file, text.len()));
        // The new name, too, has to be on the disk before a power cut.
        self.settle(&path, File::open(&folder).map(Some))
    }

    fn text(&self) -> std::io::Result<Vec<u8>> {
        let mut text = serde_json::to_vec(&self.head)?;
        text.push(b'\n');
        for (network, progress) in &self.networks {
            for (step, remembered) in progress {
                text.extend(line(network, step, remembered)?);
            }
        }
        Ok(text)
    }

    /// After a write, which may have put a new name into a folder: what is in the file now has to go on to the disk. A
    /// write that failed leaves a file that does not grow on.
    fn settle(&mut self, path: &Path, written: std::io::Result<Option<File>>) -> Result<()> {
        let settled = written.and_then(|folder| {
            let Some(grown) = &self.grown else { return Ok(()) };
            if self.disk.is_none() {
                self.disk = Some(Disk::new()?);
            }
            if let Some(disk) = &self.disk {
                disk.take(grown.file()?, folder);
            }
            Ok(())
        });
        settled.map_err(|error| {
            self.grown = None;
            Error::io("write", path, error)
        })
    }
}

fn line(network: &str, step: &str, remembered: &Remembered) -> std::io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Line { network, step, remembered })?;
    line.push(b'\n');
    Ok(line)
}

/// The file's text; none where there is no file. The error is why it cannot be read.
fn text(path: &Path) -> std::result::Result<Option<String>, String> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("it cannot be read ({error})")),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| format!("it cannot be read ({error})"))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST / 1024 / 1024));
    }
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
