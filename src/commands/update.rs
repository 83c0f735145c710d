//! `run --update`: the expected outputs of the step files written anew, and what is likely behind the differences.
//!
//! May import everything. Invariant: a file is replaced as a whole or not at all, and nothing but its blocks of expected output
//! and their comments changes.

use std::path::Path;

use similar::TextDiff;

use super::check::fixing::replace;
use crate::content::whitelist_store::Store;
use crate::error::{Error, Result};
use crate::exec::installed;
use crate::runner::Project;
use crate::tutorial::expected::{Versions, renewed};
use crate::tutorial::{Tutorial, prose_start};

/// Writes what each step printed into its file, prints the differences to standard output and their causes.
///
/// # Errors
/// A file cannot be read or written, or somebody changed it while the walk went on.
pub fn write(project: &Project, tutorial: &Tutorial, outputs: &[(String, String)]) -> Result<()> {
    let now = versions(&project.folder);
    let home = std::env::var(crate::ownership::HOME).unwrap_or_default();
    let private = [project.folder.display().to_string(), home]
        .map(|text| if text.len() > 1 { text } else { String::new() });
    let mut changed = 0;
    for (id, output) in outputs {
        let Some(step) = tutorial.step(id) else { continue };
        let path = project.step_file(&step.file);
        let text = std::fs::read_to_string(&path).map_err(|error| Error::io("read", &path, error))?;
        let renewed = renewed((&text, prose_start(&text)), &step.expected, output, &now, &private);
        if renewed.by_hand > 0 {
            println!(
                "{}: placeholders decide the lines of an expected output, so it is not written anew",
                step.file
            );
        }
        if renewed.causes.is_empty() {
            continue;
        }
        changed += 1;
        replace(&path, &text, &renewed.text, "golem-outbound run --update")?;
        let (from, to) = (format!("a/{}", step.file), format!("b/{}", step.file));
        print!("\n{}", TextDiff::from_lines(&text, &renewed.text).unified_diff().header(&from, &to));
        for (_, cause) in &renewed.causes {
            println!("{}: {cause}", step.file);
        }
    }
    let compared = outputs.len();
    println!("\nexpected outputs: {compared} of the steps that passed have one, {changed} written anew");
    Ok(())
}

/// The versions that decide what a walk prints now, as far as files tell.
fn versions(project: &Path) -> Versions {
    let venv = project.join("venv");
    let packages = installed::packages(&venv, &["ray-on-golem", "ray"]);
    let package = |name: &str| {
        let found = packages.iter().find(|package| package.name == name);
        found.map(|package| package.version.clone())
    };
    let (_, whitelist) = Store::of_user().in_force();
    Versions {
        ray_on_golem: package("ray-on-golem"),
        ray: package("ray"),
        python: package("python"),
        whitelist: Some(whitelist.date),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let packages = folder.path().join("venv/lib/python3.11/site-packages");
        for name in ["ray-2.9.3.dist-info", "ray_on_golem-0.13.0.dist-info", "ray"] {
            std::fs::create_dir_all(packages.join(name)).unwrap();
        }
        std::fs::write(
            folder.path().join("venv/pyvenv.cfg"),
            "home = /usr/bin\nversion_info = 3.11.2.final.0\n",
        )
        .unwrap();
        let found = versions(folder.path());
        let text = found.to_string();
        assert!(text.starts_with("ray-on-golem 0.13.0, ray 2.9.3, python 3.11.2, whitelist 20"), "{text}");
    }
}
