//! What the table of known hosts says.

use super::*;
use crate::outbound::whitelist::Whitelist;

fn of(text: &str) -> Option<Advice> {
    advice(&Url::parse(text).unwrap())
}

fn instead(text: &str) -> Option<String> {
    of(text)?.instead.map(String::from)
}

#[test]
fn what_is_suggested_is_on_the_default_whitelist() {
    for text in [
        "https://github.com/a/b/archive/refs/heads/main.zip",
        "https://github.com/a/b/archive/v1.0.tar.gz",
        "https://pypi.org/simple/requests/",
        "https://files.pythonhosted.org/packages/ab/x.whl",
    ] {
        let url = Url::parse(&instead(text).unwrap()).unwrap();
        assert!(Whitelist::snapshot().matches(url.host_str().unwrap()).is_some(), "{url}");
        assert_eq!(advice(&url), None, "{url} needs no advice");
    }
}

#[test]
fn an_archive_is_taken_from_the_host_that_serves_it() {
    assert_eq!(
        instead("https://github.com/a/b/archive/refs/tags/v1.tar.gz").as_deref(),
        Some("https://codeload.github.com/a/b/tar.gz/refs/tags/v1")
    );
    assert_eq!(instead("https://github.com/a/b/archive/"), None);
}

#[test]
fn the_index_is_taken_from_golems_proxy() {
    assert_eq!(
        instead("https://pypi.org/simple/requests/").as_deref(),
        Some("https://pypi.dev.golem.network/simple/requests/")
    );
    assert_eq!(
        instead("https://pypi.org/project/requests/").as_deref(),
        Some("https://pypi.dev.golem.network/simple")
    );
}

#[test]
fn a_row_is_about_its_hosts_alone() {
    assert!(of("https://bucket.s3.eu-west-1.amazonaws.com/x").is_some());
    assert!(of("https://amazonaws.com.example/x").is_none());
    assert!(of("https://github.com/a/b").is_none());
    assert!(of("https://ipfs.io/ipfs/bafkqaaa").is_none());
    assert!(of("data:,x").is_none());
}

#[test]
fn what_redirects_is_the_matter_also_where_it_is_allowed() {
    let always = |text: &str| of(text).unwrap().always;
    assert!(always("https://github.com/a/b/archive/main.zip") && always("https://huggingface.co/x"));
    assert!(!always("https://pypi.org/simple") && !always("https://zenodo.org/x"));
}

#[test]
fn every_row_says_what_is_the_matter_in_a_sentence() {
    for row in HOSTS {
        for sentence in row.remedies.iter().chain([&row.matter]) {
            assert!(sentence.ends_with('.') && sentence.starts_with(char::is_alphabetic), "{sentence}");
        }
    }
}

#[test]
fn a_message_asks_for_each_host_once() {
    let urls = ["https://a.io/x", "http://a.io", "https://b.io"].map(|text| Url::parse(text).unwrap());
    let message = request_to_providers(&urls.iter().collect::<Vec<_>>());
    assert!(message.contains("downloads from a.io, b.io, which are not on the default whitelist"));
    let commands: Vec<&str> = message.lines().filter(|line| line.starts_with("ya-provider")).collect();
    assert_eq!(
        commands,
        ["ya-provider whitelist add -p a.io -t strict", "ya-provider whitelist add -p b.io -t strict"]
    );
}
