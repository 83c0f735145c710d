//! What is entered, what needs consent and what is refused, case by case.

use sha2::{Digest, Sha256};

use super::*;
use crate::content::cid::hex;

const R: &str = "https://ipfs.io/ipfs/bafkreiemev2isidd7gk7352wxtqh6rwbuumt4vgnkkbx5wi6giaizt2bvq";
const TREE: &str = "https://ipfs.io/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG";
const FILE: &str = "https://dl.dropboxusercontent.com/s/a/data.csv";

fn sha(text: &str) -> String {
    hex(&Sha256::digest(text))
}

fn body(url: &str, kind: &str, text: &str) -> Option<Fetched> {
    Some(Fetched::Body(Body {
        bytes: text.len() as u64,
        sha256: sha(text),
        content_type: (!kind.is_empty()).then(|| kind.to_owned()),
        head: text.as_bytes().to_vec(),
        chain: vec![Url::parse(url).unwrap()],
    }))
}

fn cannot() -> Option<Fetched> {
    Some(Fetched::CannotTell("its host name could not be looked up from here".into()))
}

fn of(
    url: &str,
    existing: Option<&str>,
    fetched: Option<Fetched>,
    pin: Option<&str>,
    unpinned: bool,
) -> Verdict {
    let asked = Asked { pin, unpinned, max_size: 100 };
    judge(&Url::parse(url).unwrap(), existing, fetched, &asked, &Whitelist::snapshot())
}

/// The entry, with no concern and no failure.
fn entry(verdict: Verdict) -> String {
    assert!(verdict.concerns.is_empty() && verdict.failure.is_none(), "{verdict:?}");
    verdict.entry.unwrap()
}

fn failure(verdict: Verdict) -> (u8, String) {
    assert_eq!(verdict.entry, None);
    let failure = verdict.failure.unwrap();
    (failure.kind().exit_code(), failure.to_string())
}

#[test]
fn a_block_needs_no_pin_and_no_internet() {
    assert_eq!(entry(of(R, None, body(R, "", "R"), None, false)), R);
    assert_eq!(entry(of(R, None, cannot(), None, false)), R);
    assert_eq!(entry(of(R, None, None, Some(&sha("R")), false)), R);
    let (code, text) = failure(of(R, None, body(R, "text/html", "<html>"), None, false));
    assert!(code == 1 && text.contains("not the block that its CID names"), "{text}");
    assert_eq!(failure(of(R, None, None, Some(&sha("x")), false)).0, 2);
}

#[test]
fn a_file_is_pinned_by_what_came() {
    let pinned = format!("{FILE}#sha256={}", sha("x"));
    assert_eq!(entry(of(FILE, None, body(FILE, "text/csv", "x"), None, false)), pinned);
    assert_eq!(entry(of(FILE, Some(FILE), body(FILE, "text/csv", "x"), None, false)), pinned);
    assert_eq!(entry(of(FILE, Some(&pinned), body(FILE, "text/csv", "x"), None, true)), pinned);
    assert_eq!(entry(of(FILE, None, body(FILE, "text/csv", "x"), None, true)), FILE);
    let (code, text) = failure(of(FILE, None, body(FILE, "", "x"), Some(&sha("y")), false));
    assert!(code == 1 && text.contains(&sha("x")) && text.contains(&sha("y")), "{text}");
    let tree = of(TREE, None, body(TREE, "", "x"), None, false);
    assert!(tree.notes[0].contains("a tree of blocks"), "{tree:?}");
    assert_eq!(entry(tree), format!("{TREE}#sha256={}", sha("x")));
}

#[test]
fn without_a_look_a_file_needs_a_pin_or_the_will_to_do_without() {
    for fetched in [cannot(), None] {
        let (code, text) = failure(of(FILE, None, fetched.clone(), None, false));
        assert!(code == 4 && text.contains("--sha256 $(sha256sum FILE"), "{text}");
        let pinned = format!("{FILE}#sha256={}", sha("x"));
        assert_eq!(entry(of(FILE, None, fetched.clone(), Some(&sha("x")), false)), pinned);
        assert_eq!(entry(of(FILE, None, fetched.clone(), None, true)), FILE);
        assert_eq!(entry(of(FILE, Some(&pinned), fetched.clone(), None, false)), pinned);
        let repinned = of(FILE, Some(&pinned), fetched, Some(&sha("y")), false);
        assert!(repinned.concerns[0].contains("another sha256"), "{repinned:?}");
    }
}

#[test]
fn what_is_too_large_is_taken_by_its_pin_only() {
    let large = || Some(Fetched::TooLarge(Some(2_000)));
    let (code, text) = failure(of(FILE, None, large(), None, false));
    assert!(code == 1 && text.contains("it has 2 kB, and the limit is 100 bytes"), "{text}");
    assert!(entry(of(FILE, None, large(), Some(&sha("x")), false)).ends_with(&sha("x")));
}

#[test]
fn pages_and_empty_files_need_consent_where_data_was_expected() {
    let concerns = |url: &str, kind: &str, text: &str| {
        let verdict = of(url, None, body(url, kind, text), None, false);
        assert!(verdict.entry.is_some());
        verdict.concerns.len()
    };
    assert_eq!(concerns(FILE, "text/html; charset=utf-8", "anything"), 1);
    assert_eq!(concerns(FILE, "text/csv", "\n <!DOCTYPE HTML>"), 1);
    assert_eq!(concerns("https://dl.dropboxusercontent.com/s/a/b", "text/html", "x"), 1);
    assert_eq!(concerns(TREE, "text/html", "x"), 1);
    assert_eq!(concerns("https://github.com/", "text/html", "x"), 0);
    assert_eq!(concerns("https://github.com/a.html", "text/html", "x"), 0);
    assert_eq!(concerns(FILE, "text/csv", ""), 1);
    assert_eq!(concerns("https://ipfs.io/ipfs/bafkqaaa", "", ""), 1);
}

#[test]
fn a_file_that_changed_needs_consent() {
    let verdict = of(FILE, Some(&format!("{FILE}#sha256={}", sha("x"))), body(FILE, "", "y"), None, false);
    assert!(verdict.concerns[0].contains("changed since it was pinned"), "{verdict:?}");
    assert_eq!(verdict.entry, Some(format!("{FILE}#sha256={}", sha("y"))));
}

#[test]
fn a_redirect_elsewhere_is_told_with_its_way() {
    let to = |to: &str, status| {
        let chain = vec![Url::parse(FILE).unwrap()];
        let fetched = Fetched::Elsewhere { chain, to: Url::parse(to).unwrap(), status };
        failure(of(FILE, None, Some(fetched), None, true))
    };
    let (code, text) = to("https://uc1.dl.dropboxusercontent.com/cd/x#", 302);
    assert_eq!(code, 1);
    assert!(
        text.contains("redirects to `https://uc1.dl.dropboxusercontent.com`, an address that may change"),
        "{text}"
    );
    assert!(
        text.contains(&format!("{FILE}\n  -> https://uc1.dl.")) && text.contains("not whitelisted"),
        "{text}"
    );
    let (_, text) = to("https://codeload.github.com/x", 301);
    assert!(text.contains("`golem-outbound add 'https://codeload.github.com/x'`"), "{text}");
    assert!(!text.contains("may change"), "{text}");
}

#[test]
fn a_host_that_nobody_whitelists_is_a_concern() {
    let folder = tempfile::tempdir().unwrap();
    let (whitelist, origin) = crate::content::whitelist_store::Store::at(folder.path().to_owned()).in_force();
    let of = |url: &str| not_whitelisted(&Url::parse(url).unwrap(), &whitelist, &origin);
    assert_eq!(of(FILE), None);
    assert_eq!(
        of("https://127.0.0.1/x").map(|text| text.contains("`ray up` may wait at [1/9] for ever")),
        Some(true)
    );
    assert!(of("https://www.ipfs.io/x").unwrap().contains("near: `ipfs.io`"));
}
