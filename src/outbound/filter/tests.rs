//! The run-time filter's sentences.

use super::*;
use proptest::prelude::*;

const IPFS: IpAddr = IpAddr::V4(Ipv4Addr::new(209, 94, 90, 1));
const SHARED: IpAddr = IpAddr::V4(Ipv4Addr::new(104, 16, 0, 1));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2602, 0xfea2, 2, 0, 0, 0, 0, 1));

fn resolve(host: &str) -> Result<Vec<IpAddr>, String> {
    match host {
        "ipfs.io" => Ok(vec![V6, IPFS]),
        "one.cdn.example" | "two.cdn.example" => Ok(vec![SHARED]),
        "v6.example" => Ok(vec![V6]),
        "empty.example" => Ok(vec![]),
        other => Err(no_record(other)),
    }
}

fn urls(texts: &[&str]) -> Vec<Url> {
    texts.iter().map(|url| Url::parse(url).unwrap()).collect()
}

fn build(texts: &[&str]) -> Result<RuntimeFilter, FilterError> {
    RuntimeFilter::build(&OutboundRequest::Urls(urls(texts)), &resolve)
}

#[test]
fn the_exact_triple_counts() {
    let filter = build(&["https://ipfs.io/ipfs/x"]).unwrap();
    assert!(filter.allows(Protocol::Tcp, IPFS, 443));
    assert!(!filter.allows(Protocol::Udp, IPFS, 443));
    assert!(!filter.allows(Protocol::Tcp, [1, 2, 3, 4].into(), 443));
}

#[test]
fn https_does_not_imply_http() {
    let filter = build(&["https://ipfs.io"]).unwrap();
    assert!(!filter.allows(Protocol::Tcp, IPFS, 80));
    let both = build(&["https://ipfs.io", "http://ipfs.io"]).unwrap();
    assert!(both.allows(Protocol::Tcp, IPFS, 80) && both.allows(Protocol::Tcp, IPFS, 443));
}

#[test]
fn dns_is_allowed_over_udp_to_well_known_servers_only() {
    let filter = build(&["https://ipfs.io"]).unwrap();
    for server in WELL_KNOWN_DNS {
        assert!(filter.allows(Protocol::Udp, server, 53));
        assert!(!filter.allows(Protocol::Tcp, server, 53), "no DNS over TCP");
        assert!(!filter.allows(Protocol::Tcp, server, 853), "no DNS over TLS");
        assert!(!filter.allows(Protocol::Tcp, server, 443), "no DNS over HTTPS");
    }
    assert!(!filter.allows(Protocol::Udp, [4, 4, 4, 4].into(), 53), "no other server");
}

#[test]
fn the_scheme_gives_the_protocol() {
    let filter = build(&["foo://ipfs.io:7", "udp://ipfs.io:9"]).unwrap();
    assert!(filter.allows(Protocol::Tcp, IPFS, 7) && !filter.allows(Protocol::Udp, IPFS, 7));
    assert!(filter.allows(Protocol::Udp, IPFS, 9) && !filter.allows(Protocol::Tcp, IPFS, 9));
}

#[test]
fn the_scheme_gives_the_port_unless_it_is_written() {
    let port = |text: &str| endpoint(&Url::parse(text).unwrap()).unwrap().2;
    let known = [("http", 80), ("ws", 80), ("https", 443), ("wss", 443), ("ftp", 21)];
    for (scheme, expected) in known {
        assert_eq!(port(&format!("{scheme}://ipfs.io")), expected);
        assert_eq!(port(&format!("{scheme}://ipfs.io:8443/x")), 8443);
    }
}

#[test]
fn an_address_is_not_resolved() {
    let filter = build(&["ftp://10.1.2.3"]).unwrap();
    assert!(filter.allows(Protocol::Tcp, [10, 1, 2, 3].into(), 21));
    assert!(build(&["https://[::1]"]).is_err(), "the brackets make a name of it");
}

#[test]
fn ipv6_is_looked_up_only_where_there_is_no_ipv4() {
    let filter = build(&["https://ipfs.io", "https://v6.example"]).unwrap();
    let RuntimeFilter::Only(allowed) = &filter else { panic!("{filter:?}") };
    let of_port = |ip| allowed.contains(&(Protocol::Tcp, ip, 443));
    assert!(of_port(IPFS) && of_port(V6), "of `v6.example`");
    let RuntimeFilter::Only(allowed) = build(&["https://ipfs.io"]).unwrap() else { panic!() };
    assert!(!allowed.contains(&(Protocol::Tcp, V6, 443)));
}

#[test]
fn a_host_with_ipv6_alone_passes_the_filter_but_cannot_be_reached() {
    let filter = build(&["https://v6.example"]).unwrap();
    assert!(filter.allows(Protocol::Tcp, V6, 443));
    assert!(!filter.reaches(Protocol::Tcp, V6, 443));
}

#[test]
fn one_host_that_does_not_resolve_is_fatal_for_all() {
    let error = build(&["https://ipfs.io", "https://nowhere.example"]).unwrap_err();
    assert_eq!(
        format!("{START_ERROR}{error}"),
        "manifest initialization error: no record found for name: nowhere.example. type: AAAA class: IN"
    );
    assert!(build(&["https://empty.example"]).unwrap_err().to_string().contains("no record found"));
}

#[test]
fn a_url_without_known_port_or_without_host_is_fatal() {
    let text = |url| format!("{START_ERROR}{}", build(&[url]).unwrap_err());
    assert_eq!(text("udp://ipfs.io"), "manifest initialization error: unknown port: udp://ipfs.io");
    assert_eq!(text("data:,x"), "manifest initialization error: unknown port: data:,x");
    assert_eq!(text("file:///x"), "manifest initialization error: unknown port: file:///x");
    let no_host = FilterError::NoHost(Url::parse("data:,x").unwrap());
    assert_eq!(no_host.to_string(), "invalid url: data:,x");
}

#[test]
fn a_refusal_is_a_line_in_the_providers_own_log() {
    assert_eq!(
        RuntimeFilter::refusal(Protocol::Tcp, IPFS, 80),
        "URL validation error: address not allowed: 209.94.90.1:80 (TCP)"
    );
}

#[test]
fn hosts_that_share_an_address_open_each_other() {
    let filter = build(&["https://one.cdn.example"]).unwrap();
    let two = resolve("two.cdn.example").unwrap()[0];
    assert!(filter.allows(Protocol::Tcp, two, 443), "the filter knows no names");
    assert!(!filter.allows(Protocol::Tcp, two, 80));
}

#[test]
fn a_redirect_works_only_to_what_is_declared() {
    let declared = urls(&["http://ipfs.io", "https://one.cdn.example"]);
    let to = |text: &str| Redirect::to(&Url::parse(text).unwrap(), &declared);
    assert_eq!(to("http://ipfs.io/ipfs/x/"), Redirect::Declared);
    assert_eq!(to("https://ipfs.io/ipfs/x"), Redirect::OtherPort);
    assert_eq!(to("http://ipfs.io:8080/"), Redirect::OtherPort);
    assert_eq!(to("https://two.cdn.example/"), Redirect::OtherHost);
    assert_eq!(to("data:,x"), Redirect::Nowhere);
}

#[test]
fn without_a_request_there_is_no_network_at_all() {
    let filter = RuntimeFilter::build(&OutboundRequest::None, &resolve).unwrap();
    assert_eq!(filter, RuntimeFilter::NoNetwork);
    assert!(!filter.allows(Protocol::Udp, [8, 8, 8, 8].into(), 53), "not even names resolve");
}

#[test]
fn unrestricted_access_resolves_nothing_and_allows_everything() {
    let filter = RuntimeFilter::build(&OutboundRequest::Unrestricted, &|host| Err(no_record(host))).unwrap();
    assert!(filter.allows(Protocol::Udp, [4, 4, 4, 4].into(), 53));
}

proptest! {
    #[test]
    fn a_filter_holds_dns_and_what_its_urls_open_and_nothing_else(
        chosen in prop::collection::vec(
            ("(http|https|ws|ftp|udp)", prop::sample::select(vec!["ipfs.io", "one.cdn.example"]), 1u16..),
            1..5,
        ),
    ) {
        let texts: Vec<String> =
            chosen.iter().map(|(scheme, host, port)| format!("{scheme}://{host}:{port}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let RuntimeFilter::Only(allowed) = build(&texts).unwrap() else { panic!() };
        let opened: HashSet<_> = urls(&texts).iter().map(|url| endpoint(url).unwrap().2).collect();
        for (protocol, ip, port) in allowed {
            let dns = protocol == Protocol::Udp && WELL_KNOWN_DNS.contains(&ip) && port == DNS_PORT;
            prop_assert!(dns || opened.contains(&port) && [IPFS, SHARED].contains(&ip));
        }
    }
}
