//! What programs get: JSON, the exit code, another mode, another whitelist.

use super::*;

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
