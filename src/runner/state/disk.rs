//! What was written goes on to the disk while the walk goes on.
//!
//! May import nothing of the house. A step that takes no time would otherwise wait for the disk four times. Invariant: when
//! this is dropped, all that it was given is on the disk, as far as the system can tell.

use std::fs::File;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

/// A thread that waits for the disk.
#[derive(Debug)]
pub struct Disk {
    files: Option<Sender<(File, Option<File>)>>,
    thread: Option<JoinHandle<()>>,
}

impl Disk {
    /// Starts it.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn new() -> std::io::Result<Self> {
        let (files, given) = channel();
        let thread = Builder::new().name("disk".into()).spawn(move || sync_all(&given))?;
        Ok(Self { files: Some(files), thread: Some(thread) })
    }

    /// Takes a file that was written to, and the folder if the file's name is new in it.
    pub fn take(&self, file: File, folder: Option<File>) {
        if let Some(files) = &self.files {
            // Without the thread nobody waits, and the system writes when it likes.
            let _ = files.send((file, folder));
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.files = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn sync_all(given: &Receiver<(File, Option<File>)>) {
    while let Ok((mut file, mut folder)) = given.recv() {
        // What has been written or replaced meanwhile is there at once, too.
        while let Ok((newer, also)) = given.try_recv() {
            (file, folder) = (newer, also.or(folder));
        }
        for file in [Some(file), folder].into_iter().flatten() {
            // A disk that fails now fails the next writer, who can say so.
            let _ = file.sync_all();
        }
    }
}
