//! Links as people copy them, rewritten to the form that whitelisted hosts answer without a redirect.
//!
//! May import nothing of the house. Invariant: a rewritten URL is [`Rewrite::Fine`] itself, so rewriting twice changes
//! nothing, and what identifies the content (path, `rlkey`, CID) is never lost.

mod dropbox;
mod ipfs;

use url::Url;

/// What to do with a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rewrite {
    /// Nothing is known to be better.
    Fine,
    /// Use this URL instead.
    To {
        /// The better URL.
        url: Url,
        /// Why, in one sentence without a full stop.
        why: String,
    },
    /// No form of this link works on a node.
    CannotWork {
        /// Why, and what to do, without a full stop at the end.
        why: String,
    },
}

/// Rewrites Dropbox and IPFS links; other URLs are fine as far as this function knows.
pub fn rewrite(url: &Url) -> Rewrite {
    dropbox::rewrite(url).or_else(|| ipfs::rewrite(url)).unwrap_or(Rewrite::Fine)
}

/// What somebody means who leaves the scheme out: a host with a path, a CID alone or behind `/ipfs/`. `None` if no
/// scheme makes a URL of it that works on a node.
pub fn with_scheme(text: &str) -> Option<String> {
    let text = text.trim();
    let below = text.strip_prefix("/ipfs/").unwrap_or(text);
    let root = below.split(['/', '?', '#']).next().unwrap_or_default();
    let written = match ipfs::is_cid(root) {
        true => format!("https://ipfs.io/ipfs/{below}"),
        false if text.starts_with('/') => return None,
        false => format!("https://{text}"),
    };
    match rewrite(&Url::parse(&written).ok()?) {
        Rewrite::Fine => Some(written),
        Rewrite::To { url, .. } => Some(url.into()),
        Rewrite::CannotWork { .. } => None,
    }
}

/// [`Rewrite::Fine`] if nothing changed.
fn changed(from: &Url, to: Url, why: &str) -> Rewrite {
    if *from == to { Rewrite::Fine } else { Rewrite::To { url: to, why: why.to_owned() } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn link() -> impl Strategy<Value = String> {
        let host = prop::sample::select(vec![
            "https://www.dropbox.com",
            "http://dropbox.com",
            "https://dl.dropbox.com:8443",
            "https://dl.dropboxusercontent.com",
            "https://uc1.dl.dropboxusercontent.com",
            "https://u:p@ipfs.io",
            "http://ipfs.io",
            "https://dweb.link",
            "ipfs:/",
            "ipfs://bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
            "https://bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e.ipfs.dweb.link",
        ]);
        let path = prop::sample::select(vec![
            "",
            "/",
            "/s/a1b2/data%20set.csv",
            "/scl/fi/a1b2/data.csv",
            "/scl/fo/a1b2/x",
            "/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG/readme",
            "/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG/readme",
            "/ipfs/bafkqaaa",
            "/ipns/docs.ipfs.tech",
        ]);
        let query = prop::collection::vec(
            prop::sample::select(vec![
                "dl=0",
                "dl=1",
                "raw=1",
                "rlkey=k%2Fx",
                "st=q",
                "format=car",
                "filename=a",
            ]),
            0..4,
        );
        (host, path, query, prop::bool::ANY).prop_map(|(host, path, query, fragment)| {
            let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
            format!("{host}{path}{query}{}", if fragment { "#top" } else { "" })
        })
    }

    proptest! {
        #[test]
        fn rewriting_twice_changes_nothing(link in link()) {
            let Ok(url) = Url::parse(&link) else { return Ok(()) };
            if let Rewrite::To { url: better, .. } = rewrite(&url) {
                prop_assert_eq!(rewrite(&better), Rewrite::Fine, "{} became {}", url, better);
            }
        }

        #[test]
        fn what_is_rewritten_is_on_the_default_whitelist(link in link()) {
            let Ok(url) = Url::parse(&link) else { return Ok(()) };
            if let Rewrite::To { url: better, .. } = rewrite(&url) {
                let list = super::super::whitelist::Whitelist::snapshot();
                prop_assert!(list.matches(better.host_str().unwrap()).is_some(), "{}", better);
                prop_assert_eq!(better.scheme(), "https");
            }
        }
    }

    #[test]
    fn what_lacks_only_its_scheme_is_completed() {
        const CID: &str = "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
        for (text, expected) in [
            ("ipfs.io", "https://ipfs.io".to_owned()),
            ("example.org:8443/a b", "https://example.org:8443/a b".to_owned()),
            (CID, format!("https://ipfs.io/ipfs/{CID}")),
            (&format!("/ipfs/{CID}/a?x#y"), format!("https://ipfs.io/ipfs/{CID}/a?x")),
            (&format!("{CID}.ipfs.dweb.link/a"), format!("https://ipfs.io/ipfs/{CID}/a")),
            ("www.dropbox.com/s/a/b?dl=0", "https://dl.dropboxusercontent.com/s/a/b".to_owned()),
        ] {
            assert_eq!(with_scheme(text), Some(expected), "{text}");
        }
        for text in ["", "/etc/passwd", "//a.io", "www.dropbox.com/sh/a/b", "/ipfs/"] {
            assert_eq!(with_scheme(text), None, "{text}");
        }
    }

    #[test]
    fn other_urls_are_left_alone() {
        for text in
            ["https://github.com/a/b", "https://example.com/s/a/b", "data:,x", "https://notdropbox.com/s/a/b"]
        {
            assert_eq!(rewrite(&Url::parse(text).unwrap()), Rewrite::Fine, "{text}");
        }
    }
}
