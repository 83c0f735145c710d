//! A file that grows by one line after the other.
//!
//! May import nothing of the house. Invariant: it is as long as what was written to it, or it grows no more.

use std::fs::File;
use std::io::Write;
use std::path::Path;

/// A file that we have written as a whole, and its length since.
#[derive(Debug)]
pub struct Grown {
    file: File,
    length: u64,
}

impl Grown {
    /// A file of this length, open for writing at its end.
    pub fn new(file: File, length: usize) -> Self {
        Self { file, length: length as u64 }
    }

    /// Whether it still stands at this path, and nothing else has written to it. Who takes the private folder away while a
    /// walk goes on gets a whole file again with the next step.
    pub fn is_whole(&self, path: &Path) -> bool {
        std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == self.length)
    }

    /// Writes a line, which brings its end with it, in one piece.
    pub fn grow(&mut self, line: &[u8]) -> std::io::Result<()> {
        self.file.write_all(line)?;
        self.length += line.len() as u64;
        Ok(())
    }

    /// The same file once more.
    pub fn file(&self) -> std::io::Result<File> {
        self.file.try_clone()
    }
}
