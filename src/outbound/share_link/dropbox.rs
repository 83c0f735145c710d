//! Dropbox: share links answer with a redirect to a host that no whitelist has; `dl.dropboxusercontent.com` serves
//! the file itself.
//!
//! May import its parent. Invariant: `rlkey` is kept, because without it a new link asks the visitor to sign in.

use url::Url;

use super::{Rewrite, changed};

/// The host that serves files directly and is on the default whitelist.
const DIRECT: &str = "dl.dropboxusercontent.com";
const WHY: &str = "Dropbox answers share links with a redirect to a host outside the whitelist, while \
                   `dl.dropboxusercontent.com` is on it and serves the file itself";

/// `None` if it is no link to Dropbox.
pub(super) fn rewrite(url: &Url) -> Option<Rewrite> {
    let host = url.host_str()?;
    if host.ends_with(".dropboxusercontent.com") && host != DIRECT {
        return Some(cannot(
            "this address was made for one download and expires; copy the file's share link in Dropbox instead",
        ));
    }
    let direct = host == DIRECT;
    if !direct && host != "dropbox.com" && !host.ends_with(".dropbox.com") && host != "db.tt" {
        return None;
    }
    let segments: Vec<&str> = url.path_segments()?.collect();
    Some(match segments[..] {
        ["sh", ..] | ["scl", "fo", ..] => cannot(
            "a Dropbox folder comes as a zip from a host outside the whitelist; share each file, or one archive",
        ),
        ["scl", "fi", ..] if !url.query_pairs().any(|(key, value)| key == "rlkey" && !value.is_empty()) => {
            cannot(
                "the link lacks its `rlkey=…`, so Dropbox would ask the node to sign in; copy the whole share link",
            )
        }
        ["s", "dl" | "raw", id, ..] | ["s", id, ..] | ["scl", "fi", id, ..] if !id.is_empty() => {
            changed(url, direct_url(url)?, WHY)
        }
        _ if direct => Rewrite::Fine,
        _ => {
            cannot("this is a page of Dropbox, not a file; use the link that `Copy link` gives for the file")
        }
    })
}

fn cannot(why: &str) -> Rewrite {
    Rewrite::CannotWork { why: why.to_owned() }
}

/// The same file at the direct host, without `dl` and `raw`, which only choose between page and file: as parameters in
/// a link, in front of the file's ID in the addresses that `www.dropbox.com` redirects to first.
fn direct_url(url: &Url) -> Option<Url> {
    let mut path = url.path().to_owned();
    while let Some(file) = path.strip_prefix("/s/dl/").or_else(|| path.strip_prefix("/s/raw/")) {
        path = format!("/s/{file}");
    }
    let mut direct = Url::parse(&format!("https://{DIRECT}{path}")).ok()?;
    let kept: Vec<&str> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !matches!(pair.split('=').next(), Some("dl" | "raw" | "")))
        .collect();
    direct.set_query((!kept.is_empty()).then(|| kept.join("&")).as_deref());
    Some(direct)
}

#[cfg(test)]
mod tests {
    use super::super::*;

    fn to(text: &str) -> String {
        match rewrite(&Url::parse(text).unwrap()) {
            Rewrite::To { url, .. } => url.to_string(),
            Rewrite::Fine => "fine".into(),
            Rewrite::CannotWork { why } => format!("cannot: {why}"),
        }
    }

    #[test]
    fn file_links_go_to_the_direct_host() {
        assert_eq!(
            to("https://www.dropbox.com/s/ab12/my%20data.csv?dl=0"),
            "https://dl.dropboxusercontent.com/s/ab12/my%20data.csv"
        );
        assert_eq!(
            to("https://www.dropbox.com/scl/fi/ab12/d.csv?rlkey=k%2B1&st=x&dl=0#p"),
            "https://dl.dropboxusercontent.com/scl/fi/ab12/d.csv?rlkey=k%2B1&st=x"
        );
        assert_eq!(
            to("https://dl.dropbox.com/s/ab12/d.csv?raw=1"),
            "https://dl.dropboxusercontent.com/s/ab12/d.csv"
        );
        for text in [
            "https://www.dropbox.com/s/raw/a/b",
            "https://www.dropbox.com/s/dl/a/b?dl=1",
            "https://WWW.Dropbox.com/s/a/b",
        ] {
            assert_eq!(to(text), "https://dl.dropboxusercontent.com/s/a/b", "{text}");
        }
        assert_eq!(to("https://m.dropbox.com/s/a"), "https://dl.dropboxusercontent.com/s/a");
        assert_eq!(to("http://dl.dropboxusercontent.com/s/a/b"), "https://dl.dropboxusercontent.com/s/a/b");
    }

    #[test]
    fn direct_links_and_the_bare_host_are_fine() {
        assert_eq!(to("https://dl.dropboxusercontent.com"), "fine");
        assert_eq!(to("https://dl.dropboxusercontent.com/scl/fi/a/b?rlkey=k"), "fine");
    }

    #[test]
    fn what_no_rewriting_saves_is_said() {
        assert!(to("https://www.dropbox.com/scl/fo/a/b?rlkey=k").contains("folder"));
        assert!(to("https://www.dropbox.com/sh/a/b").contains("folder"));
        assert!(to("https://www.dropbox.com/scl/fi/a/b?dl=0").contains("rlkey"));
        assert!(to("https://uc1.dl.dropboxusercontent.com/cd/0/inline/x/file").contains("expires"));
        assert!(to("https://previews.dropboxusercontent.com/p/thumb/x").contains("expires"));
        for text in [
            "https://www.dropbox.com/home",
            "https://www.dropbox.com/l/scl/a",
            "https://www.dropbox.com/t/a",
            "https://www.dropbox.com/s/",
            "https://paper.dropbox.com/doc/a",
            "https://db.tt/a",
        ] {
            assert!(to(text).contains("page of Dropbox"), "{text}");
        }
    }
}
