//! IPFS: of all gateways only `ipfs.io` is on the default whitelist, and only its paths `/ipfs/<CID>`.
//!
//! May import its parent. Invariant: the CID and the path behind it stay as they are, also in upper and lower case.

use url::Url;

use super::{Rewrite, changed};

const WHY: &str = "of the IPFS gateways only `ipfs.io` is on the default whitelist";

/// `None` if it is no IPFS address.
pub(super) fn rewrite(url: &Url) -> Option<Rewrite> {
    let address = address(url)?;
    if address.starts_with("/ipns/") {
        return Some(cannot(
            "gateways redirect IPNS names to a host outside the whitelist; use the `/ipfs/<CID>` form",
        ));
    }
    if url.query_pairs().any(|(key, value)| key == "format" && matches!(&*value, "raw" | "car")) {
        return Some(cannot(
            "`ipfs.io` redirects `format=raw` and `format=car` to a host outside the whitelist; leave `format` out",
        ));
    }
    let mut better = Url::parse(&format!("https://ipfs.io{address}")).ok()?;
    better.set_query(url.query());
    Some(changed(url, better, WHY))
}

fn cannot(why: &str) -> Rewrite {
    Rewrite::CannotWork { why: why.to_owned() }
}

/// `/ipfs/<CID>/path` of any of the forms: native scheme, subdomain gateway, path gateway.
fn address(url: &Url) -> Option<String> {
    let host = url.host_str().unwrap_or_default();
    if matches!(url.scheme(), "ipfs" | "ipns") {
        let rest = format!("{host}{}", url.path());
        return Some(format!("/{}/{}", url.scheme(), rest.trim_start_matches('/')));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let labels: Vec<&str> = host.split('.').collect();
    if let [root, space @ ("ipfs" | "ipns"), _, ..] = labels[..]
        && (is_cid(root) || space == "ipns")
    {
        let path = if url.path() == "/" { "" } else { url.path() };
        return Some(format!("/{space}/{root}{path}"));
    }
    let mut segments = url.path_segments()?;
    match (segments.next()?, segments.next()?) {
        ("ipfs", cid) if is_cid(cid) => Some(url.path().to_owned()),
        ("ipns", name) if !name.is_empty() => Some(url.path().to_owned()),
        _ => None,
    }
}

/// Whether a text has the shape of a CID: version 0 in base58, or version 1 in base32, base58 or base36. The first
/// five bits of version 1 are zero, therefore base32 always begins with `ba`.
fn is_cid(text: &str) -> bool {
    let all = |of: fn(char) -> bool| text.chars().all(of);
    let base58 = |c: char| c.is_ascii_alphanumeric() && !matches!(c, '0' | 'O' | 'I' | 'l');
    match text.as_bytes() {
        [b'Q', b'm', ..] => text.len() == 46 && all(base58),
        [b'b', b'a', ..] => text.len() >= 8 && all(|c| matches!(c, 'a'..='z' | '2'..='7')),
        [b'z', ..] => text.len() >= 40 && all(base58),
        [b'k', ..] => text.len() >= 40 && all(|c| matches!(c, 'a'..='z' | '0'..='9')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;

    const RAW: &str = "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
    const V0: &str = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG";

    fn to(text: &str) -> String {
        match rewrite(&Url::parse(text).unwrap()) {
            Rewrite::To { url, .. } => url.to_string(),
            Rewrite::Fine => "fine".into(),
            Rewrite::CannotWork { why } => format!("cannot: {why}"),
        }
    }

    #[test]
    fn every_form_becomes_the_path_gateway() {
        assert_eq!(to(&format!("ipfs://{V0}/readme")), format!("https://ipfs.io/ipfs/{V0}/readme"));
        assert_eq!(to(&format!("https://{RAW}.ipfs.dweb.link/")), format!("https://ipfs.io/ipfs/{RAW}"));
        assert_eq!(
            to(&format!("https://{RAW}.ipfs.dweb.link/a/b?x=1")),
            format!("https://ipfs.io/ipfs/{RAW}/a/b?x=1")
        );
        assert_eq!(to(&format!("http://127.0.0.1:8080/ipfs/{RAW}")), format!("https://ipfs.io/ipfs/{RAW}"));
        assert_eq!(to(&format!("http://ipfs.io/ipfs/{RAW}")), format!("https://ipfs.io/ipfs/{RAW}"));
    }

    #[test]
    fn the_gateway_itself_is_fine() {
        assert_eq!(to("https://ipfs.io"), "fine");
        assert_eq!(to(&format!("https://ipfs.io/ipfs/{RAW}?filename=x")), "fine");
        assert_eq!(to("https://ipfs.io/ipfs/bafkqaaa"), "fine");
        assert_eq!(to("https://blog.ipfs.io/about"), "fine");
    }

    #[test]
    fn what_the_gateway_redirects_cannot_work() {
        assert!(to("https://ipfs.io/ipns/docs.ipfs.tech").contains("IPNS"));
        assert!(to("ipns://docs.ipfs.tech").contains("IPNS"));
        assert!(to(&format!("https://ipfs.io/ipfs/{RAW}?format=raw")).contains("format=raw"));
    }
}
