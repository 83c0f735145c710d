//! What `explain` says.

use super::*;

fn of(urls: &[&str]) -> Explanation {
    let urls: Vec<String> = urls.iter().map(|url| (*url).to_owned()).collect();
    explain(&Rules::default(), &Whitelist::snapshot(), &urls)
}

#[test]
fn an_accepted_url_names_its_pattern() {
    insta::assert_snapshot!(text(&of(&["https://ipfs.io/ipfs/bafkqaaa"]), &source(None), 80), @r"
    https://ipfs.io/ipfs/bafkqaaa
      accepted
      `ipfs.io` matches the strict pattern `ipfs.io`.

    A provider with the default whitelist of 2025-10-27 (ya-installer-resources
    d018134) accepts the request.
    ");
}

#[test]
fn a_share_link_is_rejected_and_rewritten() {
    let urls = ["https://ipfs.io", "https://www.dropbox.com/scl/fi/ab/d.csv?rlkey=k&dl=0"];
    insta::assert_snapshot!(text(&of(&urls), &source(None), 80), @r"
    https://ipfs.io
      accepted
      `ipfs.io` matches the strict pattern `ipfs.io`.

    https://www.dropbox.com/scl/fi/ab/d.csv?rlkey=k&dl=0
      rejected
      No pattern of the whitelist matches `www.dropbox.com`.
      Dropbox answers share links with a redirect to a host outside the whitelist,
      while `dl.dropboxusercontent.com` is on it and serves the file itself.
      Write instead:
        https://dl.dropboxusercontent.com/scl/fi/ab/d.csv?rlkey=k

    A provider with the default whitelist of 2025-10-27 (ya-installer-resources
    d018134) rejects the request as a whole:

      Outbound rejected because: Everyone rule didn't match whitelist ;
      Audited-Payload rule requires manifest signature ; Partner rule requires node
      descriptor ;

    One host that does not pass is enough to reject all of them.
    ");
}

#[test]
fn a_near_miss_is_shown_and_repaired() {
    insta::assert_snapshot!(text(&of(&["https://www.ipfs.io/x"]), &source(None), 80), @r"
    https://www.ipfs.io/x
      rejected
      No pattern of the whitelist matches `www.ipfs.io`.
      Near: strict `ipfs.io`, but a strict pattern covers no subdomains.
      Write instead:
        https://ipfs.io/x

    A provider with the default whitelist of 2025-10-27 (ya-installer-resources
    d018134) rejects the request as a whole:

      Outbound rejected because: Everyone rule didn't match whitelist ;
      Audited-Payload rule requires manifest signature ; Partner rule requires node
      descriptor ;
    ");
}

#[test]
fn what_is_no_url_is_said_before_anything_is_decided() {
    insta::assert_snapshot!(text(&of(&["ipfs.io"]), &source(None), 80), @r"
    ipfs.io
      not a URL
      It has no scheme.
      Write instead:
        https://ipfs.io

    Nothing was decided: correct what is not a URL first.
    ");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let urls = [
        "https://www.ipfs.io/x",
        "https://raw.githubusercontent.com/a/b/c",
        "https://example.org",
        "udp://ipfs.io",
    ];
    let text = text(&of(&urls), &source(None), 80);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn the_json_has_the_promised_keys() {
    let json = serde_json::to_value(of(&["https://www.ipfs.io/x"])).unwrap();
    assert_eq!(json["accepted"], false);
    assert!(
        json["reason"].as_str().unwrap().starts_with("Outbound rejected because: Everyone rule didn't match")
    );
    let url = json["urls"][0].as_object().unwrap();
    let mut keys: Vec<&str> = url.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["accepted", "error", "host", "pattern", "suggestion", "url"]);
    let json = serde_json::to_value(of(&["https://ipfs.io"])).unwrap();
    assert_eq!(json["urls"][0]["pattern"], serde_json::json!({"domain": "ipfs.io", "match": "strict"}));
}

#[test]
fn the_mode_decides() {
    let rules = Rules { everyone: Mode::All, ..Rules::default() };
    assert!(explain(&rules, &Whitelist::snapshot(), &["https://example.com".to_owned()]).accepted);
}
