//! What `explain` says.

use super::*;
use crate::outbound::manifest::Manifest;
use crate::outbound::whitelist::MatchKind;
use proptest::prelude::*;

fn provider(rules: Rules) -> Provider {
    Provider {
        rules,
        whitelist: Whitelist::snapshot(),
        source: "the default whitelist of 2025-10-27 (ya-installer-resources d018134)".into(),
    }
}

fn by(rules: Rules, urls: &[&str]) -> Explanation {
    let urls: Vec<String> = urls.iter().map(|url| (*url).to_owned()).collect();
    explain(&provider(rules), &urls)
}

fn of(urls: &[&str]) -> Explanation {
    by(Rules::default(), urls)
}

fn said(urls: &[&str], width: usize) -> String {
    text::text(&of(urls), &provider(Rules::default()), width)
}

fn suggestion(url: &str) -> Option<String> {
    of(&[url]).urls[0].suggestion.clone()
}

#[test]
fn an_accepted_url_names_its_pattern() {
    insta::assert_snapshot!(said(&["https://ipfs.io/ipfs/bafkqaaa"], 80), @r"
    https://ipfs.io/ipfs/bafkqaaa
      accepted
      Negotiation: `ipfs.io` matches the strict pattern `ipfs.io`.
      Run time: TCP port 443 of `ipfs.io` opens; `http://ipfs.io` (port 80) is an
      entry of its own.

    A provider with the default whitelist of 2025-10-27 (ya-installer-resources
    d018134) accepts the request.

    A node resolves these names once, when it starts, and then reaches TCP
    ipfs.io:443 and DNS. Every other host and port is closed, also where a redirect
    leads there.
    ");
}

#[test]
fn a_share_link_is_rejected_and_rewritten() {
    let urls = ["https://ipfs.io/ipfs/bafkqaaa", "https://www.dropbox.com/scl/fi/ab/d.csv?rlkey=k&dl=0"];
    insta::assert_snapshot!(said(&urls, 80), @r"
    https://ipfs.io/ipfs/bafkqaaa
      accepted
      Negotiation: `ipfs.io` matches the strict pattern `ipfs.io`.
      Run time: TCP port 443 of `ipfs.io` opens; `http://ipfs.io` (port 80) is an
      entry of its own.

    https://www.dropbox.com/scl/fi/ab/d.csv?rlkey=k&dl=0
      rejected
      Negotiation: no pattern of the whitelist matches `www.dropbox.com`.
      Run time: if a provider accepts it, TCP port 443 opens.
      Dropbox answers share links with a redirect to a host outside the whitelist,
      while `dl.dropboxusercontent.com` is on it and serves the file itself.
      Write instead:
        https://dl.dropboxusercontent.com/scl/fi/ab/d.csv?rlkey=k

    A provider with the default whitelist of 2025-10-27 (ya-installer-resources
    d018134) rejects the request as a whole:

      Outbound rejected because: Everyone rule didn't match whitelist ;
      Audited-Payload rule requires manifest signature ; Partner rule requires node
      descriptor ;

    Of these reasons only the first is about your URLs: ray-on-golem signs no
    manifest, and shows a node descriptor only if the cluster file has one.

    All URLs must pass under one rule together: one host that does not is enough to
    reject all of them.
    ");
}

#[test]
fn a_near_miss_is_shown_and_repaired() {
    insta::assert_snapshot!(said(&["https://www.ipfs.io/x"], 40), @r"
    https://www.ipfs.io/x
      rejected
      Negotiation: no pattern of the
      whitelist matches `www.ipfs.io`.
      Near: strict `ipfs.io`, but a strict
      pattern covers no subdomains.
      Run time: if a provider accepts it,
      TCP port 443 opens.
      Write instead:
        https://ipfs.io/x

    A provider with the default whitelist of
    2025-10-27 (ya-installer-resources
    d018134) rejects the request:

      Outbound rejected because: Everyone
      rule didn't match whitelist ;
      Audited-Payload rule requires manifest
      signature ; Partner rule requires node
      descriptor ;

    Of these reasons only the first is about
    your URLs: ray-on-golem signs no
    manifest, and shows a node descriptor
    only if the cluster file has one.
    ");
}

#[test]
fn a_host_that_is_not_listed_comes_with_a_message_to_paste() {
    insta::assert_snapshot!(said(&["https://raw.githubusercontent.com/a/b/c", "https://example.org:8443"], 80), @r"
    https://raw.githubusercontent.com/a/b/c
      rejected
      Negotiation: no pattern of the whitelist matches `raw.githubusercontent.com`.
      Run time: if a provider accepts it, TCP port 443 opens.
      GitHub's raw files come from a host that is not on the default whitelist,
      although `github.com` is.
      The archive of a whole repository comes from
      `https://codeload.github.com/OWNER/REPO/zip/REF`, a host of the default
      whitelist.
      Put the file where nodes may go: on IPFS (`https://ipfs.io/ipfs/…`) or Dropbox
      (`https://dl.dropboxusercontent.com/…`).
      Or send it from your own computer with `file_mounts`, which needs no outbound
      access.

    https://example.org:8443
      rejected
      Negotiation: no pattern of the whitelist matches `example.org`.
      Run time: if a provider accepts it, TCP port 8443 opens.
      Put the file where nodes may go: on IPFS (`https://ipfs.io/ipfs/…`) or Dropbox
      (`https://dl.dropboxusercontent.com/…`).
      Or send it from your own computer with `file_mounts`, which needs no outbound
      access.

    A provider with the default whitelist of 2025-10-27 (ya-installer-resources
    d018134) rejects the request as a whole:

      Outbound rejected because: Everyone rule didn't match whitelist ;
      Audited-Payload rule requires manifest signature ; Partner rule requires node
      descriptor ;

    Of these reasons only the first is about your URLs: ray-on-golem signs no
    manifest, and shows a node descriptor only if the cluster file has one.

    Or ask. Providers decide about their own whitelists; this can be pasted into the
    channel #providers of https://chat.golem.network:

    Hello! My Ray on Golem program downloads from raw.githubusercontent.com,
    example.org, which are not on the default whitelist. It is for: (say what for,
    and who runs the host). If you want to allow it on your provider:
    ya-provider whitelist add -p raw.githubusercontent.com -t strict
    ya-provider whitelist add -p example.org -t strict
    Thank you!
    ");
}

#[test]
fn what_no_node_can_have_is_said_although_providers_accept_it() {
    let urls = ["udp://ipfs.io", "mailto:a@b.c", "https://*.dev.golem.network"];
    insta::assert_snapshot!(said(&urls, 80), @r"
    udp://ipfs.io
      accepted
      Negotiation: `ipfs.io` matches the strict pattern `ipfs.io`.
      But no node starts with it:
      `manifest initialization error: unknown port: udp://ipfs.io`. Write the port
      behind the host, such as `:8080`.

    mailto:a@b.c
      accepted
      Negotiation: it has no host, so the whitelist is not asked.
      But no node starts with it:
      `manifest initialization error: unknown port: mailto:a@b.c`.

    https://*.dev.golem.network
      accepted
      Negotiation: `*.dev.golem.network` matches the regex pattern
      `.*\.dev\.golem\.network$`.
      But ray-on-golem refuses it in `outbound_urls`: `URL host invalid`. There are
      no wildcards: list every host by its full name.

    A provider with the default whitelist of 2025-10-27 (ya-installer-resources
    d018134) accepts the request, but no node can have it: see above.
    ");
}

#[test]
fn what_is_no_url_is_said_before_anything_is_decided() {
    insta::assert_snapshot!(said(&["ipfs.io", "localhost:8080", "https://"], 80), @r"
    ipfs.io
      not a URL
      It has no scheme.
      Write instead:
        https://ipfs.io

    localhost:8080
      not a URL
      It has no scheme.
      Write instead:
        https://localhost:8080

    https://
      not a URL
      It is no URL: empty host.

    Nothing was decided: correct what is not a URL first.
    ");
}

#[test]
fn http_alone_is_warned_of() {
    insta::assert_snapshot!(said(&["http://github.com", "https://github.com:8443"], 80), @r"
    http://github.com
      accepted
      Negotiation: `github.com` matches the strict pattern `github.com`.
      Run time: TCP port 80 of `github.com` opens; `https://github.com` (port 443)
      is an entry of its own.

    https://github.com:8443
      accepted
      Negotiation: `github.com` matches the strict pattern `github.com`.
      Run time: TCP port 8443 of `github.com` opens.

    A provider with the default whitelist of 2025-10-27 (ya-installer-resources
    d018134) accepts the request: all URLs pass together under one rule.

    A node resolves these names once, when it starts, and then reaches TCP
    github.com:80, TCP github.com:8443 and DNS. Every other host and port is closed,
    also where a redirect leads there.
    Most servers redirect `http` to `https`: declare `https://github.com`, too, or
    use only that.
    ");
}

#[test]
fn a_foreign_manifest_is_explained() {
    let manifest = Manifest::read(
        r#"{"version":"0.1.0","createdAt":"2023-01-01T00:00:00Z","expiresAt":"2024-01-01T00:00:00Z","payload":[],
           "compManifest":{"version":"0.1.0","net":{"inet":{"out":{"unrestricted":{"urls":true}}}}}}"#,
    )
    .unwrap();
    let provider = provider(Rules::default());
    let explanation = explain_manifest(&provider, &manifest);
    insta::assert_snapshot!(text::text(&explanation, &provider, 80), @r"
    It asks for unrestricted access: every address and every port. The mode
      `whitelist` never grants that, only the mode `all` does.
    Its protocols (`http`, `https`, `ws`, `wss`) are read by no provider: what
      counts is the scheme of each URL.
    It names no commands, so every command may run on the node.
    Its dates, 2023-01-01T00:00:00Z and 2024-01-01T00:00:00Z, must be dates, but no
      provider compares them with the clock: it never expires.

    A provider with the default whitelist of 2025-10-27 (ya-installer-resources
    d018134) rejects the request:

      Outbound rejected because: Everyone rule didn't match whitelist ;
      Audited-Payload rule requires manifest signature ; Partner rule requires node
      descriptor ;
    ");
    let open = Rules { everyone: Mode::All, ..Rules::default() };
    assert!(explain_manifest(&super::tests::provider(open), &manifest).accepted);
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let urls = [
        "https://www.ipfs.io/x",
        "https://raw.githubusercontent.com/a/b/c",
        "https://example.org",
        "udp://ipfs.io",
        "https://zenodo.org/x",
    ];
    for width in [70, 80] {
        let text = said(&urls, width);
        let whole = |line: &&str| !line.starts_with("ya-provider ");
        assert!(text.lines().filter(whole).all(|line| line.chars().count() <= width), "{text}");
    }
}

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

#[test]
fn the_json_has_the_promised_keys_and_no_other() {
    let json = serde_json::to_value(of(&["https://www.ipfs.io/x", "ipfs.io"])).unwrap();
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&json), ["accepted", "reason", "urls"]);
    for url in json["urls"].as_array().unwrap() {
        assert_eq!(keys(url), ["accepted", "error", "host", "pattern", "suggestion", "url"]);
    }
    assert_eq!(json["reason"], serde_json::Value::Null, "nothing was decided");
    let json = serde_json::to_value(of(&["https://www.ipfs.io/x"])).unwrap();
    assert_eq!(json["accepted"], false);
    assert!(
        json["reason"].as_str().unwrap().starts_with("Outbound rejected because: Everyone rule didn't match")
    );
    let json = serde_json::to_value(of(&["https://ipfs.io"])).unwrap();
    assert_eq!(json["urls"][0]["pattern"], serde_json::json!({"domain": "ipfs.io", "match": "strict"}));
}

#[test]
fn the_exit_code_tells_accepted_rejected_and_unreadable_apart() {
    assert_eq!(exit_code(&of(&["https://ipfs.io"])), 0);
    assert_eq!(exit_code(&of(&["https://ipfs.io", "https://example.org"])), 1);
    assert_eq!(exit_code(&of(&["https://example.org", "ipfs.io"])), 2);
}

#[test]
fn the_mode_decides() {
    let accepted = |rules, url| by(rules, &[url]).accepted;
    assert!(accepted(Rules { everyone: Mode::All, ..Rules::default() }, "https://example.com"));
    assert!(!accepted(Rules { everyone: Mode::None, ..Rules::default() }, "https://ipfs.io"));
    let disabled = Rules { enabled: false, everyone: Mode::All, ..Rules::default() };
    assert_eq!(by(disabled, &["https://ipfs.io"]).reason.as_deref(), Some("outbound is disabled"));
}

#[test]
fn another_whitelist_is_the_one_that_counts() {
    let own = Provider {
        rules: Rules::default(),
        whitelist: Whitelist::from_lists("", r"\.example$").unwrap(),
        source: "the whitelist `regex.lst`".into(),
    };
    let explanation = explain(&own, &["https://a.example".to_owned(), "https://ipfs.io".to_owned()]);
    assert_eq!(explanation.urls[0].pattern.as_ref().map(|pattern| pattern.kind), Some(MatchKind::Regex));
    assert!(!explanation.urls[1].accepted);
}

proptest! {
    #[test]
    fn no_text_makes_judging_panic(text in "\\PC{0,30}") {
        said(&[&text], 40);
    }

    #[test]
    fn no_url_makes_judging_panic(
        scheme in "(https?|udp|ipfs|ipns|ftp|data|mailto):(//)?",
        host in "(github\\.com|www\\.dropbox\\.com|ipfs\\.io|\\[::1\\]|[a-z0-9.-]{0,9}|bafkqaaa\\.ipfs\\.dweb\\.link)",
        rest in "(:[0-9]{0,6})?(/[a-z]{0,8}){0,4}(\\?[a-z=&]{0,9})?",
    ) {
        said(&[&format!("{scheme}{host}{rest}")], 80);
    }

    #[test]
    fn what_is_suggested_is_accepted_and_needs_no_other_suggestion(
        url in "https://(www\\.)?(github\\.com|dropbox\\.com|ipfs\\.io|pypi\\.org)/(a/b/archive/c\\.zip|s/a/b|simple/x)?",
    ) {
        if let Some(better) = suggestion(&url) {
            let explanation = of(&[&better]);
            prop_assert!(explanation.accepted, "{} became {}", url, better);
            let again = explanation.urls[0].suggestion.clone();
            // `www.github.com/a/b/archive/…` is first repaired and then led to the host of archives.
            prop_assert!(again.is_none() || url.contains("www.github.com"), "{:?}", again);
        }
    }
}
