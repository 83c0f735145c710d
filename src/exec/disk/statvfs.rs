//! Free space and devices, as Unix tells them.
//!
//! May import nothing of the house.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::sys::statvfs::statvfs;

/// Bytes and files that may still be written at a place that exists; no number of files where they are not limited.
pub(super) fn left(path: &Path) -> Option<(u64, Option<u64>)> {
    let system = statvfs(path).ok()?;
    // These are 32 bits wide on macOS.
    #[allow(clippy::useless_conversion)]
    let (blocks, all, files) =
        (system.blocks_available().into(), u64::from(system.files()), system.files_available().into());
    Some((u64::saturating_mul(blocks, system.fragment_size()), (all > 0).then_some(files)))
}

/// The device on which a place that exists lies.
pub(super) fn device(path: &Path) -> Option<u64> {
    path.metadata().ok().map(|found| found.dev())
}
