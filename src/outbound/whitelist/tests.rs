//! The whitelist's rules, a sentence each.

use super::*;
use proptest::prelude::*;
use url::Url;

fn regex(pattern: &str) -> Whitelist {
    Whitelist::from_lists("", pattern).unwrap()
}

fn strict(pattern: &str) -> Whitelist {
    Whitelist::from_lists(pattern, "").unwrap()
}

fn passes(whitelist: &Whitelist, hosts: &[&str]) -> Vec<bool> {
    hosts.iter().map(|host| whitelist.matches(host).is_some()).collect()
}

/// Whether the host that a provider sees in a URL is on the default list.
fn url_passes(text: &str) -> bool {
    let url = Url::parse(text).unwrap();
    Whitelist::snapshot().matches(url.host_str().unwrap()).is_some()
}

#[test]
fn the_snapshot_compiles_and_has_all_entries() {
    let list = Whitelist::snapshot();
    assert!(list.compiled().is_ok());
    let kinds = |kind| list.patterns().iter().filter(|p| p.kind == kind).count();
    assert_eq!((kinds(MatchKind::Strict), kinds(MatchKind::Regex)), (24, 4));
    assert_eq!(Whitelist::new(list.patterns().to_vec()).unwrap(), list);
}

#[test]
fn every_strict_entry_of_the_snapshot_is_a_host_that_passes() {
    for pattern in Whitelist::snapshot().patterns().iter().filter(|p| p.kind == MatchKind::Strict) {
        assert!(url_passes(&format!("https://{}/x", pattern.domain)), "{}", pattern.domain);
    }
}

#[test]
fn the_package_index_is_not_whitelisted_but_golems_proxy_is() {
    assert!(!url_passes("https://pypi.org/simple/requests/"));
    assert!(!url_passes("https://files.pythonhosted.org/x"));
    assert!(url_passes("https://pypi.dev.golem.network/simple"));
}

#[test]
fn strict_patterns_cover_no_subdomain() {
    let hosts = ["ipfs.io", "www.ipfs.io", "gateway.ipfs.io", "3.122.207.83"];
    assert_eq!(passes(&Whitelist::snapshot(), &hosts), [true, false, false, true]);
    let dropbox =
        ["dl.dropboxusercontent.com", "uc123.dl.dropboxusercontent.com", "dl.dropbox.com", "www.dropbox.com"];
    assert_eq!(passes(&Whitelist::snapshot(), &dropbox), [true, false, false, false]);
    assert_eq!(
        passes(&Whitelist::snapshot(), &["raw.githubusercontent.com", "objects.githubusercontent.com"]),
        [false, false]
    );
}

#[test]
fn strict_patterns_are_compared_in_lower_case() {
    assert_eq!(passes(&Whitelist::snapshot(), &["IPFS.io", "Dl.DropboxUserContent.COM"]), [true, true]);
    assert!(strict("IPFS.io").matches("ipfs.io").is_some());
    assert!(strict("MÜNCHEN.example").matches("münchen.example").is_some());
}

#[test]
fn a_strict_pattern_is_no_regex() {
    assert!(strict("ipfs.i.").matches("ipfs.io").is_none());
    assert!(strict(r"^ipfs\.io$").matches("ipfs.io").is_none());
}

#[test]
fn only_the_host_is_compared() {
    for url in ["http://ipfs.io", "https://ipfs.io:8443", "https://user:pw@ipfs.io/x?y#z", "ftp://ipfs.io"] {
        assert!(url_passes(url), "{url}");
    }
    assert!(!url_passes("https://example.org/ipfs.io?ipfs.io#ipfs.io"));
    assert!(!url_passes("https://ipfs.io@example.org/"));
}

#[test]
fn a_dot_at_the_end_is_kept_and_does_not_match() {
    assert!(!url_passes("https://ipfs.io."));
    assert!(!url_passes("https://pypi.dev.golem.network."));
}

#[test]
fn an_ipv6_host_keeps_its_brackets() {
    let host = Url::parse("https://[0:0::1]:443/").unwrap();
    assert_eq!(host.host_str(), Some("[::1]"));
    assert_eq!(passes(&strict("[::1]"), &["[::1]"]), [true]);
    assert_eq!(passes(&strict("::1"), &["[::1]"]), [false]);
}

#[test]
fn an_address_is_compared_as_the_text_that_url_parsing_leaves() {
    assert!(url_passes("https://0x37aCF53/"));
    assert!(url_passes("https://3.122.53075/"));
    assert!(url_passes("https://3.122.207.83."));
    assert!(!url_passes("https://3.122.207.84/"));
}

#[test]
fn what_url_parsing_normalises_is_normalised() {
    let punycode = strict("xn--mnchen-3ya.example");
    let host = |text: &str| Url::parse(text).unwrap().host_str().unwrap().to_owned();
    assert!(punycode.matches(&host("https://münchen.example")).is_some());
    assert!(strict("münchen.example").matches(&host("https://münchen.example")).is_none());
    for same in ["https://ipfs．io", "https://%69pfs.io", " https://ipfs.io\t", "https://ip\tfs.io"] {
        assert!(url_passes(same), "{same:?}");
    }
}

#[test]
fn the_golem_domain_is_a_regex() {
    let hosts = [
        "pypi.dev.golem.network",
        "a.b.dev.golem.network",
        "dev.golem.network",
        "xdev.golem.network",
        "pypi.dev.golem.network.",
    ];
    assert_eq!(passes(&Whitelist::snapshot(), &hosts), [true, true, false, false, false]);
}

#[test]
fn a_regex_is_searched_anywhere_in_the_host() {
    assert_eq!(passes(&regex("ipfs.io"), &["xipfs-io.evil.com", "ipfs.io.example"]), [true, true]);
}

#[test]
fn a_regex_ignores_case() {
    assert!(regex("IPFS").matches("ipfs.io").is_some());
    assert!(regex("ipfs").matches("IPFS.IO").is_some());
}

#[test]
fn a_regex_is_lower_cased_before_it_is_compiled() {
    assert!(regex(r"^\D+$").matches("42").is_some(), r"\D becomes \d");
    assert!(regex(r"^\D+$").matches("ipfs").is_none());
    assert!(regex(r"^\S").matches("ipfs.io").is_none(), r"\S becomes \s");
}

#[test]
fn blanks_in_a_regex_are_dropped_and_a_number_sign_begins_a_comment() {
    assert!(regex("ip fs # the gateway").matches("ipfs.io").is_some());
    assert!(regex("ip fs # the gateway").matches("gateway").is_none());
}

#[test]
fn an_empty_regex_or_one_that_is_only_a_comment_matches_everything() {
    assert!(regex("# only a comment").matches("anything.example").is_some());
    assert!(regex("\n").matches("anything.example").is_some());
    assert!(strict("\n").matches("anything.example").is_none());
}

#[test]
fn lines_are_trimmed_but_blank_lines_and_comments_are_patterns() {
    let list = Whitelist::from_lists("  ipfs.io\t\r\n\n# mine\n", "").unwrap();
    let texts: Vec<&str> = list.patterns().iter().map(|pattern| pattern.domain.as_str()).collect();
    assert_eq!(texts, ["ipfs.io", "", "# mine"]);
}

#[test]
fn a_list_with_no_pattern_matches_nothing() {
    assert_eq!(passes(&Whitelist::new(Vec::new()).unwrap(), &["ipfs.io", ""]), [false, false]);
}

#[test]
fn a_broken_regex_spoils_the_list() {
    assert!(matches!(Whitelist::from_lists("ipfs.io", "("), Err(WhitelistError::Regex(_))));
}

#[test]
fn a_json_pattern_is_strict_unless_it_says_otherwise() {
    let list = Whitelist::from_json(
        r#"{"more":0,"patterns":[{"domain":"a.io","note":"x"},{"domain":"b","match":"regex"}]}"#,
    );
    let kinds: Vec<_> = list.unwrap().patterns().iter().map(|pattern| pattern.kind).collect();
    assert_eq!(kinds, [MatchKind::Strict, MatchKind::Regex]);
    assert!(Whitelist::from_json(r#"{"patterns":[{"domain":"a","match":"glob"}]}"#).is_err());
    assert!(Whitelist::from_json("[]").is_err());
}

#[test]
fn a_file_says_by_its_name_what_it_is() {
    let kind = |name: &str| Whitelist::from_file(name, "a.io").map(|list| list.patterns()[0].kind);
    assert_eq!(kind("strict.lst").unwrap(), MatchKind::Strict);
    assert_eq!(kind("regex.lst").unwrap(), MatchKind::Regex);
    assert!(matches!(kind("mine.lst"), Err(WhitelistError::UnknownKind(_))));
    assert!(matches!(kind("strict.json"), Err(WhitelistError::Json(_))));
}

#[test]
fn the_id_is_made_from_the_text_alone() {
    let id = |domain: &str, kind| DomainPattern { domain: domain.into(), kind }.id();
    assert_eq!(id("ipfs.io", MatchKind::Strict), "1c08fad1");
    assert_eq!(id("ipfs.io", MatchKind::Regex), "1c08fad1");
    assert_eq!(id("dl.dropboxusercontent.com", MatchKind::Strict), "a56c7b26");
}

#[test]
fn adding_a_text_again_with_another_kind_is_called_a_duplicate_and_replaces_it() {
    let change = strict("ipfs.io\ngithub.com").with_added(["IPFS.io", "new.io"], MatchKind::Regex).unwrap();
    let shown = |patterns: &[DomainPattern]| {
        patterns.iter().map(|p| format!("{} {}", p.domain, p.kind.word())).collect::<Vec<_>>()
    };
    assert_eq!(shown(&change.added), ["new.io regex"]);
    assert_eq!(shown(&change.dropped), ["ipfs.io strict"]);
    assert_eq!(shown(change.whitelist.patterns()), ["ipfs.io regex", "github.com strict", "new.io regex"]);
    assert!(change.whitelist.matches("xipfs.io").is_some());
}

#[test]
fn a_pattern_is_removed_by_its_id() {
    let list = strict("ipfs.io\ngithub.com").without(&["1c08fad1", "00000000"]).unwrap();
    assert_eq!(list, strict("github.com"));
}

#[test]
fn a_provider_file_names_the_default_or_lists_patterns() {
    let read = |text: &str| serde_yaml::from_str::<Whitelist>(text);
    assert_eq!(read("default").unwrap(), Whitelist::snapshot());
    assert_eq!(read("[{domain: a.io, match: regex}]").unwrap(), regex("a.io"));
    assert_eq!(read("[]").unwrap().patterns(), []);
    assert!(read("defualt").unwrap_err().to_string().contains("`default` or a list of patterns"));
    assert!(read("[{domain: a.io, kind: regex}]").unwrap_err().to_string().contains("unknown field `kind`"));
}

fn pattern() -> impl Strategy<Value = DomainPattern> {
    let kind = prop::sample::select(vec![MatchKind::Strict, MatchKind::Regex]);
    ("[a-zA-Z0-9.*^$ #-]{0,8}", kind).prop_map(|(domain, kind)| DomainPattern { domain, kind })
}

proptest! {
    #[test]
    fn a_strict_list_is_set_membership_whatever_the_case(
        listed in prop::collection::vec("[a-zA-Z]{1,3}(\\.[a-z]{1,2}){0,2}", 0..6),
        host in "[a-zA-Z]{1,3}(\\.[a-z]{1,2}){0,2}",
    ) {
        let list = strict(&listed.join("\n"));
        let expected = listed.iter().any(|pattern| pattern.eq_ignore_ascii_case(&host));
        prop_assert_eq!(list.matches(&host).is_some(), expected);
    }

    #[test]
    fn an_escaped_regex_is_substring_search(needle in "[a-z]{1,3}", host in "[a-zA-Z.]{1,12}") {
        let list = regex(&regex::escape(&needle));
        prop_assert_eq!(list.matches(&host).is_some(), host.to_lowercase().contains(&needle));
    }

    #[test]
    fn the_case_of_a_host_changes_nothing(
        patterns in prop::collection::vec(pattern(), 0..5), host in "[a-zA-Z0-9.-]{0,12}",
    ) {
        let Ok(list) = Whitelist::new(patterns) else { return Ok(()) };
        prop_assert_eq!(list.matches(&host), list.matches(&host.to_uppercase()));
        prop_assert_eq!(list.matches(&host), list.matches(&host.to_lowercase()));
    }

    #[test]
    fn a_list_with_several_patterns_matches_what_one_of_them_matches(
        patterns in prop::collection::vec(pattern(), 0..5), host in "[a-z0-9.-]{0,12}",
    ) {
        let Ok(list) = Whitelist::new(patterns.clone()) else { return Ok(()) };
        let one = |pattern: DomainPattern| Whitelist::new(vec![pattern]).unwrap().matches(&host).is_some();
        prop_assert_eq!(list.matches(&host).is_some(), patterns.into_iter().any(one));
    }

    #[test]
    fn a_match_names_a_pattern_of_the_list(host in "[a-z0-9.-]{0,24}") {
        let list = Whitelist::snapshot();
        if let Some(pattern) = list.matches(&host) {
            prop_assert!(list.patterns().contains(pattern));
        }
    }

    #[test]
    fn what_is_printed_as_json_is_read_again(patterns in prop::collection::vec(pattern(), 0..6)) {
        let Ok(list) = Whitelist::new(patterns) else { return Ok(()) };
        prop_assert_eq!(Whitelist::from_json(&list.to_json()).unwrap(), list);
    }

    #[test]
    fn what_is_printed_as_lists_is_read_again(patterns in prop::collection::vec(pattern(), 0..6)) {
        let Ok(list) = Whitelist::new(patterns) else { return Ok(()) };
        let printed = |list: &Whitelist| (list.to_list(MatchKind::Strict), list.to_list(MatchKind::Regex));
        let (strict, regex) = printed(&list);
        let read = Whitelist::from_lists(&strict, &regex).unwrap();
        let (strict, regex) = printed(&read);
        prop_assert_eq!(Whitelist::from_lists(&strict, &regex).unwrap(), read);
    }

    #[test]
    fn no_text_makes_reading_panic(text in "\\PC*", name in "(strict|regex|x)\\.(lst|json)") {
        if let Ok(list) = Whitelist::from_file(&name, &text) {
            list.matches(&text);
        }
    }

    #[test]
    fn nothing_like_json_makes_reading_panic(
        text in "\\{\"patterns\":\\[(\\{\"domain\":\"[a-z\\\\\\\\(.*]{0,5}\",\"match\":\"(regex|strict)\"\\}){0,2}\\]\\}",
    ) {
        let _ = Whitelist::from_json(&text);
    }
}
