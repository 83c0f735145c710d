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
    files: Option<Sender<[File; 2]>>,
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

    /// Takes a file that has its name, and the folder of that name.
    pub fn take(&self, file: File, folder: File) {
        if let Some(files) = &self.files {
            // Without the thread nobody waits, and the system writes when it likes.
            let _ = files.send([file, folder]);
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

fn sync_all(given: &Receiver<[File; 2]>) {
    while let Ok(mut newest) = given.recv() {
        // What has been replaced meanwhile need not be there.
        while let Ok(newer) = given.try_recv() {
            newest = newer;
        }
        for file in newest {
            // A disk that fails now fails the next writer, who can say so.
            let _ = file.sync_all();
        }
    }
}
