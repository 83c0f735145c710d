//! The rules' sentences, and every rejection letter by letter.

use super::*;
use proptest::prelude::*;

const LEAF: &str = "leaf";
const ROOT: &str = "root";
const NODE: &str = "0x01";

const NO_MATCH: &str = "Outbound rejected because: Everyone rule didn't match whitelist ; Audited-Payload rule requires \
                        manifest signature ; Partner rule requires node descriptor ; ";

fn urls(texts: &[&str]) -> OutboundRequest {
    OutboundRequest::Urls(texts.iter().map(|text| Url::parse(text).unwrap()).collect())
}

fn rule(mode: Mode) -> CertRule {
    CertRule { mode, description: String::new() }
}

/// Rules that let nothing through by themselves, with these for certificates.
fn closed(audited_payload: &[(&str, Mode)], partner: &[(&str, Mode)]) -> Rules {
    let of =
        |list: &[(&str, Mode)]| list.iter().map(|(cert, mode)| ((*cert).to_owned(), rule(*mode))).collect();
    Rules {
        everyone: Mode::None,
        audited_payload: of(audited_payload),
        partner: of(partner),
        ..Rules::default()
    }
}

fn signed(chain: &[&str]) -> Credentials {
    let chain = chain.iter().map(|cert| (*cert).to_owned()).collect();
    Credentials { manifest_signature: Some(Ok(chain)), ..Credentials::default() }
}

fn described(permissions: Permissions) -> Credentials {
    let descriptor =
        NodeDescriptor { node_id: NODE.into(), permissions, chain: vec![LEAF.into(), ROOT.into()] };
    Credentials { requestor_id: NODE.into(), node_descriptor: Some(Ok(descriptor)), ..Credentials::default() }
}

fn verdict(rules: &Rules, request: &OutboundRequest) -> Result<Accepted, String> {
    verdict_for(rules, request, &Credentials::default())
}

fn verdict_for(
    rules: &Rules,
    request: &OutboundRequest,
    credentials: &Credentials,
) -> Result<Accepted, String> {
    decide_for(rules, &Whitelist::snapshot(), request, credentials).map_err(|rejection| rejection.to_string())
}

/// The reason that one rule gave, of three.
fn reason(verdict: Result<Accepted, String>, number: usize) -> String {
    let text = verdict.unwrap_err();
    let reasons = text.strip_prefix("Outbound rejected because: ").unwrap();
    reasons.split(" ; ").nth(number).unwrap().to_owned()
}

const EVERYONE: Result<Accepted, String> = Ok(Accepted::By(Rule::Everyone));
const AUDITED: Result<Accepted, String> = Ok(Accepted::By(Rule::AuditedPayload));
const PARTNER: Result<Accepted, String> = Ok(Accepted::By(Rule::Partner));

#[test]
fn only_the_host_counts_in_negotiation() {
    let request = urls(&[
        "http://ipfs.io:8443/x",
        "ftp://ipfs.io",
        "https://u:p@ipfs.io",
        "https://pypi.dev.golem.network",
    ]);
    assert_eq!(verdict(&Rules::default(), &request), EVERYONE);
}

#[test]
fn a_url_without_a_host_is_not_compared() {
    for text in ["data:,x", "mailto:a@b", "file:///etc/passwd"] {
        assert_eq!(verdict(&Rules::default(), &urls(&[text])), EVERYONE, "{text}");
    }
}

#[test]
fn one_bad_host_fails_all() {
    let request = urls(&["https://ipfs.io", "https://example.org"]);
    assert_eq!(verdict(&Rules::default(), &request), Err(NO_MATCH.to_owned()));
}

#[test]
fn unrestricted_never_passes_a_whitelist() {
    let request = OutboundRequest::Unrestricted;
    assert_eq!(verdict(&Rules::default(), &request), Err(NO_MATCH.to_owned()));
    let rules = closed(&[(LEAF, Mode::Whitelist)], &[]);
    let given = verdict_for(&rules, &request, &signed(&[LEAF]));
    assert_eq!(reason(given, 1), "Audited-Payload rule didn't match whitelist");
}

#[test]
fn the_mode_all_passes_anything() {
    let all = Rules { everyone: Mode::All, ..Rules::default() };
    assert_eq!(verdict(&all, &OutboundRequest::Unrestricted), EVERYONE);
    assert_eq!(verdict(&all, &urls(&["https://example.org", "data:,x"])), EVERYONE);
}

#[test]
fn the_mode_none_passes_nothing() {
    let given = verdict(&closed(&[], &[]), &urls(&["https://ipfs.io"]));
    assert_eq!(
        given.unwrap_err(),
        NO_MATCH.replace("Everyone rule didn't match whitelist", "Everyone rule is disabled")
    );
}

#[test]
fn outbound_disabled_closes_every_rule() {
    let open = Rules { everyone: Mode::All, ..closed(&[(LEAF, Mode::All)], &[(LEAF, Mode::All)]) };
    let disabled = Rules { enabled: false, ..open };
    for credentials in [Credentials::default(), signed(&[LEAF]), described(Permissions::All)] {
        let given = verdict_for(&disabled, &urls(&["https://ipfs.io"]), &credentials);
        assert_eq!(given, Err("outbound is disabled".to_owned()));
    }
}

#[test]
fn everyone_none_closes_only_the_everyone_rule() {
    let rules = closed(&[(LEAF, Mode::All)], &[(LEAF, Mode::All)]);
    let request = urls(&["https://example.org"]);
    assert_eq!(verdict_for(&rules, &request, &signed(&[LEAF])), AUDITED);
    assert_eq!(verdict_for(&rules, &request, &described(Permissions::All)), PARTNER);
}

#[test]
fn what_asks_for_nothing_is_accepted_even_where_outbound_is_disabled() {
    let disabled = Rules { enabled: false, ..Rules::default() };
    assert_eq!(verdict(&disabled, &OutboundRequest::None), Ok(Accepted::NotAsked));
}

#[test]
fn any_one_rule_is_enough() {
    let rules = Rules { everyone: Mode::Whitelist, ..closed(&[(LEAF, Mode::All)], &[]) };
    assert_eq!(verdict_for(&rules, &urls(&["https://ipfs.io"]), &signed(&["unknown"])), EVERYONE);
    assert_eq!(verdict_for(&rules, &urls(&["https://example.org"]), &signed(&[LEAF])), AUDITED);
}

#[test]
fn two_urls_cannot_be_covered_by_two_different_rules() {
    let rules = Rules { everyone: Mode::Whitelist, ..closed(&[], &[(LEAF, Mode::All)]) };
    let permitted = Permissions::Urls(vec![Url::parse("https://example.org").unwrap()]);
    let one = |text| verdict_for(&rules, &urls(&[text]), &described(permitted.clone()));
    assert_eq!(one("https://ipfs.io"), EVERYONE);
    assert_eq!(one("https://example.org"), PARTNER);
    let both = urls(&["https://ipfs.io", "https://example.org"]);
    assert!(verdict_for(&rules, &both, &described(permitted)).is_err());
}

#[test]
fn an_audited_payload_needs_a_signature() {
    let given = verdict(&closed(&[(LEAF, Mode::All)], &[]), &urls(&["https://ipfs.io"]));
    assert_eq!(reason(given, 1), "Audited-Payload rule requires manifest signature");
}

#[test]
fn the_rule_of_the_certificate_nearest_to_the_leaf_wins() {
    let request = urls(&["https://example.org"]);
    let rules = closed(&[(ROOT, Mode::All), (LEAF, Mode::None)], &[]);
    let given = verdict_for(&rules, &request, &signed(&[ROOT, LEAF]));
    assert_eq!(reason(given, 1), "Audited-Payload rule is disabled");
    let rules = closed(&[(ROOT, Mode::None), (LEAF, Mode::All)], &[]);
    assert_eq!(verdict_for(&rules, &request, &signed(&[ROOT, LEAF])), AUDITED);
    let rules = closed(&[(ROOT, Mode::All)], &[]);
    assert_eq!(verdict_for(&rules, &request, &signed(&[ROOT, "between", LEAF])), AUDITED);
}

#[test]
fn an_audited_payload_in_whitelist_mode_is_compared_with_the_whitelist() {
    let rules = closed(&[(LEAF, Mode::Whitelist)], &[]);
    assert_eq!(verdict_for(&rules, &urls(&["https://ipfs.io"]), &signed(&[LEAF])), AUDITED);
    let given = verdict_for(&rules, &urls(&["https://example.org"]), &signed(&[LEAF]));
    assert_eq!(reason(given, 1), "Audited-Payload rule didn't match whitelist");
}

#[test]
fn a_chain_without_a_rule_is_not_trusted() {
    let request = urls(&["https://ipfs.io"]);
    let given = verdict_for(&closed(&[], &[]), &request, &signed(&["a", "b"]));
    assert_eq!(
        reason(given, 1),
        r#"Audited-Payload rule whole chain of cert_ids is not trusted: ["a", "b"]"#
    );
    let given = verdict_for(&closed(&[], &[]), &request, &described(Permissions::All));
    assert_eq!(reason(given, 2), r#"Partner rule whole chain of cert_ids is not trusted: ["leaf", "root"]"#);
}

#[test]
fn a_bad_signature_is_reported_in_the_words_of_the_key_store() {
    let with = |error| Credentials { manifest_signature: Some(Err(error)), ..Credentials::default() };
    let rules = closed(&[(LEAF, Mode::All)], &[]);
    let request = urls(&["https://ipfs.io"]);
    let given = verdict_for(&rules, &request, &with(SignatureError::Mismatch("Invalid signature".into())));
    assert_eq!(reason(given, 1), "Audited-Payload rule: Invalid signature");
    let given = verdict_for(&rules, &request, &with(SignatureError::Certificate("Failed to verify".into())));
    assert_eq!(reason(given, 1), "Failed to verify");
}

#[test]
fn a_partner_needs_a_node_descriptor_that_can_be_verified() {
    let rules = closed(&[], &[(LEAF, Mode::All)]);
    let request = urls(&["https://ipfs.io"]);
    assert_eq!(reason(verdict(&rules, &request), 2), "Partner rule requires node descriptor");
    let broken = Credentials {
        node_descriptor: Some(Err("verification of node descriptor failed: expired".into())),
        ..Credentials::default()
    };
    assert_eq!(
        reason(verdict_for(&rules, &request, &broken), 2),
        "Partner verification of node descriptor failed: expired"
    );
}

#[test]
fn a_descriptor_of_another_node_does_not_count() {
    let other = Credentials { requestor_id: "0x02".into(), ..described(Permissions::All) };
    let given = verdict_for(&closed(&[], &[(LEAF, Mode::All)]), &urls(&["https://ipfs.io"]), &other);
    assert_eq!(
        reason(given, 2),
        "Partner rule nodes mismatch. requestor node_id: 0x02 but cert node_id: 0x01"
    );
}

#[test]
fn a_certificate_permits_urls_as_a_whole_and_not_hosts() {
    let rules = closed(&[], &[(LEAF, Mode::All)]);
    let permitted = Permissions::Urls(vec![Url::parse("https://a.io/x").unwrap()]);
    let given = |text| verdict_for(&rules, &urls(&[text]), &described(permitted.clone()));
    assert_eq!(given("https://a.io/x"), PARTNER);
    assert_eq!(given("https://A.io:443/x"), PARTNER);
    for other in ["https://a.io/", "http://a.io/x", "https://a.io/x?y"] {
        assert_eq!(reason(given(other), 2), format!("Partner Partner rule forbidden url requested: {other}"));
    }
}

#[test]
fn a_certificate_may_permit_everything_or_nothing() {
    let rules = closed(&[], &[(LEAF, Mode::All)]);
    let everything = OutboundRequest::Unrestricted;
    let given =
        |permissions, request: &OutboundRequest| verdict_for(&rules, request, &described(permissions));
    assert_eq!(given(Permissions::Unrestricted, &everything), PARTNER);
    assert_eq!(given(Permissions::All, &everything), PARTNER);
    assert_eq!(
        reason(given(Permissions::NoOutbound, &urls(&["https://a.io"])), 2),
        "Partner No outbound permissions"
    );
    assert_eq!(
        reason(given(Permissions::Urls(Vec::new()), &everything), 2),
        "Partner Manifest tries to use Unrestricted access, but certificate allows only for specific urls"
    );
}

#[test]
fn what_a_certificate_permits_is_still_subject_to_its_rule() {
    let given =
        |mode, text| verdict_for(&closed(&[], &[(ROOT, mode)]), &urls(&[text]), &described(Permissions::All));
    assert_eq!(given(Mode::Whitelist, "https://ipfs.io"), PARTNER);
    assert_eq!(
        reason(given(Mode::Whitelist, "https://example.org"), 2),
        "Partner rule didn't match whitelist"
    );
    assert_eq!(reason(given(Mode::None, "https://ipfs.io"), 2), "Partner rule is disabled");
}

#[test]
fn the_default_is_enabled_and_everyone_by_whitelist() {
    let rules = Rules::default();
    assert_eq!((rules.enabled, rules.everyone), (true, Mode::Whitelist));
    assert!(rules.audited_payload.is_empty() && rules.partner.is_empty());
}

#[test]
fn a_providers_rules_json_is_read() {
    let rules = Rules::from_json(
        r#"{"outbound": {"enabled": true, "everyone": "none", "blocked": [],
             "audited-payload": {"ab12": {"mode": "all", "description": "Golem"}}},
            "blacklist": {"enabled": false, "identity": [], "certified": []}, "allow-only": {}}"#,
    )
    .unwrap();
    assert_eq!(rules.everyone, Mode::None);
    assert_eq!(rules.audited_payload["ab12"].description, "Golem");
    assert!(rules.partner.is_empty());
}

#[test]
fn a_rules_json_must_say_enabled_and_everyone() {
    let refused = |text| Rules::from_json(text).unwrap_err().to_string();
    assert!(refused(r#"{"outbound": {"everyone": "all"}}"#).starts_with("missing field `enabled`"));
    assert!(refused(r#"{"outbound": {"enabled": true}}"#).starts_with("missing field `everyone`"));
    assert!(refused(r#"{"outbound": {"enabled": true, "everyone": "some"}}"#).contains("unknown variant"));
    assert!(refused("{}").starts_with("missing field `outbound`"));
    assert!(
        refused(r#"{"outbound": {"enabled": true, "everyone": "all", "partner": {"x": {"mode": "all"}}}}"#)
            .starts_with("missing field `description`")
    );
}

#[test]
fn rules_are_read_from_provider_files() {
    let rules: Rules = serde_yaml::from_str("{enabled: true, everyone: whitelist}").unwrap();
    assert_eq!(rules, Rules::default());
    let rules: Rules = serde_yaml::from_str("audited-payload: {ab12: {mode: all}}").unwrap();
    assert_eq!(rules.audited_payload["ab12"].mode, Mode::All);
    assert!(serde_yaml::from_str::<Rules>("everybody: all").is_err());
    assert!(serde_yaml::from_str::<Rules>("everyone: some").is_err());
}

fn mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(vec![Mode::All, Mode::Whitelist, Mode::None])
}

fn certs() -> impl Strategy<Value = BTreeMap<String, CertRule>> {
    let rule = (mode(), "\\PC{0,5}").prop_map(|(mode, description)| CertRule { mode, description });
    prop::collection::btree_map("[a-f0-9]{1,4}", rule, 0..3)
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in "\\PC*") {
        let _ = Rules::from_json(&text);
        let _ = Rules::from_json(&format!("{{\"outbound\": {text}}}"));
    }

    #[test]
    fn what_is_printed_is_read_again(
        enabled in prop::bool::ANY, everyone in mode(), audited_payload in certs(), partner in certs(),
    ) {
        let rules = Rules { enabled, everyone, audited_payload, partner };
        prop_assert_eq!(Rules::from_json(&rules.to_json()).unwrap(), rules);
    }

    #[test]
    fn a_request_passes_the_whitelist_exactly_if_each_of_its_urls_does(
        hosts in prop::collection::vec("(ipfs\\.io|www\\.ipfs\\.io|a\\.dev\\.golem\\.network|x\\.io)", 1..5),
    ) {
        let texts: Vec<String> = hosts.iter().map(|host| format!("https://{host}/")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let each = texts.iter().all(|text| verdict(&Rules::default(), &urls(&[text])).is_ok());
        prop_assert_eq!(verdict(&Rules::default(), &urls(&texts)).is_ok(), each);
    }
}
