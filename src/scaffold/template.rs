//! The files of `template/`, embedded by `build.rs`.
//!
//! May import `error`. Invariant: what is unpacked is what the folder held when the program was built.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// `(path below template/, content)`, sorted by path.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/template.rs"));

/// The placeholders' definitions, as cargo-generate reads them.
pub const CONFIG: &str = include_str!("../../template/cargo-generate.toml");

/// The step files of the tutorial as every new project gets them: name and text. Nothing in them is filled before a walk.
pub fn step_files() -> Vec<(String, String)> {
    let step = |(path, content): &(&str, &[u8])| {
        let name = path.strip_prefix("tutorial/")?;
        Some((name.to_owned(), String::from_utf8_lossy(content).into_owned()))
    };
    FILES.iter().filter_map(step).collect()
}

/// Writes the template into an existing empty folder.
pub fn unpack(folder: &Path) -> Result<()> {
    for (path, content) in FILES {
        let target = folder.join(path);
        let parent = target.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|cause| Error::io("create folder", parent, cause))?;
        fs::write(&target, content).map_err(|cause| Error::io("write", &target, cause))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    fn files_below(folder: &Path, root: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files_below(&path, root, found);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }

    #[test]
    fn the_embedded_template_is_the_folder() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("template");
        let mut folder = BTreeMap::new();
        files_below(&root, &root, &mut folder);
        let unpacked = tempfile::tempdir().unwrap();
        unpack(unpacked.path()).unwrap();
        let mut embedded = BTreeMap::new();
        files_below(unpacked.path(), unpacked.path(), &mut embedded);
        assert_eq!(embedded.keys().collect::<Vec<_>>(), folder.keys().collect::<Vec<_>>());
        assert!(embedded == folder, "a file differs from the one that was embedded");
    }
}
