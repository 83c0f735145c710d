//! The table of sources: what kind of place a URL names, and what its content can be measured by.
//!
//! May import `cid` and `mirror`. Invariant: every https URL has exactly one source, because the last of the table takes all.

use url::Url;

use super::cid::Cid;

/// A kind of place that downloads come from.
#[derive(Debug)]
pub struct Source {
    /// Its name for people.
    pub name: &'static str,
    /// Whether a URL belongs to it.
    takes: fn(&Url) -> bool,
    /// Why a URL will not give a file although it belongs to the source, and what will.
    warns: fn(&Url) -> Option<&'static str>,
}

/// The table; the first that takes a URL has it.
static SOURCES: [Source; 3] = [
    Source { name: "IPFS gateway", takes: is_ipfs, warns: warn_ipfs },
    Source { name: "Dropbox", takes: is_dropbox, warns: warn_dropbox },
    Source { name: "plain", takes: |_| true, warns: |_| None },
];

/// What tells whether the content of a download is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The CID in its path names it.
    Cid(Cid),
    /// The URL's fragment `#sha256=…` pins it: 64 lower-case hexadecimal digits.
    Sha256(String),
    /// Nothing.
    Unknown,
}

/// The source of a URL.
pub fn classify(url: &Url) -> &'static Source {
    SOURCES.iter().find(|source| (source.takes)(url)).unwrap_or(&SOURCES[2])
}

impl Source {
    /// Why this URL will not give a file, with what to write instead.
    pub fn warning(&self, url: &Url) -> Option<&'static str> {
        (self.warns)(url)
    }
}

/// What the content of a download is measured by; the script of the template decides by the same rule.
pub fn expected(url: &Url) -> Expected {
    // The script takes a CID for what it is by its text, so other spellings of the same CID do not count.
    if let Some((_, text)) = url.path().split_once("/ipfs/")
        && text.starts_with("bafkrei")
        && let Ok(cid) = text.parse::<Cid>()
    {
        return Expected::Cid(cid);
    }
    let pinned = url.fragment().and_then(|fragment| fragment.strip_prefix("sha256="));
    pinned.map_or(Expected::Unknown, |hash| Expected::Sha256(hash.to_owned()))
}

fn is_ipfs(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.path().starts_with("/ipfs/") || host.ends_with(".ipfs.dweb.link")
}

fn warn_ipfs(url: &Url) -> Option<&'static str> {
    (url.host_str() != Some("ipfs.io"))
        .then_some("of the public gateways only `ipfs.io` is whitelisted: write `https://ipfs.io/ipfs/<cid>`")
}

fn is_dropbox(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    ["dropbox.com", "dropboxusercontent.com"]
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

fn warn_dropbox(url: &Url) -> Option<&'static str> {
    if url.host_str() != Some("dl.dropboxusercontent.com") {
        return Some(
            "it redirects to a host that is not whitelisted: write `dl.dropboxusercontent.com` for its host",
        );
    }
    if url.path().starts_with("/sh/") || url.path().starts_with("/scl/fo/") {
        return Some(
            "it names a folder, which is only served as a zip by another host: share the file itself",
        );
    }
    let keyless = url.path().starts_with("/scl/fi/") && !url.query_pairs().any(|(key, _)| key == "rlkey");
    keyless.then_some("without its `rlkey` the visitor must log in: copy the whole link")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, name: &str, warned: bool) {
        let url = Url::parse(url).unwrap();
        let source = classify(&url);
        assert_eq!((source.name, source.warning(&url).is_some()), (name, warned), "{url}");
    }

    #[test]
    fn every_url_has_one_source() {
        check("https://ipfs.io/ipfs/bafkqaaa", "IPFS gateway", false);
        check("https://dweb.link/ipfs/bafkqaaa", "IPFS gateway", true);
        check("https://dl.dropboxusercontent.com/s/a/b.txt", "Dropbox", false);
        check("https://dl.dropboxusercontent.com/scl/fi/a/b.txt?rlkey=k", "Dropbox", false);
        check("https://dl.dropboxusercontent.com/scl/fi/a/b.txt", "Dropbox", true);
        check("https://dl.dropboxusercontent.com/scl/fo/a/b?rlkey=k", "Dropbox", true);
        check("https://www.dropbox.com/s/a/b.txt?dl=0", "Dropbox", true);
        check("https://notdropbox.com/x", "plain", false);
        check("https://github.com/a/b", "plain", false);
    }

    #[test]
    fn content_is_measured_by_its_cid_then_by_its_pin() {
        let of = |url: &str| expected(&Url::parse(url).unwrap());
        let r = "bafkreiemev2isidd7gk7352wxtqh6rwbuumt4vgnkkbx5wi6giaizt2bvq";
        assert_eq!(of(&format!("https://ipfs.io/ipfs/{r}")), Expected::Cid(r.parse().unwrap()));
        assert_eq!(
            of("https://ipfs.io/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"),
            Expected::Unknown
        );
        assert_eq!(of("https://a.b/c#sha256=00ff"), Expected::Sha256("00ff".to_owned()));
        assert_eq!(of("https://a.b/c"), Expected::Unknown);
    }
}
