//! A URL as somebody copied it, made into one that the script can be given.
//!
//! Invariant: a candidate is http or https, has a host, and no rewriting would improve it.

use url::Url;

use crate::error::{Error, Result};
use crate::outbound::share_link::{Rewrite, rewrite};

/// A URL that may be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// As it was given.
    pub(super) given: String,
    /// As it would be entered, without a fragment.
    pub(super) url: Url,
    /// Why it is not the one that was given, if it is not.
    pub(super) rewritten: Option<String>,
    /// The hash in its fragment `#sha256=…`.
    pub(super) pin: Option<String>,
}

/// Reads and rewrites.
///
/// # Errors
/// What no form of the URL can do on a node.
pub(super) fn read(text: &str) -> Result<Candidate> {
    let given = text.trim();
    let refuse = |why: &str| Error::usage(format!("failed to add `{given}`: {why}"));
    let url = match Url::parse(given) {
        Ok(url) if given.contains("://") => url,
        // `localhost:8080` would parse as a URL of the scheme `localhost`.
        Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase) => {
            return Err(match Url::parse(&format!("https://{given}")) {
                Ok(url) if url.host_str().is_some_and(|host| host.contains('.')) => {
                    refuse("it has no scheme").hint(format!("`golem-outbound add 'https://{given}'`"))
                }
                _ => refuse("it is no URL of a file on the Internet"),
            });
        }
        Err(error) => return Err(refuse(&format!("it is no URL: {error}"))),
    };
    let pin = match url.fragment().and_then(|fragment| fragment.strip_prefix("sha256=")) {
        Some(pin) => Some(sha256(pin).map_err(|why| refuse(&why))?),
        None => None,
    };
    let (mut url, rewritten) = match rewrite(&url) {
        Rewrite::To { url, why } => (url, Some(why)),
        Rewrite::CannotWork { why } => return Err(refuse("no node can download it").hint(why)),
        Rewrite::Fine => (url, None),
    };
    url.set_fragment(None);
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse("the script downloads by http and https only"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(refuse("it has no host"));
    }
    Ok(Candidate { given: given.to_owned(), url, rewritten, pin })
}

/// 64 hexadecimal digits, in lower case as the script compares them.
pub(super) fn sha256(text: &str) -> std::result::Result<String, String> {
    let text = text.trim().to_ascii_lowercase();
    if text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        Ok(text)
    } else {
        Err("a sha256 has 64 hexadecimal digits, as `sha256sum` prints them".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_is_what_the_script_can_be_given() {
        let url = |text: &str| read(text).unwrap().url.to_string();
        assert_eq!(
            url(" https://www.dropbox.com/scl/fi/a/d.csv?rlkey=k&dl=0#p "),
            "https://dl.dropboxusercontent.com/scl/fi/a/d.csv?rlkey=k"
        );
        assert_eq!(url("ipfs://bafkqaaa"), "https://ipfs.io/ipfs/bafkqaaa");
        assert_eq!(url("https://github.com/a#b"), "https://github.com/a");
        let hash = "AB".repeat(32);
        let pinned = read(&format!("https://www.dropbox.com/s/a/b?dl=0#sha256={hash}")).unwrap();
        assert_eq!(pinned.pin, Some(hash.to_lowercase()));
        assert!(pinned.rewritten.is_some());
    }

    #[test]
    fn what_cannot_work_is_refused_with_why() {
        for (text, why) in [
            ("ipfs.io/ipfs/bafkqaaa", "it has no scheme"),
            ("localhost:8080", "it is no URL of a file"),
            ("", "it is no URL of a file"),
            ("https://", "it is no URL: empty host"),
            ("data://x", "by http and https only"),
            ("file:///etc/passwd", "by http and https only"),
            ("ftp://ipfs.io/x", "by http and https only"),
            ("mailto:a@b", "it is no URL of a file"),
            ("https://www.dropbox.com/scl/fo/a/b?rlkey=k", "no node can download it"),
            ("https://a.io/#sha256=12", "64 hexadecimal digits"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.message().contains(why), "{error}");
            assert_eq!(error.kind().exit_code(), 2);
        }
    }
}
