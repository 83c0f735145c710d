//! What is installed in a Python environment, read from its files without running anything.
//!
//! May import nothing of the house. Invariant: what cannot be read is left out, never guessed.

use std::path::Path;

/// Something that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name: `python`, or one that was asked for.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Python itself, then those of these packages that are there.
///
/// Python's version stands in `pyvenv.cfg` (`version` by venv, `version_info` by uv), a package's in the name of its
/// `.dist-info` folder, where `-` and `.` of its name are `_` (PyPA's specification of recorded installations).
pub fn packages(venv: &Path, wanted: &[&str]) -> Vec<Package> {
    let config = std::fs::read_to_string(venv.join("pyvenv.cfg")).unwrap_or_default();
    let Some(python) = python_version(&config) else { return Vec::new() };
    let mut found = vec![Package { name: "python".into(), version: python }];
    let folders = site_packages(venv);
    for name in wanted {
        let version = folders.iter().find_map(|folder| version_in(folder, name));
        found.extend(version.map(|version| Package { name: (*name).to_owned(), version }));
    }
    found
}

fn python_version(config: &str) -> Option<String> {
    config.lines().filter_map(|line| line.split_once('=')).find_map(|(key, value)| {
        let version = value.trim().trim_end_matches(".final.0").to_owned();
        ["version", "version_info"].contains(&key.trim()).then_some(version)
    })
}

/// The names of everything that is installed.
fn site_packages(venv: &Path) -> Vec<String> {
    let names = |path: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    let lib = venv.join("lib");
    let pythons = names(&lib);
    pythons.iter().flat_map(|python| names(&lib.join(python).join("site-packages"))).collect()
}

fn version_in(folder: &str, name: &str) -> Option<String> {
    let recorded = folder.strip_suffix(".dist-info")?;
    let (recorded, version) = recorded.rsplit_once('-')?;
    let normal = |name: &str| name.replace(['-', '.'], "_").to_ascii_lowercase();
    (normal(recorded) == normal(name)).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_the_environment_s_files() {
        let venv = tempfile::tempdir().unwrap();
        assert_eq!(packages(venv.path(), &["ray"]), []);
        for (config, python) in [
            ("home = /usr/bin\nversion = 3.11.2\n", "3.11.2"),
            ("uv = 0.9\nversion_info = 3.10.1\n", "3.10.1"),
        ] {
            std::fs::write(venv.path().join("pyvenv.cfg"), config).unwrap();
            let site = venv.path().join("lib/python3.11/site-packages");
            for name in ["ray_on_golem-0.13.0.dist-info", "ray-2.9.3.dist-info", "ray"] {
                std::fs::create_dir_all(site.join(name)).unwrap();
            }
            let found = packages(venv.path(), &["ray-on-golem", "ray", "golem"]);
            let found: Vec<(&str, &str)> =
                found.iter().map(|package| (package.name.as_str(), package.version.as_str())).collect();
            assert_eq!(found, [("python", python), ("ray-on-golem", "0.13.0"), ("ray", "2.9.3")]);
        }
    }
}
