//! Embeds the folder `template/`, so that a new file there is all that a new step needs, and the pages about findings.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("template");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut source = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&root).expect("it was found below the root");
        writeln!(source, "    ({name:?}, include_bytes!({file:?})),").expect("a string takes everything");
    }
    source.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("template.rs"), source)?;
    fs::write(out.join("findings.rs"), findings(&root.with_file_name("docs").join("findings"))?)
}

/// `(code, page)` of every page but the index.
fn findings(folder: &Path) -> io::Result<String> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let mut source = String::from("&[\n");
    for file in files {
        let code = file.file_stem().unwrap_or_default().to_string_lossy();
        if code != "README" {
            writeln!(source, "    ({code:?}, include_str!({file:?})),").expect("a string takes everything");
        }
    }
    source.push(']');
    Ok(source)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
