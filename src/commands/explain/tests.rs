//! What `explain` says.

mod forms;
mod programs;

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
