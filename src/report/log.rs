//! The walk written down as it goes: one JSON document a line, first what it is, then each event with its time.
//!
//! May import `error` and `event`. Invariant: each event is in the file before the next one happens, so that a walk that
//! was killed can still be reported.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::event::{Event, Recorded, Sink};

/// Grows with the shape of the lines; a file of another format is refused.
const FORMAT: u32 = 1;

/// The log of a project's last walk.
pub fn of_project(project: &Path) -> PathBuf {
    project.join(".golem-outbound/last-run.jsonl")
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    program: String,
}

/// Writes every event down. The clock is read here and nowhere else.
pub struct EventLog {
    path: PathBuf,
    file: File,
    started: Instant,
    failure: Option<std::io::Error>,
}

impl EventLog {
    /// Takes the place of the log that was there, whose readers keep it. Only its owner may read it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(path: PathBuf) -> Result<Self> {
        let program = concat!("golem-outbound ", env!("CARGO_PKG_VERSION")).to_owned();
        let folder = path.parent().unwrap_or(Path::new("."));
        let create = || -> std::io::Result<File> {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            write_line(file.as_file_mut(), &Header { format: FORMAT, program })?;
            file.persist(&path).map_err(|error| error.error)
        };
        let file = create().map_err(|error| Error::io("write", &path, error))?;
        Ok(Self { path, file, started: Instant::now(), failure: None })
    }

    /// Ends the log.
    ///
    /// # Errors
    /// An event could not be written.
    pub fn finish(self) -> Result<()> {
        self.failure.map_or(Ok(()), |error| Err(Error::io("write", &self.path, error)))
    }
}

impl Sink for EventLog {
    fn event(&mut self, event: &Event) {
        if self.failure.is_none() {
            let line = Line { at: self.started.elapsed().as_secs_f64(), event };
            self.failure = write_line(&mut self.file, &line).err();
        }
    }
}

/// As [`Recorded`] reads it back, without a copy of the event.
#[derive(Serialize)]
struct Line<'a> {
    at: f64,
    event: &'a Event,
}

/// In one piece, so that a reader sees whole lines.
fn write_line(file: &mut File, value: &impl Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    file.write_all(&line)
}

/// The events of a log, in order.
#[derive(Debug)]
pub struct Events {
    lines: BufReader<File>,
    path: PathBuf,
    number: usize,
}

/// Opens a log.
///
/// # Errors
/// There is none, or it is of another format.
pub fn read(path: &Path) -> Result<Events> {
    let file = File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::usage(format!("there is no walk to report: `{}` does not exist", path.display()))
                .hint("walk the tutorial first, in the project's folder: `golem-outbound run`")
        }
        _ => Error::io("open", path, error),
    })?;
    let mut events = Events { lines: BufReader::new(file), path: path.to_owned(), number: 0 };
    let first = events.line()?.unwrap_or_default();
    let header: Header =
        serde_json::from_slice(&first).map_err(|_| events.refused("it is no log of a walk"))?;
    if header.format != FORMAT {
        let why = format!(
            "it was written by {} in format {}, and this program reads format {FORMAT}",
            header.program, header.format
        );
        return Err(events.refused(&why));
    }
    Ok(events)
}

impl Events {
    /// The next event; none at the end. A line that was cut off by the end of the file is the end: the walk was killed
    /// while it was written.
    ///
    /// # Errors
    /// The file cannot be read, or a line is no event.
    fn event(&mut self) -> Result<Option<Recorded>> {
        let Some(line) = self.line()? else { return Ok(None) };
        if line.last() != Some(&b'\n') {
            return Ok(None);
        }
        let event = serde_json::from_slice(&line);
        event
            .map(Some)
            .map_err(|error| self.refused(&format!("its line {} is no event: {error}", self.number)))
    }

    fn line(&mut self) -> Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let read = self.lines.read_until(b'\n', &mut line);
        let read = read.map_err(|error| Error::io("read", &self.path, error))?;
        self.number += 1;
        Ok((read > 0).then_some(line))
    }

    fn refused(&self, why: &str) -> Error {
        Error::usage(format!("failed to read `{}`: {why}", self.path.display()))
            .hint("walk again, in the project's folder: `golem-outbound run`")
    }
}

impl Iterator for Events {
    type Item = Result<Recorded>;

    fn next(&mut self) -> Option<Self::Item> {
        self.event().transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use super::*;

    fn log(folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("last-run.jsonl");
        let mut log = EventLog::create(path.clone()).unwrap();
        log.event(&Event::Narrated("one".into()));
        log.event(&Event::Waited { what: String::new(), elapsed: Duration::from_millis(1250) });
        log.finish().unwrap();
        path
    }

    fn events(path: &Path) -> Result<Vec<Event>> {
        read(path)?.map(|recorded| recorded.map(|recorded| recorded.event)).collect()
    }

    #[test]
    fn what_was_written_is_read_back_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = log(&folder);
        let expected = [
            Event::Narrated("one".into()),
            Event::Waited { what: String::new(), elapsed: Duration::from_millis(1250) },
        ];
        assert_eq!(events(&path).unwrap(), expected);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn an_event_is_on_the_disk_before_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = EventLog::create(path.clone()).unwrap();
        log.event(&Event::Narrated("one".into()));
        assert_eq!(events(&path).unwrap().len(), 1);
        log.event(&Event::Narrated("two".into()));
        assert_eq!(events(&path).unwrap().len(), 2);
    }

    #[test]
    fn a_log_cut_anywhere_is_read_up_to_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = log(&folder);
        let whole = std::fs::read(&path).unwrap();
        let header = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for length in 0..=whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let lines = whole[header.min(length)..length].iter().filter(|byte| **byte == b'\n').count();
            match events(&path) {
                Ok(events) => assert_eq!(events.len(), lines),
                Err(error) => {
                    assert!(length < header && error.message().ends_with("is no log of a walk"), "{error}")
                }
            }
        }
    }

    #[test]
    fn a_foreign_log_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let missing = events(&path).unwrap_err();
        assert!(missing.message().starts_with("there is no walk to report"), "{missing}");
        let header = "{\"format\":1,\"program\":\"golem-outbound 0.1.0\"}\n";
        for (text, why) in [
            ("%PDF-1.7\n", "it is no log of a walk"),
            (
                "{\"format\":7,\"program\":\"golem-outbound 9.0.0\"}\n",
                "it was written by golem-outbound 9.0.0 in format 7, and this program reads format 1",
            ),
            (
                &format!("{header}{{\"at\":0,\"event\":{{\"unheard-of\":1}}}}\n"),
                "its line 2 is no event: unknown variant",
            ),
            (&format!("{header}{{\"at\":-1,\"event\":{{\"narrated\":\"a\"}}}}\n"), "its line 2 is no event:"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = events(&path).unwrap_err();
            assert!(error.message().contains(why), "{error}");
            assert_eq!((error.kind().exit_code(), error.hints().len()), (2, 1));
        }
    }
}
