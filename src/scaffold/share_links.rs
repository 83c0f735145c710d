//! Links as people copy them, in values of the template, become the form that whitelisted hosts answer without a redirect.
//!
//! May import `error` and `outbound`. Invariant: `template/share-links.rhai`, which plain `cargo generate` runs, makes the same of
//! every valid value.

use url::Url;

use crate::error::{Error, Result};
use crate::outbound::share_link::{Rewrite, rewrite};

/// The values that hold links to be downloaded.
const VALUES: [&str; 2] = ["download_urls", "dropbox"];

/// A link that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// As it was given.
    pub from: String,
    /// What the project holds instead.
    pub to: String,
    /// Why, in one sentence without a full stop.
    pub why: String,
}

/// The value of a placeholder with its links rewritten, and which they were.
///
/// # Errors
/// `Usage` for a link that works in no form on a node, saying why.
pub fn rewritten(placeholder: &str, value: &str) -> Result<(String, Vec<Rewritten>)> {
    if !VALUES.contains(&placeholder) {
        return Ok((value.to_owned(), Vec::new()));
    }
    let mut changes = Vec::new();
    let mut words = Vec::new();
    for word in value.split(' ') {
        match better(word) {
            Rewrite::Fine => words.push(word.to_owned()),
            Rewrite::To { url, why } => {
                let pin = word.find('#').map_or("", |at| &word[at..]);
                let to = format!("{url}{pin}");
                if to != word {
                    changes.push(Rewritten { from: word.to_owned(), to: to.clone(), why });
                }
                words.push(to);
            }
            Rewrite::CannotWork { why } => {
                let message = format!("`{}` cannot be downloaded on a node", word.escape_debug());
                return Err(Error::usage(message).hint(why));
            }
        }
    }
    Ok((words.join(" "), changes))
}

/// What a whole link would better be; what is none is left for the placeholder's pattern to judge.
fn better(word: &str) -> Rewrite {
    let link = word.split('#').next().unwrap_or_default();
    if !link.contains("://") {
        return Rewrite::Fine;
    }
    Url::parse(link).map_or(Rewrite::Fine, |url| rewrite(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CID: &str = "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";

    #[test]
    fn every_link_of_a_list_is_rewritten_and_its_pin_kept() {
        let pin = format!("#sha256={}", "0".repeat(64));
        let given = format!(
            "https://a.io https://www.dropbox.com/s/a/b.txt?dl=0{pin} ipfs://{CID}/x https://{CID}.ipfs.dweb.link/"
        );
        let (value, changes) = rewritten("download_urls", &given).unwrap();
        assert_eq!(
            value,
            format!(
                "https://a.io https://dl.dropboxusercontent.com/s/a/b.txt{pin} https://ipfs.io/ipfs/{CID}/x \
                 https://ipfs.io/ipfs/{CID}"
            )
        );
        assert_eq!(changes.len(), 3);
        assert_eq!(changes[1].from, format!("ipfs://{CID}/x"));
        assert_eq!(rewritten("download_urls", &value).unwrap(), (value, Vec::new()), "once is enough");
    }

    #[test]
    fn what_works_in_no_form_is_refused_with_the_reason() {
        let error = rewritten("download_urls", "https://www.dropbox.com/sh/a/b?dl=0").unwrap_err();
        assert!(error.message().contains("cannot be downloaded on a node"), "{error}");
        assert!(error.hints()[0].contains("folder"), "{error}");
    }

    #[test]
    fn other_values_are_none_of_its_business() {
        let value = "https://www.dropbox.com";
        assert_eq!(rewritten("extra_outbound_urls", value).unwrap(), (value.to_owned(), Vec::new()));
        assert_eq!(rewritten("download_urls", "tutorial").unwrap().0, "tutorial");
    }
}
