//! The files that `explain` can be given.

use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};
use crate::outbound::manifest::Manifest;
use crate::outbound::rules::Rules;
use crate::outbound::whitelist::{Whitelist, WhitelistError};

fn read(path: &Path) -> Result<String> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    }
    .map_err(|error| unreadable(path, error))?;
    Ok(text)
}

fn unreadable(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let name = match path.display().to_string().as_str() {
        "-" => "standard input".to_owned(),
        name => format!("`{name}`"),
    };
    Error::usage(format!("failed to read {name}: {error}")).caused_by(error)
}

/// A provider's whitelist.
pub(super) fn whitelist(path: &Path) -> Result<Whitelist> {
    let text = read(path)?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    Whitelist::from_file(name, &text).map_err(|error| {
        let hint = match &error {
            WhitelistError::UnknownKind(_) => "name it `domain_whitelist.json`, `strict.lst` or `regex.lst`",
            WhitelistError::Json(_) => {
                r#"the form is {"patterns": [{"domain": "ipfs.io", "match": "strict"}]}"#
            }
            WhitelistError::Regex(_) => {
                "a provider refuses the whole list, too; patterns are lower-cased before they are compiled"
            }
        };
        unreadable(path, error).hint(hint)
    })
}

/// A provider's `rules.json`.
pub(super) fn rules(path: &Path) -> Result<Rules> {
    Rules::from_json(&read(path)?).map_err(|error| {
        unreadable(path, error)
            .hint(r#"the form is {"outbound": {"enabled": true, "everyone": "whitelist"}}"#)
    })
}

/// A manifest in any of its forms.
pub(super) fn manifest(path: &Path) -> Result<Manifest> {
    Manifest::read(&read(path)?).map_err(|error| {
        unreadable(path, error)
            .hint("this is what a provider answers; it takes base64 of the manifest's JSON")
    })
}
