//! ray-on-golem's data folder: the real one in memory, and of it only the logs on the disk, without app-keys.
//!
//! ray-on-golem writes ssh's command lines into its logs, and those hold the app-key; beside the logs it keeps the private
//! key of ssh. So in the sandbox a tmpfs lies over the folder, which ends with the sandbox, and the supervisor writes
//! what is fit to be read to the folder below it.
//!
//! May import `error`. Invariant: no app-key and no private key ever reaches the disk, however the localnet ends.

mod redaction;
mod room;
mod transcript;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use super::{mounts, os_error};
use crate::error::{Error, Result};
use transcript::{Keys, Transcript};

/// ray-on-golem's folder in a localnet's directory.
pub fn folder(dir: &Path) -> PathBuf {
    dir.join("ray-on-golem")
}

/// The name of the localnet's own log, in the folder `log` of its directory.
pub const OWN_LOG: &str = "localnet.log";

/// Where the supervisor's log goes: to its stderr, which is the localnet's own log, kept short.
pub fn own_log(dir: &Path) -> Result<impl Fn() -> io::Stderr + Send + Sync + use<>> {
    let folder = dir.join("log");
    let failed = |error| Error::io("follow the log in", &folder, error);
    let log = File::from(io::stderr().as_fd().try_clone_to_owned().map_err(failed)?);
    let held = Mutex::new((log, File::open(&folder).map_err(failed)?));
    Ok(move || {
        let held = held.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that could not be put aside is a long log, which is better than none.
        let _ = room::make(&held.0, &held.1, OsStr::new(OWN_LOG));
        io::stderr()
    })
}

/// Removes the logs of the localnet before this one, also those that ray-on-golem has zipped, so that none is taken for
/// this one's. To be called when no localnet runs.
pub fn remove_old(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let old = |path: &PathBuf| is_log(path) || is_predecessor(path) || zipped_number(path).is_some();
    for path in entries.map(|entry| entry.path()).filter(old) {
        let _ = fs::remove_file(path);
    }
}

fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "log")
}

/// `webserver.log.1`, what we put aside of a long log.
fn is_predecessor(path: &Path) -> bool {
    let log = path.file_stem().filter(|name| is_log(Path::new(name)));
    log.is_some_and(|log| path.file_name() == Some(&room::predecessor(log)))
}

/// The 1 of `webserver.log.1.gz`, which is the youngest (`ray_on_golem/log.py`).
fn zipped_number(path: &Path) -> Option<u32> {
    let stem =
        path.file_stem().map(Path::new).filter(|_| path.extension().is_some_and(|kind| kind == "gz"))?;
    let number = stem.extension()?.to_string_lossy().parse().ok()?;
    is_log(Path::new(stem.file_stem()?)).then_some(number)
}

/// So many of each log's zipped predecessors stay.
const ZIPPED: u32 = 4;

/// Removes what ray-on-golem zipped long ago. It zips its logs whenever it starts and keeps a hundred of each, here in
/// memory; what stood in them is in the copies on the disk.
fn forget_zipped(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if zipped_number(&path).is_some_and(|number| number > ZIPPED) {
            let _ = fs::remove_file(path);
        }
    }
}

/// Covers the folder with a tmpfs in the calling process's mount namespace; what is below stays reachable through the
/// descriptor.
pub fn cover(folder: &Path) -> Result<OwnedFd> {
    let mut options = fs::OpenOptions::new();
    let below = options.read(true).custom_flags(nix::libc::O_DIRECTORY).open(folder);
    let below = below.map_err(|e| Error::io("open", folder, e))?;
    mounts::tmpfs(folder, "mode=700")?;
    Ok(below.into())
}

/// The logs on the disk, as they are written.
pub struct Logs {
    transcript: Arc<Mutex<Transcript>>,
}

impl Logs {
    /// Follows the logs in `folder` and writes them without app-keys to `visible`. `keys` tells the app-keys that are
    /// known at a time. Where the kernel gives no watch, the logs are written at the end alone.
    pub fn follow(folder: &Path, visible: OwnedFd, keys: Keys) -> Self {
        let transcript = Transcript::new(folder.to_path_buf(), visible, keys);
        let logs = Self { transcript: Arc::new(Mutex::new(transcript)) };
        if let Err(error) = logs.watch(folder) {
            tracing::warn!("ray-on-golem's logs are written when the localnet ends: {}", error.message());
        }
        logs
    }

    /// Writes what is left, unfinished lines too.
    pub fn finish(&self) {
        lock(&self.transcript).finish();
    }

    /// A thread, because all of it is work on files.
    fn watch(&self, path: &Path) -> Result<()> {
        let watched = |errno| os_error("watch", path, errno);
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC).map_err(watched)?;
        let changes = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_MOVED_TO;
        inotify.add_watch(path, changes).map_err(watched)?;
        let transcript = Arc::clone(&self.transcript);
        let folder = path.to_path_buf();
        let follow = move || {
            // Which file it was does not matter: there are few, and to look at one is cheap.
            while inotify.read_events().is_ok() {
                lock(&transcript).catch_up();
                forget_zipped(&folder);
            }
        };
        let thread = std::thread::Builder::new().name("logs".into()).spawn(follow);
        thread.map(drop).map_err(|e| Error::io("start a thread to watch", path, e))
    }
}

/// A panic while it was held leaves it usable: at worst a piece of a log is missing.
fn lock(transcript: &Mutex<Transcript>) -> MutexGuard<'_, Transcript> {
    transcript.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_youngest_zipped_logs_stay_and_older_ones_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        for number in 1..=9 {
            fs::write(folder.path().join(format!("webserver.log.{number}.gz")), "").unwrap();
            fs::write(folder.path().join(format!("yagna.{number}.gz")), "").unwrap();
        }
        forget_zipped(folder.path());
        let there = |name: &dyn Fn(u32) -> String| {
            (1..=9).filter(|number| folder.path().join(name(*number)).exists()).count()
        };
        assert_eq!(there(&|number| format!("webserver.log.{number}.gz")), 4);
        assert!(folder.path().join("webserver.log.4.gz").exists());
        assert_eq!(there(&|number| format!("yagna.{number}.gz")), 9, "no log of ray-on-golem's");
    }

    #[test]
    fn old_logs_go_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let kept = ["ray_on_golem.pid", "notes.gz", "notes.log.txt", "webserver.log.old.gz"];
        let removed = ["webserver.log", "webserver.log.1", "webserver_debug.log.12.gz"];
        for name in kept.iter().chain(&removed) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        remove_old(folder.path());
        assert!(kept.iter().all(|name| folder.path().join(name).exists()));
        assert!(removed.iter().all(|name| !folder.path().join(name).exists()));
    }

    #[test]
    fn a_log_is_followed_while_it_is_written() {
        let (folder, visible) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let below = fs::File::open(visible.path()).unwrap().into();
        let logs = Logs::follow(folder.path(), below, Box::new(Vec::new));
        fs::write(folder.path().join("webserver.log"), "one\ntw").unwrap();
        let shown = visible.path().join("webserver.log");
        // Ends only with the thread that follows, or with the test runner's patience.
        while fs::read_to_string(&shown).unwrap_or_default() != "one\n" {
            std::thread::yield_now();
        }
        logs.finish();
        assert_eq!(fs::read_to_string(&shown).unwrap(), "one\ntw");
    }
}
