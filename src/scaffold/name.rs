//! The name of a project, and the folder that it will be.
//!
//! May import `error`. Invariant: a name that passes is one plain path component, and means the same to a shell, to YAML and
//! to cargo-generate.

use std::path::Path;

use crate::error::{Error, Result};

/// The name that a new project at `target` will have.
///
/// # Errors
/// If the name is not letters, digits, `-` and `_` alone, beginning with a letter or a digit; if something is there already, be it a
/// dangling link; if there is no folder to put it in.
pub fn check_target(target: &Path) -> Result<&str> {
    let name = target.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    check_name(name)?;
    if target.symlink_metadata().is_ok() {
        return Err(Error::usage(format!("failed to create `{}`: it exists", target.display()))
            .hint("choose another name, or move what is there out of the way"));
    }
    let parent = parent_of(target);
    if !parent.is_dir() {
        return Err(Error::usage(format!(
            "failed to create `{}`: `{}` is no folder",
            target.display(),
            parent.display()
        ))
        .hint(format!("make it first: `mkdir -p {}`", parent.display())));
    }
    Ok(name)
}

/// The folder that a target lies in.
pub fn parent_of(target: &Path) -> &Path {
    target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether a text can be a project's name.
pub fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let reason = if name.is_empty() {
        "it is empty".to_owned()
    } else if name == "." || name == ".." {
        "it names a folder that exists".to_owned()
    } else if name.contains('/') {
        "it is a path, and the project is made in the folder where you are".to_owned()
    } else if let Some(odd) = name.chars().find(|c| !plain(*c)) {
        format!("it holds `{}`; letters a to z, digits, `-` and `_` are allowed", escaped(odd))
    } else if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        "it does not begin with a letter or a digit".to_owned()
    } else if name.len() > 64 {
        "it is longer than 64 characters".to_owned()
    } else {
        return Ok(());
    };
    // What could not be printed is escaped; quotes are shown as they are.
    let shown: String = name.chars().map(escaped).collect();
    let error = Error::usage(format!("`{shown}` cannot be a project's name: {reason}"));
    Err(match name.contains('/') {
        true => error.hint("go there first: `cd FOLDER`, then `golem-outbound new my-project`"),
        false => error.hint("for example: `golem-outbound new my-project`"),
    })
}

fn escaped(character: char) -> String {
    if character.is_control() { character.escape_debug().to_string() } else { character.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_shell_or_yaml_would_misread_are_refused() {
        for name in
            ["", "a b", "a/b", "..", ".", "a\"b", "a'b", "a\nb", "café", "-x", "_x", "a\0", "a.b", "$x"]
        {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        assert!(check_name(&"x".repeat(65)).is_err());
        for name in ["a", "my-project", "My_Project2", "2nd"] {
            check_name(name).unwrap();
        }
    }

    #[test]
    fn the_error_shows_the_character() {
        assert_eq!(
            check_name("a\nb").unwrap_err().message(),
            "`a\\nb` cannot be a project's name: it holds `\\n`; letters a to z, digits, `-` and `_` are allowed"
        );
    }

    #[test]
    fn what_exists_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("taken")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("dangling")).unwrap();
        for name in ["taken", "dangling"] {
            let error = check_target(&folder.path().join(name)).unwrap_err();
            assert!(error.message().ends_with("it exists"), "{error}");
        }
        assert_eq!(check_target(&folder.path().join("free")).unwrap(), "free");
        assert!(check_target(&folder.path().join("missing/free")).is_err());
    }
}
