//! Where a newer list comes from, and whether it is one.
//!
//! Invariant: a web page, an empty file or a broken pattern is never taken for a list.

use std::path::Path;
use std::time::Duration;

use url::Url;

use crate::commands::explain::read_whitelist;
use crate::content::fetch::{Fetched, Limits, Watch, fetch};
use crate::content::whitelist_store::From;
use crate::error::{Error, ErrorKind, Result};
use crate::outbound::whitelist::{MatchKind, Whitelist};

/// The folder of the lists that a provider's installer takes; `HEAD` is the repository's default branch.
const UPSTREAM: &str =
    "https://raw.githubusercontent.com/golemfactory/ya-installer-resources/HEAD/whitelist/";
/// A list has two kilobytes.
const LIMIT: usize = 1_000_000;

/// A file, or a folder with `strict.lst` and `regex.lst`. One of these alone says nothing of the other type, so those
/// patterns stay as they are in `old`.
///
/// # Errors
/// It cannot be read, or a pattern does not compile.
pub(super) fn of_path(path: &Path, old: &Whitelist) -> Result<(Whitelist, From)> {
    let shown = dunce::canonicalize(path).map_err(|error| Error::io("read", path, error))?;
    let origin = From::File(shown.display().to_string());
    if !path.is_dir() {
        let new = read_whitelist(path)?;
        let of_old = match path.file_name().and_then(|name| name.to_str()) {
            Some("strict.lst") => Some(MatchKind::Regex),
            Some("regex.lst") => Some(MatchKind::Strict),
            _ => None,
        };
        let kept = old.patterns().iter().filter(|pattern| Some(pattern.kind) == of_old);
        let patterns = new.patterns().iter().chain(kept).cloned().collect();
        let whole = Whitelist::new(patterns)
            .map_err(|error| Error::internal("failed to join two lists that were read").caused_by(error))?;
        return Ok((whole, origin));
    }
    let read = |name: &str| {
        let file = path.join(name);
        std::fs::read_to_string(&file).map_err(|error| {
            Error::io("read", &file, error).hint("a folder must hold `strict.lst` and `regex.lst`")
        })
    };
    Ok((lists(&read("strict.lst")?, &read("regex.lst")?, &path.display().to_string())?, origin))
}

/// The newest list of `golemfactory/ya-installer-resources`.
///
/// # Errors
/// It cannot be fetched; that is nobody's fault here, and the list in force stays.
pub(super) fn of_upstream() -> Result<(Whitelist, From)> {
    of_address(UPSTREAM)
}

fn of_address(address: &str) -> Result<(Whitelist, From)> {
    Ok((
        lists(&list(address, "strict.lst")?, &list(address, "regex.lst")?, address)?,
        From::Upstream(address.to_owned()),
    ))
}

fn list(address: &str, name: &str) -> Result<String> {
    let address = format!("{address}{name}");
    let unusable = |why: String| {
        Error::new(ErrorKind::Inconclusive, format!("failed to fetch `{address}`: {why}")).hint(
            "the list in force stays; with a copy of the list: `golem-outbound whitelist update --from FILE`",
        )
    };
    let url = Url::parse(&address).map_err(|error| unusable(error.to_string()))?;
    match fetch(&url, &Limits::of_text(LIMIT), &mut Quiet) {
        Fetched::Body(body) => String::from_utf8(body.head).map_err(|_| unusable("it is no text".to_owned())),
        Fetched::TooLarge(_) => Err(unusable("it is too large for a list".to_owned())),
        Fetched::Elsewhere { to, .. } => Err(unusable(format!("it redirects to `{to}`"))),
        Fetched::Refused(why) | Fetched::CannotTell(why) => Err(unusable(why)),
    }
}

/// Lists are small; only a pause is worth a word.
struct Quiet;

impl Watch for Quiet {
    fn received(&mut self, _: u64, _: Option<u64>) {}

    fn pause(&mut self, why: &str, pause: Duration) {
        eprintln!("{why}; another attempt in {:.1} s", pause.as_secs_f64());
        std::thread::sleep(pause);
    }
}

fn lists(strict: &str, regex: &str, name: &str) -> Result<Whitelist> {
    Whitelist::from_lists(strict, regex)
        .map_err(|error| Error::usage(format!("failed to read `{name}`: {error}")).caused_by(error))
}

/// Whether it can be a whitelist: it has patterns, and its strict ones could be hosts.
///
/// # Errors
/// What it is instead, as far as that can be told.
pub(super) fn check(list: &Whitelist) -> Result<()> {
    let patterns = || list.patterns().iter().filter(|pattern| !pattern.domain.is_empty());
    if patterns().next().is_none() {
        return Err(Error::usage("failed to take the list: it has no patterns"));
    }
    let no_host = patterns()
        .filter(|pattern| pattern.kind == MatchKind::Strict)
        .find(|pattern| pattern.domain.contains(|c: char| c.is_whitespace() || "<>/\"'(){}#*,;".contains(c)));
    match no_host {
        Some(pattern) => {
            Err(Error::usage(format!("failed to take the list: `{}` cannot be a host", pattern.domain))
                .hint("a list has one host a line, without scheme and path"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_each_kind_of_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("strict.lst", "a.io\n");
        let old = Whitelist::from_lists("old.io", "^old$").unwrap();
        assert_eq!(of_path(folder.path(), &old).unwrap_err().kind().exit_code(), 2);
        write("regex.lst", "^b$\n");
        write("domain_whitelist.json", r#"{"patterns":[{"domain":"c"}]}"#);
        let texts = |name: &str| {
            let (list, _) = of_path(&folder.path().join(name), &old).unwrap();
            list.patterns().iter().map(|pattern| pattern.domain.clone()).collect::<Vec<_>>()
        };
        assert_eq!(texts(""), ["a.io", "^b$"]);
        assert_eq!(texts("strict.lst"), ["a.io", "^old$"]);
        assert_eq!(texts("regex.lst"), ["^b$", "old.io"]);
        assert_eq!(texts("domain_whitelist.json"), ["c"]);
        write("regex.lst", "(\n");
        assert!(of_path(folder.path(), &old).unwrap_err().message().contains("invalid regex pattern"));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let of = |strict: &str, regex: &str| check(&Whitelist::from_lists(strict, regex).unwrap());
        assert!(of("a.io\n\n", "").is_ok());
        assert!(of("", "").is_err() && of("\n\n", "").is_err());
        for text in ["<!DOCTYPE html>", "https://ipfs.io", "# hosts", "404: Not Found"] {
            assert!(of(text, "").is_err(), "{text}");
        }
    }

    #[test]
    fn a_list_that_cannot_be_fetched_is_nobody_s_fault() {
        let error = of_address("http://127.0.0.1:1/").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Inconclusive, "{error}");
        assert!(error.hints()[0].contains("--from FILE"));
    }
}
