//! The forms of links, and who is asked for a host.

use super::*;

#[test]
fn an_ipv6_address_is_the_end_of_a_node() {
    let open = Rules { everyone: Mode::All, ..Rules::default() };
    let explanation = by(open, &["https://[2602:fea2:2::1]/x"]);
    assert!(explanation.accepted, "providers compare it as a text");
    assert_eq!(explanation.urls[0].error.as_deref(), Some("nodes have no IPv6"));
}

#[test]
fn every_form_of_a_link_is_rewritten() {
    let cases = [
        ("https://www.dropbox.com/s/a/b.csv?dl=0", "https://dl.dropboxusercontent.com/s/a/b.csv"),
        (
            "https://www.dropbox.com/scl/fi/a/b c.csv?rlkey=k&st=s&dl=1",
            "https://dl.dropboxusercontent.com/scl/fi/a/b%20c.csv?rlkey=k&st=s",
        ),
        ("https://dl.dropbox.com/s/a/b", "https://dl.dropboxusercontent.com/s/a/b"),
        ("ipfs://bafkqaaa/x", "https://ipfs.io/ipfs/bafkqaaa/x"),
        ("https://bafkqaaa.ipfs.dweb.link/x", "https://ipfs.io/ipfs/bafkqaaa/x"),
        ("https://cloudflare-ipfs.com/ipfs/bafkqaaa", "https://ipfs.io/ipfs/bafkqaaa"),
        ("bafkqaaa/x", "https://ipfs.io/ipfs/bafkqaaa/x"),
        ("/ipfs/bafkqaaa", "https://ipfs.io/ipfs/bafkqaaa"),
        ("www.dropbox.com/s/a/b.csv?dl=0", "https://dl.dropboxusercontent.com/s/a/b.csv"),
        ("https://pypi.org/simple/x/", "https://pypi.dev.golem.network/simple/x/"),
        ("https://github.com/a/b/archive/v1.zip", "https://codeload.github.com/a/b/zip/v1"),
        ("https://gihtub.com/a", "https://github.com/a"),
    ];
    for (url, expected) in cases {
        assert_eq!(suggestion(url).as_deref(), Some(expected), "{url}");
    }
}

#[test]
fn what_cannot_be_rewritten_says_why() {
    for (url, why) in [
        ("https://www.dropbox.com/sh/a/b", "folder"),
        ("https://www.dropbox.com/scl/fo/a/b?rlkey=k", "folder"),
        ("https://ipfs.io/ipns/docs.ipfs.tech", "IPNS"),
        ("https://huggingface.co/x/resolve/main/y", "works only sometimes"),
        ("https://bucket.s3.amazonaws.com/x", "bucket"),
        ("https://storage.googleapis.com/x/y", "Google Cloud Storage"),
        ("https://drive.google.com/file/d/x/view", "Google Drive"),
    ] {
        let explanation = of(&[url]);
        assert_eq!(explanation.urls[0].suggestion, None, "{url}");
        let said = explanation.urls[0].notes.join(" ");
        assert!(said.contains(why), "{url}: {said}");
    }
}

#[test]
fn providers_are_asked_only_for_what_they_can_help_with() {
    let asks = |url| of(&[url]).urls[0].worth_asking;
    assert!(asks("https://example.org") && asks("https://raw.githubusercontent.com/a"));
    for url in
        ["https://www.dropbox.com/sh/a/b", "https://pypi.org", "https://ipfs.io", "https://*.io", "data:,x"]
    {
        assert!(!asks(url), "{url}");
    }
}

#[test]
fn each_host_is_asked_for_once_and_only_if_the_default_whitelist_lacks_it() {
    let own = Provider { whitelist: Whitelist::from_lists("", "").unwrap(), ..provider(Rules::default()) };
    let urls = ["https://a.example/1", "https://b.example", "https://a.example/2", "https://github.com/x"];
    let explanation = explain(&own, &urls.map(str::to_owned));
    let text = text::text(&explanation, &own, 100);
    let commands: Vec<&str> = text.lines().filter(|line| line.starts_with("ya-provider ")).collect();
    let add = |host| format!("ya-provider whitelist add -p {host} -t strict");
    assert_eq!(commands, [add("a.example"), add("b.example")], "{text}");
}
