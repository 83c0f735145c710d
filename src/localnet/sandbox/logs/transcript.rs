//! Logs copied line by line to where people read them.
//!
//! May import its siblings. Invariant: what is written is what was logged, redacted, in whole lines until
//! the end, so that no key is cut in two.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

use super::redaction::Redaction;
use super::{is_log, room};

/// The app-keys that are known now.
pub type Keys = Box<dyn Fn() -> Vec<String> + Send>;

/// All logs of a folder and their copies.
pub struct Transcript {
    folder: PathBuf,
    visible: OwnedFd,
    keys: Keys,
    redaction: Redaction,
    copies: BTreeMap<OsString, Copy>,
}

impl Transcript {
    /// Nothing is read yet.
    pub fn new(folder: PathBuf, visible: OwnedFd, keys: Keys) -> Self {
        Self { folder, visible, keys, redaction: Redaction::new(Vec::new()), copies: BTreeMap::new() }
    }

    /// Copies the lines that are complete.
    pub fn catch_up(&mut self) {
        self.copy(false);
    }

    /// Copies everything.
    pub fn finish(&mut self) {
        self.copy(true);
    }

    fn copy(&mut self, unfinished_too: bool) {
        self.find();
        for (name, copy) in &mut self.copies {
            let Some(lines) = copy.new_lines(unfinished_too) else { continue };
            // Asked after the lines were read: a key is known before anybody can log it.
            let keys = (self.keys)();
            if !self.redaction.knows(&keys) {
                self.redaction = Redaction::new(keys);
            }
            if copy.sink.is_none() {
                copy.sink = create(&self.visible, name).ok();
            }
            let Some(sink) = &mut copy.sink else { continue };
            // A log that could not be put aside is a long log, which is better than none.
            let _ = room::make(sink, &self.visible, name);
            match append(sink, &self.redaction.apply(&lines)) {
                Ok(()) if copy.lost => {
                    tracing::warn!("`{}` is written again; lines are missing before this", name.display());
                    copy.lost = false;
                }
                // A disk that is full now may have room again later.
                Err(error) if !copy.lost => {
                    tracing::warn!("`{}` loses lines: {error}", name.display());
                    copy.lost = true;
                }
                Ok(()) | Err(_) => {}
            }
        }
    }

    /// Looks for logs that are new, or new under an old name, as ray-on-golem leaves them when it has zipped the old one.
    fn find(&mut self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()).filter(|path| is_log(path)) {
            let Some(name) = path.file_name() else { continue };
            let Ok(source) = Source::open(&path) else { continue };
            match self.copies.get_mut(name) {
                Some(copy) if copy.current.inode == source.inode => {}
                Some(copy) => copy.previous = Some(std::mem::replace(&mut copy.current, source)),
                None => {
                    let sink = create(&self.visible, name);
                    let sink = sink.inspect_err(|e| tracing::warn!("`{}` loses lines: {e}", name.display()));
                    let lost = sink.is_err();
                    let copy = Copy { current: source, previous: None, sink: sink.ok(), lost };
                    self.copies.insert(name.to_owned(), copy);
                }
            }
        }
    }
}

fn create(folder: &OwnedFd, name: &OsStr) -> io::Result<File> {
    let new = OFlag::O_CREAT | OFlag::O_TRUNC | OFlag::O_NOFOLLOW;
    let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CLOEXEC | new;
    Ok(openat(folder, name, flags, Mode::S_IRUSR | Mode::S_IWUSR)?.into())
}

/// Writes all of it or, as on a disk that is full, nothing: the next line must not go on in the middle of another.
fn append(sink: &mut File, lines: &[u8]) -> io::Result<()> {
    let before = sink.metadata()?.len();
    sink.write_all(lines).inspect_err(|_| {
        // Only a file has a length, and only one that was written to has to be shortened.
        let _ = sink.set_len(before);
    })
}

/// One name: its copy holds all that was logged under it, as far as there is room.
struct Copy {
    current: Source,
    /// The log that had the name before; a process that opened it may still write to it.
    previous: Option<Source>,
    sink: Option<File>,
    /// Whether the last lines could not be written.
    lost: bool,
}

impl Copy {
    fn new_lines(&mut self, unfinished_too: bool) -> Option<Vec<u8>> {
        let mut lines = Vec::new();
        for source in self.previous.iter_mut().chain([&mut self.current]) {
            // A log in memory cannot fail to be read; if it does, the next look may succeed.
            let _ = source.read_into(&mut lines, unfinished_too);
        }
        (!lines.is_empty()).then_some(lines)
    }
}

/// A log, and how far it was read.
struct Source {
    file: File,
    inode: u64,
    read: u64,
}

impl Source {
    /// A link would lead out of the folder, and a pipe would wait for its other end: neither is a log.
    fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        let file = fs::OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(Self { file, inode: metadata.ino(), read: 0 })
    }

    fn read_into(&mut self, lines: &mut Vec<u8>, unfinished_too: bool) -> io::Result<()> {
        if self.file.metadata()?.len() < self.read {
            // Somebody emptied it.
            self.read = 0;
        }
        self.file.seek(SeekFrom::Start(self.read))?;
        let start = lines.len();
        self.file.read_to_end(lines)?;
        let end = match lines[start..].iter().rposition(|byte| *byte == b'\n') {
            _ if unfinished_too => lines.len(),
            Some(last) => start + last + 1,
            None => start,
        };
        lines.truncate(end);
        self.read += (end - start) as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    struct Bench {
        folder: tempfile::TempDir,
        visible: tempfile::TempDir,
        transcript: Transcript,
    }

    impl Bench {
        fn new() -> Self {
            let (folder, visible) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let below = File::open(visible.path()).unwrap().into();
            let keys: Keys = Box::new(|| vec!["s3cret".into()]);
            let transcript = Transcript::new(folder.path().to_path_buf(), below, keys);
            Self { folder, visible, transcript }
        }

        fn log(&self, text: &str) {
            let mut options = fs::OpenOptions::new();
            let log = options.append(true).create(true).open(self.folder.path().join("webserver.log"));
            log.unwrap().write_all(text.as_bytes()).unwrap();
        }

        fn shown(&self) -> String {
            fs::read_to_string(self.visible.path().join("webserver.log")).unwrap()
        }
    }

    #[test]
    fn a_key_that_is_logged_in_pieces_is_not_shown() {
        let mut bench = Bench::new();
        bench.log("one\nkey s3c");
        bench.transcript.catch_up();
        assert_eq!(bench.shown(), "one\n");
        bench.log("ret is here\nlast");
        bench.transcript.catch_up();
        assert_eq!(bench.shown(), "one\nkey [redacted] is here\n");
        bench.transcript.finish();
        bench.transcript.finish();
        assert_eq!(bench.shown(), "one\nkey [redacted] is here\nlast");
    }

    #[test]
    fn a_rotated_log_goes_on_in_the_same_copy() {
        let mut bench = Bench::new();
        let log = bench.folder.path().join("webserver.log");
        bench.log("first\n");
        bench.transcript.catch_up();
        let mut held = fs::OpenOptions::new().append(true).open(&log).unwrap();
        held.write_all(b"before the rotation\n").unwrap();
        fs::write(bench.folder.path().join("webserver.log.1.gz"), "zipped").unwrap();
        fs::remove_file(&log).unwrap();
        bench.log("second\n");
        bench.transcript.catch_up();
        held.write_all(b"after it, by a process that holds the old one\n").unwrap();
        bench.transcript.finish();
        let expected = "first\nbefore the rotation\nsecond\nafter it, by a process that holds the old one\n";
        assert_eq!(bench.shown(), expected);
        assert_eq!(fs::read_dir(bench.visible.path()).unwrap().count(), 1);
    }

    #[test]
    fn only_logs_are_copied_and_only_their_owner_may_read_them() {
        let mut bench = Bench::new();
        for name in ["ray_on_golem_rsa_1", "ray_on_golem.pid", "yagna.log"] {
            fs::write(bench.folder.path().join(name), "s3cret\n").unwrap();
        }
        std::os::unix::fs::symlink("/etc/hostname", bench.folder.path().join("link.log")).unwrap();
        fs::write(bench.visible.path().join("yagna.log"), "of the localnet before\n").unwrap();
        bench.transcript.finish();
        let shown: Vec<_> = fs::read_dir(bench.visible.path()).unwrap().flatten().collect();
        assert_eq!(shown.iter().map(|entry| entry.file_name()).collect::<Vec<_>>(), ["yagna.log"]);
        assert_eq!(fs::read_to_string(shown[0].path()).unwrap(), "[redacted]\n");
        bench.log("new\n");
        bench.transcript.finish();
        let mode = fs::metadata(bench.visible.path().join("webserver.log")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_full_disk_costs_the_lines_that_do_not_fit_and_no_more() {
        let mut bench = Bench::new();
        bench.log("one\n");
        bench.transcript.catch_up();
        let full = File::options().write(true).open("/dev/full").unwrap();
        let copy = bench.transcript.copies.values_mut().next().unwrap();
        let disk = copy.sink.replace(full);
        bench.log("two\n");
        bench.transcript.catch_up();
        let copy = bench.transcript.copies.values_mut().next().unwrap();
        assert!(copy.lost);
        copy.sink = disk;
        bench.log("three\n");
        bench.transcript.catch_up();
        assert_eq!(bench.shown(), "one\nthree\n");
    }

    #[test]
    fn a_copy_that_could_not_be_made_is_made_later() {
        let mut bench = Bench::new();
        let place = bench.visible.path().join("webserver.log");
        fs::create_dir(&place).unwrap();
        bench.log("one\n");
        bench.transcript.catch_up();
        fs::remove_dir(&place).unwrap();
        bench.log("two\n");
        bench.transcript.catch_up();
        assert_eq!(bench.shown(), "two\n");
    }

    #[test]
    fn an_emptied_log_is_read_from_its_beginning() {
        let mut bench = Bench::new();
        bench.log("a long line\n");
        bench.transcript.catch_up();
        fs::write(bench.folder.path().join("webserver.log"), "new\n").unwrap();
        bench.transcript.catch_up();
        assert_eq!(bench.shown(), "a long line\nnew\n");
    }
}
