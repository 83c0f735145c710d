//! Entries as pydantic takes them.

use super::*;
use proptest::prelude::*;

fn sent(entry: &str) -> String {
    AnyUrl::parse(entry).map_or_else(|error| format!("refused: {error}"), |url| url.to_string())
}

#[test]
fn an_entry_is_sent_as_it_was_written() {
    for entry in [
        "https://ipfs.io",
        "https://ipfs.io/",
        "HTTPS://Ipfs.IO:443/x",
        "udp://1.2.3.4:53",
        "https://u:p@ipfs.io?x#y",
        "https://[::1]:8/",
        "https://ipfs.io.",
        "https://ipfs.io/ü",
        "https://a_b.io",
        "http://localhost:080/",
    ] {
        assert_eq!(sent(entry), entry);
    }
    assert_eq!(sent(" https://ipfs.io\n"), "https://ipfs.io");
}

#[test]
fn an_international_host_is_sent_in_ascii() {
    assert_eq!(sent("https://münchen.example/x"), "https://xn--mnchen-3ya.example/x");
    assert_eq!(sent("https://MÜNCHEN.Example"), "https://xn--mnchen-3ya.Example");
    assert_eq!(sent("https://u@日本.jp:8/?a#b"), "https://u@xn--wgv71a.jp:8/?a#b");
    assert_eq!(sent("https://straße.de"), "https://strasse.de");
}

#[test]
fn a_host_without_a_top_level_domain_makes_empty_parts_vanish() {
    assert_eq!(sent("http://:@localhost?#"), "http://localhost");
    assert_eq!(sent("http://:@a.io?#"), "http://:@a.io?#");
}

#[test]
fn what_is_refused_is_refused_in_pydantics_words() {
    for entry in ["ipfs.io", "ipfs.io:443", "mailto:a@b", "data:,x", "//ipfs.io", "x://ipfs.io"] {
        assert_eq!(sent(entry), "refused: invalid or missing URL scheme", "{entry}");
    }
    for entry in ["https://", "https:///x", "https://*.io", "https://ex%61mple.com", "https://a..b"] {
        assert_eq!(sent(entry), "refused: URL host invalid", "{entry}");
    }
    assert_eq!(sent("https://a.io:65536"), "refused: URL port invalid, port cannot exceed 65535");
    assert_eq!(
        sent("https://a.io/a b"),
        "refused: URL invalid, extra characters found after valid URL: ' b'"
    );
    assert_eq!(sent(" "), "refused: ensure this value has at least 1 characters");
}

#[test]
fn the_scheme_is_kept_in_its_case() {
    assert_eq!(AnyUrl::parse("HTTPS://ipfs.io").unwrap().scheme(), "HTTPS");
}

#[test]
fn a_parsed_url_loses_the_slash_that_parsing_added() {
    let text = |text: &str| AnyUrl::from(&Url::parse(text).unwrap()).to_string();
    assert_eq!(text("https://ipfs.io"), "https://ipfs.io");
    assert_eq!(text("https://ipfs.io/x/"), "https://ipfs.io/x/");
}

proptest! {
    #[test]
    fn no_entry_makes_it_panic(entry in "\\PC{0,40}") {
        let _ = AnyUrl::parse(&entry);
    }

    #[test]
    fn what_is_sent_is_read_again_as_it_is(
        entry in "(https?|udp|[a-z+]{1,3})://([a-zü:@]{1,4}@)?[a-zäßA-Z0-9.\\[\\]:-]{1,12}(:[0-9]{1,5})?(/[a-z?#]{0,4})?",
    ) {
        if let Ok(url) = AnyUrl::parse(&entry) {
            prop_assert_eq!(AnyUrl::parse(url.as_str()), Ok(url));
        }
    }
}
