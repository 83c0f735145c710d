//! IPFS: of all gateways only `ipfs.io` is on the default whitelist, and only its paths `/ipfs/<CID>`.
//!
//! May import its parent. Invariant: the CID and the path behind it stay as they are, also in upper and lower case.

use url::Url;

use super::{Rewrite, changed};

const WHY: &str = "of the IPFS gateways only `ipfs.io` is on the default whitelist";

/// What an address of IPFS names.
#[derive(Debug, PartialEq)]
enum Address {
    /// `/ipfs/<CID>/path`.
    Content(String),
    /// An IPNS name.
    Name,
    /// A CID of version 0 as the label of a host, where upper and lower case are lost.
    LostCase,
    /// The scheme of IPFS without a CID.
    NoCid,
}

/// `None` if it is no IPFS address.
pub(super) fn rewrite(url: &Url) -> Option<Rewrite> {
    let path = match address(url)? {
        Address::Content(path) => path,
        Address::Name => {
            return Some(cannot(
                "gateways redirect IPNS names to a host outside the whitelist; use the `/ipfs/<CID>` form",
            ));
        }
        Address::LostCase => {
            return Some(cannot(
                "a CID that begins with `Qm` cannot stand in a host, where case is lost; write \
                 `https://ipfs.io/ipfs/` and the CID as you have it",
            ));
        }
        Address::NoCid => {
            return Some(cannot("no CID stands behind the scheme; a gateway would take it for an IPNS name"));
        }
    };
    if url.query_pairs().any(|(key, value)| key == "format" && matches!(&*value, "raw" | "car")) {
        return Some(cannot(
            "`ipfs.io` redirects `format=raw` and `format=car` to a host outside the whitelist; leave `format` out",
        ));
    }
    let mut better = Url::parse(&format!("https://ipfs.io{path}")).ok()?;
    better.set_query(url.query());
    Some(changed(url, better, WHY))
}

fn cannot(why: &str) -> Rewrite {
    Rewrite::CannotWork { why: why.to_owned() }
}

/// Any of the forms: native scheme, subdomain gateway, path gateway.
fn address(url: &Url) -> Option<Address> {
    match url.scheme() {
        "ipfs" | "ipns" | "dweb" => Some(native(url)),
        "http" | "https" => subdomain(url).or_else(|| on_path(url)),
        _ => None,
    }
}

/// `ipfs://CID/path`, and the older `ipfs://ipfs/CID`, `ipfs:/ipfs/CID` and `dweb:/ipfs/CID`.
fn native(url: &Url) -> Address {
    let rest = format!("{}{}", url.host_str().unwrap_or_default(), url.path());
    let rest = rest.trim_start_matches('/');
    let (space, rest) = match rest.split_once('/') {
        Some((space @ ("ipfs" | "ipns"), rest)) => (space, rest),
        _ => (url.scheme(), rest),
    };
    let (root, path) = rest.split_once('/').unwrap_or((rest, ""));
    // A path that is not resolved yet could climb above the CID.
    let climbs = path.split('/').any(|segment| matches!(segment, "." | ".."));
    match space {
        "ipns" => Address::Name,
        "ipfs" if is_cid(root) && !climbs => Address::Content(format!("/ipfs/{rest}")),
        _ => Address::NoCid,
    }
}

/// `https://CID.ipfs.GATEWAY/path`.
fn subdomain(url: &Url) -> Option<Address> {
    let labels: Vec<&str> = url.host_str()?.split('.').collect();
    let [root, space, _, ..] = labels[..] else { return None };
    let path = if url.path() == "/" { "" } else { url.path() };
    match space {
        "ipns" => Some(Address::Name),
        "ipfs" if is_cid(root) => Some(Address::Content(format!("/ipfs/{root}{path}"))),
        "ipfs" if root.len() == 46 && root.starts_with("qm") => Some(Address::LostCase),
        _ => None,
    }
}

/// `https://GATEWAY/ipfs/CID/path`.
fn on_path(url: &Url) -> Option<Address> {
    let mut segments = url.path_segments()?;
    match (segments.next()?, segments.next()?) {
        ("ipfs", cid) if is_cid(cid) => Some(Address::Content(url.path().to_owned())),
        ("ipns", name) if !name.is_empty() => Some(Address::Name),
        _ => None,
    }
}

/// Whether a text has the shape of a CID: version 0 in base58, or version 1 behind the letter of its base (32, 16, 58,
/// 36, 64url). The first bits of version 1 are zero, therefore base32 always begins with `ba`, base16 with `f01` and
/// base64url with `uA`.
pub(super) fn is_cid(text: &str) -> bool {
    let all = |of: fn(char) -> bool| text.chars().all(of);
    let base58 = |c: char| c.is_ascii_alphanumeric() && !matches!(c, '0' | 'O' | 'I' | 'l');
    match text.as_bytes() {
        [b'Q', b'm', ..] => text.len() == 46 && all(base58),
        [b'b', b'a', ..] => text.len() >= 8 && all(|c| matches!(c, 'a'..='z' | '2'..='7')),
        [b'B', b'A', ..] => text.len() >= 8 && all(|c| matches!(c, 'A'..='Z' | '2'..='7')),
        [b'f', b'0', b'1', ..] => text.len() >= 40 && all(|c| matches!(c, 'a'..='f' | '0'..='9')),
        [b'F', b'0', b'1', ..] => text.len() >= 40 && all(|c| matches!(c, 'A'..='F' | '0'..='9')),
        [b'z', ..] => text.len() >= 40 && all(base58),
        [b'k', ..] => text.len() >= 40 && all(|c| matches!(c, 'a'..='z' | '0'..='9')),
        [b'K', ..] => text.len() >= 40 && all(|c| matches!(c, 'A'..='Z' | '0'..='9')),
        [b'u', b'A', ..] => text.len() >= 40 && all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')),
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
    fn older_native_forms_are_understood() {
        for form in [
            "ipfs://{}/a?x=1",
            "ipfs://ipfs/{}/a?x=1",
            "ipfs:/ipfs/{}/a?x=1",
            "ipfs:{}/a?x=1",
            "dweb:/ipfs/{}/a?x=1",
        ] {
            for cid in [RAW, V0] {
                assert_eq!(
                    to(&form.replace("{}", cid)),
                    format!("https://ipfs.io/ipfs/{cid}/a?x=1"),
                    "{form}"
                );
            }
        }
        assert_eq!(to(&format!("ipfs:{RAW}")), format!("https://ipfs.io/ipfs/{RAW}"));
    }

    #[test]
    fn a_cid_is_known_in_every_base() {
        for cid in [
            "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
            "BAFKREIFZJUT3TE7NHYEKKLSS27NH3K72YSCO7Y32KOAO5EEI66WOF36N5E",
            "f01551220b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
            "F01551220B94D27B9934D3E08A52E52D7DA7DABFAC484EFE37A5380EE9088F7ACE2EFCDE9",
            "zb2rhj7crUKTQYRGCRATFaQ6YFLTde2YzdqbbhAASkL9uRDXn",
            "k2jmtxw8rjh1z69c6not3wtdxb0u3urbzhyll1t9jg6ox26dhi5sfi1m",
            "uAVUSILlNJ7mTTT4IpS5S19p9q_rEhO_jelOA7pCI96zi783p",
        ] {
            assert_eq!(to(&format!("https://a.example/ipfs/{cid}")), format!("https://ipfs.io/ipfs/{cid}"));
            assert_eq!(to(&format!("ipfs://{cid}")), format!("https://ipfs.io/ipfs/{cid}"));
        }
        assert_eq!(to("https://a.example/ipfs/about"), "fine");
    }

    #[test]
    fn without_a_cid_there_is_nothing_to_ask_for() {
        for text in
            ["ipfs://", "ipfs://docs.ipfs.tech", "ipfs:/ipfs/", "dweb:/x", &format!("ipfs:{RAW}/../x")]
        {
            assert!(to(text).contains("no CID"), "{text}: {}", to(text));
        }
        let lost = format!("https://{V0}.ipfs.dweb.link/a");
        assert!(to(&lost).contains("case is lost"), "{}", to(&lost));
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
        for text in
            ["ipns://docs.ipfs.tech", "ipfs://ipns/docs.ipfs.tech", "https://docs-ipfs-tech.ipns.dweb.link/"]
        {
            assert!(to(text).contains("IPNS"), "{text}");
        }
        assert!(to(&format!("https://ipfs.io/ipfs/{RAW}?format=raw")).contains("format=raw"));
    }
}
